"""Speech that the models know, and sounds that they do not."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.types.voice import NOVEL, SpectralFrames, SpeechSegment
from evolvisense.voice import novelty as measured
from evolvisense.voice.novelty import STATISTICS, known_speech, novelty, quantile, statistics_of


def frames(
    seconds: float = 6.0,
    *,
    f0_hz: float = 160.0,
    f0_sd_st: float = 3.0,
    tilt_db: float = -12.0,
    hnr_db: float = 10.0,
    level_sd_db: float = 7.0,
) -> SpectralFrames:
    """Frames of which every third is unvoiced, as of somebody who speaks."""
    rng = np.random.default_rng(1)
    count = int(seconds / 0.016)

    def around(middle: float, sd: float) -> np.ndarray:
        return (middle + sd * rng.standard_normal(count)).astype(np.float32)

    f0 = (f0_hz * 2 ** (f0_sd_st * rng.standard_normal(count) / 12)).astype(np.float32)
    unvoiced = np.arange(count) % 3 == 0
    f0[unvoiced] = np.nan
    tracks = [around(tilt_db, 7), around(hnr_db, 5), around(20, 4)]
    for track in tracks:
        track[unvoiced] = np.nan
    return SpectralFrames(np.arange(count) * 0.016, f0, around(-30, level_sd_db), *tracks)


def everywhere(seconds: float = 6.0) -> tuple[SpeechSegment, ...]:
    return (SpeechSegment(0.0, seconds),)


def test_usual_speech_is_known() -> None:
    found = novelty(frames(), everywhere())
    assert found is not None
    assert found < 0.9


@pytest.mark.parametrize(
    "strange",
    [
        {"hnr_db": 38.0, "level_sd_db": 0.5, "f0_sd_st": 0.05},
        {"tilt_db": 25.0},
        {"f0_hz": 480.0, "f0_sd_st": 0.1, "hnr_db": 30.0},
    ],
    ids=["a steady tone", "hissing", "whistling"],
)
def test_what_is_no_usual_voice_is_novel(strange: dict[str, float]) -> None:
    found = novelty(frames(**strange), everywhere())
    assert found is not None
    assert found > NOVEL


def test_too_little_voice_is_compared_with_nothing() -> None:
    assert novelty(frames(1.0), everywhere(1.0)) is None
    assert novelty(frames(), ()) is None


def test_gain_changes_nothing() -> None:
    heard = frames()
    louder = SpectralFrames(
        heard.pts_s, heard.f0_hz, heard.level_db + 12, heard.tilt_db, heard.hnr_db, heard.cpp_db
    )
    assert novelty(louder, everywhere()) == pytest.approx(novelty(heard, everywhere()), abs=0.02)


def test_the_numbers_fit_the_statistics() -> None:
    known = known_speech()
    assert known.mean.shape == (7, len(STATISTICS))
    assert known.whitening.shape == (len(STATISTICS), len(STATISTICS))
    assert (np.diff(known.distance) >= 0).all()
    assert quantile(known.mean[0], known) == 0


def test_a_corpus_lies_at_its_own_mean() -> None:
    known = known_speech()
    away = measured.distances(known.mean, known.mean, known.whitening)
    assert away == pytest.approx(np.zeros(7), abs=1e-9)


def test_statistics_are_finite() -> None:
    found = statistics_of(frames(), everywhere())
    assert found is not None
    assert np.isfinite(found).all()
