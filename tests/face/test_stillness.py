"""A photograph or a frozen camera is told from a person who sits still."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.analyzer import Analyzer
from evolvisense.face.uncertainty import MIN_STILL_S, TOLERANCE, is_still, longest_still_s
from evolvisense.report.schema import Report
from tests.factory.media import Film, Sound, astronaut, vowel

RATE_HZ = 25
TIMES = np.arange(10 * RATE_HZ) / RATE_HZ


def verdict(signals: np.ndarray, times: np.ndarray = TIMES) -> bool:
    values = signals.astype(np.float32)
    return is_still(times, values[:, :3], values[:, 3], values[:, 4])


def noise(count: int, share_of_tolerance: float) -> np.ndarray:
    """Uniform, of that width in shares of TOLERANCE."""
    rng = np.random.default_rng(0)
    return share_of_tolerance * TOLERANCE * rng.uniform(-0.5, 0.5, (count, len(TOLERANCE)))


def test_noise_of_a_codec_is_still_and_movement_is_not():
    assert verdict(noise(len(TIMES), 0.9))
    assert not verdict(noise(len(TIMES), 5.0))


@pytest.mark.parametrize("signal", range(len(TOLERANCE)))
def test_one_signal_that_moves_is_enough(signal: int):
    moving = noise(len(TIMES), 0.5)
    moving[:, signal] += 3 * TOLERANCE[signal] * np.sin(2 * np.pi * TIMES)
    assert not verdict(moving)


@pytest.mark.parametrize(("frozen_share", "still"), [(0.3, False), (0.6, True)])
def test_a_camera_that_freezes(frozen_share: float, still: bool):
    moving = noise(len(TIMES), 6.0)
    moving[int((1 - frozen_share) * len(TIMES)) :] = moving[-1]
    assert verdict(moving) is still


def test_too_short_to_tell():
    short = TIMES[TIMES < MIN_STILL_S - 0.1]
    assert not verdict(noise(len(short), 0.1), short)
    assert longest_still_s(TIMES[:0], np.zeros((0, 5), np.float32)) == 0.0


def test_a_photograph_with_a_voice_has_no_blinks_speed_or_smile(
    tmp_path_factory: pytest.TempPathFactory, analyzer: Analyzer
):
    film = Film(frames=[astronaut()] * 75, sound=Sound(vowel(3.0)))
    path = film.write(tmp_path_factory.mktemp("photo") / "photo.webm")
    report: Report = analyzer.analyze(path)
    (person,) = report.people
    assert person.blinks is None
    reasons = (person.blinks_absent_reason, person.smile_absent_reason, person.head_absent_reason)
    assert reasons == ("still_image",) * 3
    assert person.measures.smile_mean is None
    assert person.measures.head_speed_deg_s is None
    missing = {feature.name: feature.missing_reason for feature in report.indicators.features}
    assert missing["blinks_log_per_min"] == missing["head_speed_log_deg_s"] == "still_image"
