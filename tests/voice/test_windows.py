"""Which windows of a stream the voice-emotion network is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.types.arrays import F32
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceEmotion
from evolvisense.voice import VoiceReader
from evolvisense.voice.emotion import EmotionWindows
from tests.factory.voices import ESPEAK_RATE_HZ, spoken
from tests.voice.test_reading import READER

RATE_HZ, STEP = 16_000, 512


class Listener:
    """Says the mean of each window as its arousal, so a test sees what it was given."""

    model = ModelIdentity("listener", "1", "MIT")
    window_s = 3.0

    def __init__(self) -> None:
        self.batches: list[tuple[int, int]] = []

    def read_windows(self, mono_16k: F32) -> tuple[F32, F32]:
        self.batches.append(mono_16k.shape)
        probs = np.full((len(mono_16k), 7), 1 / 7, np.float32)
        return probs, mono_16k.mean(axis=1)


def hear(active: np.ndarray, piece: int = 250) -> tuple[VoiceEmotion | None, Listener]:
    """Samples that hold their own time in seconds, pushed `piece` steps at a time."""
    listener = Listener()
    windows = EmotionWindows(listener, RATE_HZ, STEP)
    mono = (np.arange(len(active) * STEP) / RATE_HZ).astype(np.float32)
    for first in range(0, len(active), piece):
        windows.push(mono[first * STEP : (first + piece) * STEP], active[first : first + piece])
    nothing = np.zeros(0, np.float32)
    return windows.finish(nothing, np.zeros(0, np.bool_), 10.0), listener


def talk(seconds: float, *speech: tuple[float, float]) -> np.ndarray:
    step_s = np.arange(round(seconds * RATE_HZ / STEP)) * STEP / RATE_HZ
    active = np.zeros(len(step_s), np.bool_)
    for begin, end in speech:
        active |= (step_s >= begin) & (step_s < end)
    return active


def test_half_overlapping_windows_and_one_at_the_end() -> None:
    emotion, _ = hear(talk(8.0, (0, 8)))
    assert emotion is not None
    assert emotion.start_s == pytest.approx([10, 11.5, 13, 14.5, 15])
    assert emotion.end_s - emotion.start_s == pytest.approx(3.0)
    assert emotion.speech_share == pytest.approx(1.0)
    # The mean of times over a window is its middle: it got the samples of its own time.
    assert emotion.arousal + 10 == pytest.approx((emotion.start_s + emotion.end_s) / 2, abs=1e-3)


def test_no_second_window_where_the_last_one_ends_with_the_sound() -> None:
    emotion, _ = hear(talk(12.0, (0, 12)))
    assert emotion is not None
    assert emotion.start_s == pytest.approx([10, 11.5, 13, 14.5, 16, 17.5, 19])


def test_only_windows_with_enough_speech() -> None:
    emotion, _ = hear(talk(12.0, (0, 3), (8, 9)))
    assert emotion is not None
    assert emotion.start_s == pytest.approx([10, 11.5])
    assert emotion.speech_share == pytest.approx([1.0, 0.5], abs=0.02)


def test_the_best_window_where_none_has_enough() -> None:
    emotion, listener = hear(talk(12.0, (2, 2.6), (7.7, 8.6)))
    assert emotion is not None
    assert listener.batches == [(1, 48_000)]
    assert emotion.start_s == pytest.approx([16.0])
    assert emotion.speech_share == pytest.approx([0.3], abs=0.02)
    assert emotion.arousal[0] == pytest.approx(7.5, abs=1e-3)


def test_too_little_speech_is_not_read() -> None:
    assert hear(talk(12.0, (2, 2.4)))[0] is None
    assert hear(talk(0.45, (0, 1)))[0] is None
    assert hear(talk(0.0))[0] is None


def test_a_short_stream_is_one_short_window() -> None:
    emotion, listener = hear(talk(1.6, (0, 1.6)))
    assert emotion is not None
    assert listener.batches == [(1, 25_600)]
    assert (emotion.start_s[0], emotion.end_s[0]) == (10, 11.6)


@given(st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_pieces_never_change_the_windows(piece: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    active = np.repeat(rng.random(20) < 0.4, rng.integers(5, 50, 20))
    whole, parts = hear(active, len(active))[0], hear(active, piece)[0]
    assert (whole is None) == (parts is None)
    if whole is not None and parts is not None:
        assert np.array_equal(whole.start_s, parts.start_s)
        assert np.array_equal(whole.speech_share, parts.speech_share)
        assert whole.arousal == pytest.approx(parts.arousal, abs=1e-4)


def test_windows_of_a_chunk_are_one_batch() -> None:
    _, listener = hear(talk(24.0, (0, 24)), 250)
    assert [count for count, _ in listener.batches] == [4, 5, 6]


def test_the_reader_hands_windows_to_the_engine() -> None:
    listener = Listener()
    reader = VoiceReader(READER.activity, READER.pitch, listener)
    mono = spoken("Rice is often served in round bowls. The juice of lemons makes fine punch.")
    reading = reader.read([AudioBlock(2.0, ESPEAK_RATE_HZ, mono)])
    assert reading is not None
    assert reading.emotion is not None
    assert reading.emotion.start_s[0] == 2.0
    assert reading.emotion.end_s[-1] == pytest.approx(2 + len(mono) / ESPEAK_RATE_HZ, abs=0.001)
    assert (reading.emotion.speech_share > 0.5).all()
