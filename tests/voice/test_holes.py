"""Holes in the sound are neither speech nor pauses, and cost no work; offsets are taken off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import SpeechSegment, VoiceReading
from evolvisense.voice.gaps import FILL_S, HoleClock
from evolvisense.voice.loudness import OffsetRemoval
from evolvisense.voice.prosody import find_pauses
from evolvisense.voice.reading import VoiceReader
from tests.factory.media import vowel
from tests.voice.test_reading import READER as SHIPPED


class Loudness:
    """A voice activity that hears speech wherever there is sound."""

    model = SHIPPED.activity.model

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)

    def start(self) -> Loudness:
        return Loudness()

    def push(self, mono_16k: np.ndarray) -> np.ndarray:
        samples = np.concatenate([self._rest, mono_16k])
        steps = len(samples) // 512
        self._rest = samples[steps * 512 :]
        peaks = np.abs(samples[: steps * 512].reshape(steps, 512)).max(axis=1, initial=0)
        return (peaks > 0.01).astype(np.float32)

    def flush(self) -> np.ndarray:
        return (
            self.push(np.zeros(512 - len(self._rest), np.float32))
            if len(self._rest)
            else (np.zeros(0, np.float32))
        )


READER = VoiceReader(Loudness(), SHIPPED.pitch)
RATE_HZ = 16_000
Part = tuple[str, float]
"""Kind (voice, silence, hole) and seconds."""


def reading_of(parts: Sequence[Part], start_s: float = 0.0) -> VoiceReading:
    """What is read of parts one after the other."""
    blocks: list[AudioBlock] = []
    at_s = start_s
    for kind, seconds in parts:
        count = round(seconds * RATE_HZ)
        mono = vowel(seconds, rate_hz=RATE_HZ) if kind == "voice" else np.zeros(count, np.float32)
        blocks.append(AudioBlock(at_s, RATE_HZ, mono, is_gap=kind == "hole"))
        at_s += seconds
    reading = READER.read(blocks)
    assert reading is not None
    return reading


def test_a_hole_is_no_pause() -> None:
    whole = reading_of([("silence", 0.5), ("voice", 2.0), ("silence", 1.0), ("voice", 2.0)])
    holed = reading_of([("silence", 0.5), ("voice", 2.0), ("hole", 1.0), ("voice", 2.0)])
    assert whole.features.pauses == 1
    assert holed.features.pauses == 0
    assert holed.features.pause_share == 0.0
    assert holed.holes == (SpeechSegment(2.5, 3.5),)
    assert holed.features.duration_s == pytest.approx(5.5)
    assert holed.features.speech_s == pytest.approx(whole.features.speech_s, abs=0.15)


@pytest.mark.parametrize("start_s", [0.0, 36_000.0])
def test_times_after_a_long_hole_are_those_of_the_file(start_s: float) -> None:
    reading = reading_of([("voice", 2.0), ("hole", 600.0), ("voice", 2.0)], start_s)
    first, second = reading.segments
    assert first.end_s == pytest.approx(start_s + 2.0, abs=0.15)
    assert second.start_s == pytest.approx(start_s + 602.0, abs=0.15)
    assert second.end_s == pytest.approx(start_s + 604.0, abs=0.15)
    assert len(reading.timeline.pts_s) < 5.0 / 0.032, "no rows for the hole"
    for pts_s in (reading.timeline.pts_s, reading.frames.pts_s):
        assert (np.diff(pts_s) > 0).all()
        assert not ((pts_s >= start_s + 2.0 + 1e-6) & (pts_s < start_s + 602.0 - 0.05)).any()


def test_holes_between_tiny_sounds_cost_no_more_than_the_sounds() -> None:
    clock = HoleClock(RATE_HZ)
    for _ in range(1000):
        clock.heard(320)
        assert clock.missing(RATE_HZ * 1000) <= 320
        assert clock.missing(RATE_HZ * 1000) == 0
    assert clock.total_s == pytest.approx(1000 * (0.02 + 2000))
    assert len(clock.holes(0.0)) == 1000


def test_the_two_clocks() -> None:
    clock = HoleClock(100)
    clock.heard(400)
    filled = clock.missing(500)
    clock.heard(300)
    assert filled == round(100 * FILL_S)
    pts_s = np.array([10.0, 13.99, 14.0, 14.29, 14.3, 17.0])
    assert clock.on_file(pts_s, 10.0) == pytest.approx([10.0, 13.99, 14.0, 14.29, 19.0, 21.7])
    assert clock.in_hole(pts_s, 10.0).tolist() == [False, False, True, True, False, False]
    across = (SpeechSegment(13.0, 15.3),)
    assert [(s.start_s, s.end_s) for s in clock.segments(across, 10.0, 0.1)] == [
        pytest.approx((13.0, 14.0)),
        pytest.approx((19.0, 20.0)),
    ]


def test_pauses_that_meet_no_hole_stay() -> None:
    speech = tuple(SpeechSegment(float(t), t + 0.5) for t in range(4))
    pauses = find_pauses(speech, (SpeechSegment(1.6, 1.7), SpeechSegment(2.4, 2.6)))
    assert pauses.start_s.tolist() == [0.5]


@pytest.mark.parametrize("offset", [0.02, -0.3])
@pytest.mark.parametrize("size", [1280, 8 * 16_000])
def test_an_offset_is_removed(offset: float, size: int) -> None:
    removal = OffsetRemoval(RATE_HZ)
    sound = vowel(8.0, rate_hz=RATE_HZ)
    shifted = sound + np.float32(offset)
    parts = [removal.push(shifted[at : at + size]) for at in range(0, len(sound), size)]
    assert np.abs(np.concatenate(parts) - sound)[RATE_HZ:].max() < 2e-3


def test_sound_without_an_offset_passes_unchanged() -> None:
    sound = vowel(2.0, rate_hz=RATE_HZ)
    assert OffsetRemoval(RATE_HZ).push(sound) is sound
    assert OffsetRemoval(RATE_HZ).push(sound[:10]) is not None


def test_an_offset_does_not_hide_the_voice() -> None:
    def snr_db(offset: float) -> float:
        rng = np.random.default_rng(0)
        noise = rng.normal(0, 1e-4, 6 * RATE_HZ).astype(np.float32)
        noise[RATE_HZ : 3 * RATE_HZ] += vowel(2.0, rate_hz=RATE_HZ)
        reading = READER.read([AudioBlock(0.0, RATE_HZ, noise + np.float32(offset))])
        assert reading is not None
        assert reading.quality.snr_db is not None
        return reading.quality.snr_db

    assert snr_db(0.02) == pytest.approx(snr_db(0.0), abs=3.0)
