"""One voice or several, as far as pitch can tell."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.types.voice import SpectralFrames, SpeechSegment
from evolvisense.voice.pitch import check_speakers
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken
from tests.voice.test_reading import read


def turns(
    *pitch_st: float, seconds: float = 2.0
) -> tuple[SpectralFrames, tuple[SpeechSegment, ...]]:
    """Segments of so many seconds, each around a pitch in semitones re 100 Hz."""
    rng = np.random.default_rng(0)
    per_turn = round(seconds / 0.016)
    semitones = np.repeat(pitch_st, per_turn) + rng.standard_normal(per_turn * len(pitch_st))
    pts_s = np.arange(len(semitones)) * 0.016
    f0_hz = (100 * 2 ** (semitones / 12)).astype(np.float32)
    segments = tuple(
        SpeechSegment(i * seconds + 0.1, (i + 1) * seconds - 0.2) for i in range(len(pitch_st))
    )
    return SpectralFrames(pts_s, f0_hz, *[np.zeros(len(pts_s), np.float32)] * 4), segments


@pytest.mark.parametrize(
    ("pitch_st", "answer"),
    [
        ((2, 3, 1, 2, 13, 12, 14), "several"),
        ((2, 13, 3, 12, 2, 14), "several"),
        ((2, 3, 5, 4, 2, 3), "one"),
        ((0, 2, 4, 6, 8, 10, 12), "one"),  # a wide voice without a gap
        ((2, 3, 2, 3, 2, 3, 2, 3, 2, 14), "one"),  # a single outcry
        ((2, 13, 2), "unknown"),
        ((), "unknown"),
    ],
)
def test_two_groups_of_pitch(pitch_st: tuple[float, ...], answer: str) -> None:
    assert check_speakers(*turns(*pitch_st)) == answer


def test_short_words_have_no_say() -> None:
    assert check_speakers(*turns(2, 13, 2, 13, 3, 12, seconds=0.7)) == "unknown"


def test_a_talk_of_two_voices_and_of_one() -> None:
    gap = np.zeros(ESPEAK_RATE_HZ // 2, np.float32)

    def talk(*voices: str) -> str:
        parts = [
            part
            for i, sentence in enumerate(SENTENCES[3:11])
            for part in (spoken(sentence.text, voices[i % len(voices)]), gap)
        ]
        return read(np.concatenate(parts), ESPEAK_RATE_HZ).quality.speakers

    assert talk("en-us", "en-us+f3") == "several"
    assert talk("en-us") == "one"
    assert talk("en-us+f3") == "one"
