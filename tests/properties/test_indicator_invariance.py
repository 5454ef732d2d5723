"""What must not change an indicator: gain, codecs, a little noise, the clock, the sex of a voice.

Limits: SCIENCE.md section 5, on made voices (espeak-ng), scores 0-100.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from evolvisense.types.indicators import INDICATORS, IndicatorName
from tests.factory.listening import coded, scores
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken

TEXT = " ".join(sentence.text for sentence in SENTENCES)
LEVEL = 0.2
"""So that 12 dB more does not clip."""
MAN, WOMAN = "en-us", "en-us+f1"
Scores = Mapping[IndicatorName, float]


def voice(name: str) -> NDArray[np.float32]:
    """Half a minute of neutral speech."""
    return LEVEL * spoken(TEXT, name)


@cache
def plain(name: str) -> Scores:
    found = scores(voice(name), ESPEAK_RATE_HZ)
    assert set(found) == set(INDICATORS), "half a minute of clean speech has all four scores"
    return found


def assert_near(found: Scores, expected: Scores, limit: float) -> None:
    assert {name: found[name] for name in expected} == pytest.approx(dict(expected), abs=limit)


@pytest.mark.parametrize("name", [MAN, WOMAN])
@pytest.mark.parametrize("gain_db", [-12, 12])
def test_gain_changes_nothing(name: str, gain_db: float) -> None:
    louder = (voice(name) * 10 ** (gain_db / 20)).astype(np.float32)
    assert_near(scores(louder, ESPEAK_RATE_HZ), plain(name), 0.5)


@pytest.mark.parametrize("name", [MAN, WOMAN])
@pytest.mark.parametrize(
    ("codec", "bit_rate", "rate_hz"), [("aac", 64_000, 44_100), ("libopus", 24_000, 48_000)]
)
def test_codecs_change_little(name: str, codec: str, bit_rate: int, rate_hz: int) -> None:
    found = scores(*coded(voice(name), ESPEAK_RATE_HZ, codec, bit_rate, rate_hz))
    assert_near(found, plain(name), 5)


@pytest.mark.parametrize("name", [MAN, WOMAN])
def test_soft_noise_changes_little(name: str) -> None:
    mono = voice(name)
    loud = np.abs(mono) > 0.05 * np.abs(mono).max()
    noise_rms = np.sqrt(np.mean(mono[loud] ** 2)) / 10 ** (30 / 20)
    noise = np.random.default_rng(0).standard_normal(len(mono)) * noise_rms
    assert_near(scores((mono + noise).astype(np.float32), ESPEAK_RATE_HZ), plain(name), 5)


def test_a_man_and_a_woman_who_speak_alike_score_alike() -> None:
    assert_near(plain(MAN), plain(WOMAN), 5)


def test_the_clock_changes_nothing() -> None:
    assert_near(scores(voice(MAN), ESPEAK_RATE_HZ, 1000.0), plain(MAN), 0.01)


def test_silence_around_the_speech_changes_little() -> None:
    silence = np.zeros(3 * ESPEAK_RATE_HZ, np.float32)
    padded = np.concatenate([silence, voice(MAN), silence])
    assert_near(scores(padded, ESPEAK_RATE_HZ), plain(MAN), 2)


def test_another_sample_rate_changes_little() -> None:
    faster = soxr.resample(voice(MAN), ESPEAK_RATE_HZ, 48_000).astype(np.float32)
    assert_near(scores(faster, 48_000), plain(MAN), 2)


def test_three_seconds_cannot_tell_and_say_why() -> None:
    assert scores(voice(MAN)[: 3 * ESPEAK_RATE_HZ], ESPEAK_RATE_HZ) == {}
