"""Every clip at one level."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.voices.loudness import TARGET_DBFS, normalised, speech_level_dbfs
from evolvisense.types.media import AudioBlock
from tests.factory.media import vowel

RATE_HZ = 16_000


def blocks(mono: np.ndarray, gap: int = 0) -> list[AudioBlock]:
    parts = [AudioBlock(0.0, RATE_HZ, part) for part in np.array_split(mono, 3)]
    return [*parts, AudioBlock(9.0, RATE_HZ, np.zeros(gap, np.float32), is_gap=True)]


def level(found: list[AudioBlock]) -> float | None:
    return speech_level_dbfs(np.concatenate([b.mono for b in found if not b.is_gap]), RATE_HZ)


def test_level_of_a_known_sound() -> None:
    t = np.arange(RATE_HZ) / RATE_HZ
    sine = (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    assert speech_level_dbfs(sine, RATE_HZ) == pytest.approx(-9.03, abs=0.02)


def test_pauses_do_not_lower_the_level(rng: np.random.Generator) -> None:
    voice = vowel(1.0, rate_hz=RATE_HZ)
    noise = (1e-4 * rng.normal(size=3 * RATE_HZ)).astype(np.float32)
    paused = np.concatenate([voice, noise, voice])
    assert speech_level_dbfs(paused, RATE_HZ) == pytest.approx(
        speech_level_dbfs(voice, RATE_HZ), abs=0.1
    )


@pytest.mark.parametrize("gain", [1e-3, 0.25, 1.0, 3.9, 30.0])
def test_gain_falls_out(gain: float) -> None:
    voice = np.concatenate([vowel(0.7, rate_hz=RATE_HZ), np.zeros(4000, np.float32)])
    found = normalised(blocks(np.float32(gain) * voice, gap=8000))
    assert level(found) == pytest.approx(TARGET_DBFS, abs=1e-3)
    plain = normalised(blocks(voice))
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_allclose(one.mono[: len(other.mono)], other.mono, atol=1e-5)
    assert found[-1].is_gap
    assert [block.pts_s for block in found] == [0.0, 0.0, 0.0, 9.0]


def test_peaks_may_exceed_full_scale() -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[:512] = 1e-3
    click[100] = 0.5
    assert np.abs(normalised(blocks(click))[0].mono).max() > 1


def test_silence_stays_silence() -> None:
    silent = blocks(np.zeros(RATE_HZ, np.float32))
    assert normalised(silent) == silent
    assert speech_level_dbfs(np.zeros(0, np.float32), RATE_HZ) is None
    only_gaps = [silent[-1]]
    assert normalised(only_gaps) == only_gaps
