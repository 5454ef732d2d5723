"""Pitch and activity while the voice is speaking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.voice import LiveVoice
from tests.factory.media import vowel
from tests.factory.voices import ESPEAK_RATE_HZ, spoken
from tests.voice.test_reading import READER, read


def live(mono: np.ndarray, rate_hz: int, cut: int) -> tuple[np.ndarray, np.ndarray, float]:
    """F0, speech probability, and how long after its time the latest frame came."""
    stream = LiveVoice(READER.activity, READER.pitch, rate_hz)
    f0_hz, speech, latest = [], [], 0.0
    for first in range(0, len(mono), cut):
        update = stream.push(mono[first : first + cut])
        now_s = min(first + cut, len(mono)) / rate_hz
        if len(update.contour.pts_s):
            latest = max(latest, now_s - float(update.contour.pts_s[0]))
        f0_hz.append(update.contour.f0_hz)
        speech.append(update.speech_probability)
    update = stream.flush()
    f0_hz.append(update.contour.f0_hz)
    speech.append(update.speech_probability)
    return np.concatenate(f0_hz), np.concatenate(speech), latest


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_f0_comes_within_three_tenths_of_a_second(rate_hz: int) -> None:
    f0_hz, _, latest = live(vowel(3.0, 180.0, rate_hz), rate_hz, rate_hz // 50)
    assert np.nanmedian(f0_hz) == pytest.approx(180, rel=0.012)
    assert np.isfinite(f0_hz).mean() > 0.8
    assert latest < 0.3


def test_live_hears_what_the_reader_reads() -> None:
    mono = spoken("Rice is often served in round bowls. The juice of lemons makes fine punch.")
    f0_hz, speech, _ = live(mono, ESPEAK_RATE_HZ, 400)
    reading = read(mono, ESPEAK_RATE_HZ)
    known = min(len(f0_hz), len(reading.frames.f0_hz))
    both = np.isfinite(f0_hz[:known]) & np.isfinite(reading.frames.f0_hz[:known])
    assert both.sum() > 0.9 * np.isfinite(reading.frames.f0_hz).sum()
    apart = 12 * np.log2(f0_hz[:known][both] / reading.frames.f0_hz[:known][both])
    assert np.quantile(np.abs(apart), 0.95) < 0.3
    assert len(speech) == len(reading.timeline.speech_probability)
    agree = (speech > 0.5) == (reading.timeline.speech_probability > 0.5)
    assert agree.mean() > 0.9


@settings(max_examples=5, deadline=None)
@given(st.integers(100, 30_000), st.floats(-30, 6))
def test_neither_packets_nor_gain_change_what_is_heard(cut: int, gain_db: float) -> None:
    mono = spoken("The box was thrown beside the parked truck.")
    before = live(mono, ESPEAK_RATE_HZ, 400)
    after = live(mono * np.float32(10 ** (gain_db / 20)), ESPEAK_RATE_HZ, cut)
    assert np.isfinite(after[0]).sum() == pytest.approx(np.isfinite(before[0]).sum(), abs=3)
    assert np.nanmedian(after[0]) == pytest.approx(np.nanmedian(before[0]), rel=0.01)
    assert len(after[1]) == len(before[1])


def test_nothing_comes_of_nothing() -> None:
    stream = LiveVoice(READER.activity, READER.pitch, 48_000)
    assert len(stream.push(np.zeros(0, np.float32)).contour.pts_s) == 0
    assert len(stream.flush().speech_probability) == 0
