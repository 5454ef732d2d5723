"""The voice in one pass: pitch, level, speech, and what depends on what."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.media import decode_audio
from evolvisense.models.engines import create_engine
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceReading
from evolvisense.voice import VoiceReader
from evolvisense.voice.vad import speech_segments
from tests.factory.media import vowel
from tests.factory.voices import ESPEAK_RATE_HZ, spoken

HARVARD = "Rice is often served in round bowls. The juice of lemons makes fine punch."
READER = VoiceReader(create_engine("activity", "silero"), create_engine("pitch", "swift-f0"))


def read(
    mono: np.ndarray, rate_hz: int = 48_000, start_s: float = 0.0, cut: int = 0
) -> VoiceReading:
    cut = cut or rate_hz
    blocks = [
        AudioBlock(start_s + i / rate_hz, rate_hz, mono[i : i + cut])
        for i in range(0, len(mono), cut)
    ]
    reading = READER.read(blocks)
    assert reading is not None
    return reading


@pytest.mark.parametrize("f0_hz", [90.0, 150.0, 220.0, 320.0])
@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_f0_of_a_known_sound(f0_hz: float, rate_hz: int) -> None:
    timeline = read(vowel(2.0, f0_hz, rate_hz), rate_hz).timeline
    voiced = timeline.f0_hz[np.isfinite(timeline.f0_hz)]
    assert len(voiced) > 50
    assert np.median(voiced) == pytest.approx(f0_hz, rel=0.012)  # .2 semitones


def test_level_of_a_known_sound() -> None:
    t = np.arange(48_000) / 48_000
    timeline = read((0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)).timeline
    # The RMS of a sine of amplitude .5 is -9.03 dBFS.
    assert np.median(timeline.level_dbfs) == pytest.approx(-9.03, abs=0.05)


def test_silence_has_no_pitch_no_speech_and_no_statistics() -> None:
    reading = read(np.zeros(96_000, np.float32))
    assert np.isnan(reading.timeline.f0_hz).all()
    assert reading.segments == ()
    assert reading.features.f0_median_hz is None
    assert reading.features.level_sd_db is None
    assert (reading.timeline.level_dbfs == -120).all()


def test_no_block_gives_none() -> None:
    assert READER.read([]) is None


def test_timeline_is_regular_and_starts_with_the_sound() -> None:
    timeline = read(vowel(1.0), start_s=2.43).timeline
    assert timeline.pts_s[0] == 2.43
    assert np.allclose(np.diff(timeline.pts_s), 0.032)
    assert len(timeline.pts_s) == len(timeline.level_dbfs) == len(timeline.speech_probability)


@settings(max_examples=6, deadline=None)
@given(st.integers(160, 60_000))
def test_block_size_never_changes_the_reading(cut: int) -> None:
    mono = np.concatenate([spoken(HARVARD, "en-us")] * 4)
    whole, parts = read(mono, ESPEAK_RATE_HZ, cut=len(mono)), read(mono, ESPEAK_RATE_HZ, cut=cut)
    assert len(mono) > 9 * ESPEAK_RATE_HZ  # more than one of the pieces that are worked on
    assert parts.features == whole.features
    assert parts.quality == whole.quality
    assert parts.segments == whole.segments
    for track in ("f0_hz", "level_db", "tilt_db", "hnr_db", "cpp_db"):
        ours, theirs = getattr(parts.frames, track), getattr(whole.frames, track)
        assert np.array_equal(ours, theirs, equal_nan=True)


@pytest.mark.parametrize(
    ("name", "low_hz", "high_hz"),
    [("talk_1.mp4", 85, 120), ("talk_3.mp4", 180, 240), ("talk_hd_1.mp4", 120, 180)],
)
def test_speech_of_real_clips(
    clip: Callable[[str], Path], name: str, low_hz: float, high_hz: float
) -> None:
    reading = READER.read(decode_audio(clip(name)))
    assert reading is not None
    features = reading.features
    assert features.speech_s > 0.5 * features.duration_s
    assert features.f0_median_hz is not None
    assert low_hz < features.f0_median_hz < high_hz
    assert features.f0_sd_st is not None
    assert 1 < features.f0_sd_st < 6


@given(
    st.lists(st.floats(0, 1, width=32), max_size=200),
    st.floats(-10, 10),
)
def test_segments_are_ordered_apart_and_move_with_the_clock(
    probability: list[float], shift: float
) -> None:
    array = np.array(probability, np.float32)
    segments = speech_segments(array, 0.032, 0.0)
    for segment in segments:
        assert segment.end_s - segment.start_s >= 0.1 - 1e-9
    for before, after in pairwise(segments):
        assert after.start_s - before.end_s >= 0.2 - 1e-9
    moved = speech_segments(array, 0.032, shift)
    assert len(moved) == len(segments)
    for here, there in zip(segments, moved, strict=True):
        assert there.start_s == pytest.approx(here.start_s + shift)
