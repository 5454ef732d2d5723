"""Measures of a voice while it is speaking."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.voice.live import WINDOW_S, RunningVoice
from tests.factory.media import vowel
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken
from tests.voice.test_reading import READER, read

RATE_HZ = 16_000


def running(rate_hz: int = RATE_HZ) -> RunningVoice:
    return RunningVoice(READER.activity, READER.pitch, rate_hz)


def talk(seconds: float) -> np.ndarray:
    said = np.concatenate([spoken(sentence.text) for sentence in SENTENCES])
    return said[: round(seconds * ESPEAK_RATE_HZ)]


def test_before_any_sound_nothing_is_known_and_every_gap_has_a_reason() -> None:
    now = running().now()
    assert now.heard_s == now.voiced_s == 0
    for measure in ("speaking", "speech_share", "f0_median_hz", "f0_level_st", "f0_sd_st"):
        assert getattr(now, measure) is None
        assert measure in now.absent
    assert now.level_dbfs is None
    assert now.absent["level_dbfs"] == "too_little_sound"


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0, 2.0, 3.5, 8.0])
def test_a_measure_is_missing_exactly_where_a_reason_says_so(seconds: float) -> None:
    voice = running(ESPEAK_RATE_HZ)
    voice.push(talk(seconds))
    now = voice.now()
    measures = ("speaking", "speech_share", "f0_median_hz", "f0_level_st", "f0_sd_st", "level_dbfs")
    missing = {name for name in measures if getattr(now, name) is None}
    assert missing == set(now.absent)


def test_the_pitch_is_that_of_the_whole_reading() -> None:
    sound = talk(WINDOW_S)
    voice = running(ESPEAK_RATE_HZ)
    for first in range(0, len(sound), 441):
        voice.push(sound[first : first + 441])
    now, features = voice.now(), read(sound, ESPEAK_RATE_HZ).features
    assert features.f0_level_st is not None
    assert features.f0_sd_st is not None
    assert now.f0_level_st == pytest.approx(features.f0_level_st, abs=0.3)
    assert now.f0_sd_st == pytest.approx(features.f0_sd_st, abs=0.4)
    assert now.speech_share == pytest.approx(features.speech_s / WINDOW_S, abs=0.1)
    assert now.f0_median_hz == pytest.approx(features.f0_median_hz, rel=0.02)


def test_what_was_said_before_the_window_is_forgotten() -> None:
    voice = running(ESPEAK_RATE_HZ)
    voice.push(talk(WINDOW_S))
    assert voice.now().speech_share > 0.7
    voice.push(np.zeros(round((WINDOW_S + 1) * ESPEAK_RATE_HZ), np.float32))
    now = voice.now()
    assert now.heard_s == WINDOW_S
    assert now.speech_share == 0
    assert now.speaking is False
    assert now.absent["f0_median_hz"] == "too_little_voiced_speech"
    assert now.level_dbfs == -120


def test_speaking_is_told_while_it_lasts() -> None:
    voice = running(ESPEAK_RATE_HZ)
    voice.push(talk(1.2))
    assert voice.now().speaking is True
    voice.push(np.zeros(ESPEAK_RATE_HZ, np.float32))
    assert voice.now().speaking is False


def test_the_level_is_that_of_the_latest_sound() -> None:
    voice = running()
    voice.push(np.tile(np.array([0.9, -0.9], np.float32), RATE_HZ // 2))
    voice.push(np.tile(np.array([0.1, -0.1], np.float32), RATE_HZ // 2))
    assert voice.now().level_dbfs == pytest.approx(-20, abs=0.01)


def test_an_hour_takes_no_more_memory_than_the_window() -> None:
    voice = running()
    held = []
    for _ in range(3):
        voice.push(np.concatenate([vowel(1.0, rate_hz=RATE_HZ)] * 12))
        held.append(sum(v.nbytes for v in vars(voice).values() if isinstance(v, np.ndarray)))
    assert held[1] == pytest.approx(held[2], rel=0.02)
