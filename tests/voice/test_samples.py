"""Statistics, their resamples, and that both come from one formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evolvisense.indicators.features import voice_evidence, voice_samples
from evolvisense.types.indicators import Blocks
from evolvisense.types.voice import (
    SpectralFrames,
    SpeechSegment,
    VoiceEmotion,
    VoiceFeatures,
    VoiceReading,
)
from evolvisense.voice.measures import PERCENTILES, describe_voice, in_speaking_range, percentiles
from evolvisense.voice.perturbation import PeriodMarks
from evolvisense.voice.vad import overlap_s
from tests.factory.media import vowel
from tests.voice.test_reading import read

HOP_S = 0.016
EMPTY = read(vowel(0.2, rate_hz=16_000), 16_000)


def made_reading(
    seconds: float = 40.0, start_s: float = 3.0, seed: int = 0, *, with_emotion: bool = True
) -> VoiceReading:
    """A talk of 2 s of speech and .5-1.5 s of pause in turn, with wandering pitch and level."""
    rng = np.random.default_rng(seed)
    pts_s = start_s + np.arange(round(seconds / HOP_S)) * HOP_S
    segments, at = [], start_s + 0.4
    while at + 2 < start_s + seconds:
        segments.append(SpeechSegment(at, at + 2))
        at += 2.5 + rng.random()
    voiced = rng.random(len(pts_s)) < 0.6
    f0_hz = np.where(voiced, 150 * 2 ** (rng.standard_normal(len(pts_s)) / 4), np.nan)
    level_db = (-30 + 5 * rng.standard_normal(len(pts_s))).astype(np.float32)
    frames = SpectralFrames(pts_s, f0_hz.astype(np.float32), *[level_db] * 4)
    syllable_s = np.concatenate([s.start_s + np.linspace(0.1, 1.9, 8) for s in segments])
    starts = start_s + np.arange(0, seconds - 3, 1.5)
    emotion = VoiceEmotion(
        starts,
        starts + 3,
        rng.dirichlet(np.ones(7), len(starts)).astype(np.float32),
        rng.random(len(starts)).astype(np.float32),
        rng.uniform(0.5, 1, len(starts)).astype(np.float32),
    )
    emotion = emotion if with_emotion else None
    marks = PeriodMarks(np.zeros(0), np.zeros(0))
    features = describe_voice(frames, marks, tuple(segments), syllable_s, seconds)
    return replace(
        EMPTY,
        frames=frames,
        segments=tuple(segments),
        syllable_s=syllable_s,
        emotion=emotion,
        features=features,
    )


def blocks_of(reading: VoiceReading, resamples: int = 50, length_s: float = 5.0) -> Blocks:
    start_s, end_s = reading.frames.pts_s[0], reading.frames.pts_s[-1]
    edges = np.append(np.arange(start_s, end_s, length_s), end_s)
    count = len(edges) - 1
    return Blocks(edges, np.random.default_rng(1).integers(0, count, (resamples, count)))


@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-50, 50)),
    st.data(),
)
def test_percentiles_are_numpys_of_the_values_written_out(
    values: np.ndarray, data: st.DataObject
) -> None:
    count = data.draw(st.integers(1, 6))
    block = data.draw(hnp.arrays(np.int64, len(values), elements=st.integers(0, count - 1)))
    repeats = data.draw(hnp.arrays(np.int64, (2, count), elements=st.integers(0, 3)))
    ours = percentiles(values, block, repeats)
    for row, times in enumerate(repeats):
        written_out = np.repeat(values, times[block])
        if len(written_out):
            expected = np.percentile(written_out, PERCENTILES)
            assert ours[:, row] == pytest.approx(expected, abs=1e-9)
        else:
            assert np.isnan(ours[:, row]).all()


def test_values_equal_the_report() -> None:
    reading = made_reading()
    measured = voice_samples(reading, blocks_of(reading))
    for name, one in measured.items():
        if not name.startswith("voice"):
            assert one.value == getattr(reading.features, name)
        assert one.resampled.shape == (50,)
    assert len(measured) == 10


def test_whole_blocks_in_order_give_the_value_back() -> None:
    reading = made_reading()
    blocks = blocks_of(reading)
    once = Blocks(blocks.edges_s, np.arange(len(blocks))[None])
    for one in voice_samples(reading, once).values():
        assert one.resampled == pytest.approx([one.value], abs=1e-9)


def test_resamples_are_those_of_a_recording_written_out() -> None:
    """F0 and level of drawn blocks laid end to end."""
    reading = made_reading()
    blocks = blocks_of(reading, resamples=3)
    measured = voice_samples(reading, blocks)
    frames = reading.frames
    spoken = np.zeros(len(frames.pts_s), np.bool_)
    for segment in reading.segments:
        spoken |= (frames.pts_s >= segment.start_s) & (frames.pts_s < segment.end_s)
    voiced = spoken & np.isfinite(frames.f0_hz)
    voiced[voiced] = in_speaking_range(frames.f0_hz[voiced])
    block = blocks.of(frames.pts_s)
    for row, draw in enumerate(blocks.draws):
        at = np.concatenate([np.flatnonzero(voiced & (block == b)) for b in draw])
        semitones = 12 * np.log2(frames.f0_hz[at].astype(np.float64) / 100)
        level = frames.level_db[at].astype(np.float64)
        p5, p16, p84, p95 = np.percentile(semitones, [5, 16, 84, 95])
        assert measured["f0_sd_st"].resampled[row] == pytest.approx((p84 - p16) / 2)
        assert measured["f0_range_st"].resampled[row] == pytest.approx(p95 - p5)
        assert measured["level_sd_db"].resampled[row] == pytest.approx(level.std())
        centre = (reading.emotion.start_s + reading.emotion.end_s) / 2  # type: ignore[union-attr]
        window = np.concatenate([np.flatnonzero(blocks.of(centre) == b) for b in draw])
        fear = np.average(
            reading.emotion.probs[window, 2],  # type: ignore[union-attr]
            weights=reading.emotion.speech_share[window],  # type: ignore[union-attr]
        )
        assert measured["voice_fear"].resampled[row] == pytest.approx(fear, abs=1e-6)


def test_features_that_cannot_be_computed_are_left_out() -> None:
    reading = made_reading(3.0, with_emotion=False)  # one stretch of speech: no pause
    measured = voice_samples(reading, blocks_of(reading))
    assert set(measured) == {
        "f0_level_st",
        "f0_sd_st",
        "f0_range_st",
        "level_sd_db",
        "level_range_db",
        "syllable_rate_hz",
        "pause_share",
    }
    assert measured["pause_share"].value == 0
    silent = read(np.zeros(48_000, np.float32))
    assert voice_samples(silent, blocks_of(silent)) == {}


def test_a_resample_without_speech_is_nan() -> None:
    reading = made_reading(10.0)
    edges = np.array([3.0, 3.2, 13.0])
    measured = voice_samples(reading, Blocks(edges, np.array([[0, 0], [1, 1]])))
    for name in ("f0_sd_st", "syllable_rate_hz", "pause_share", "level_range_db"):
        assert np.isnan(measured[name].resampled[0])
        assert np.isfinite(measured[name].resampled[1])


def test_evidence_is_that_of_the_reading() -> None:
    reading = made_reading()
    evidence = voice_evidence(reading)
    assert evidence.voiced_s == reading.features.voiced_s
    assert evidence.speech_s == pytest.approx(sum(s.end_s - s.start_s for s in reading.segments))
    assert not evidence.several_speakers


@given(st.lists(st.floats(0, 100), min_size=2, max_size=12), st.lists(st.floats(0, 100)))
def test_speech_is_divided_among_blocks_without_loss(ends: list[float], inner: list[float]) -> None:
    ends = sorted(ends)[: len(ends) // 2 * 2]
    segments = tuple(SpeechSegment(a, b) for a, b in zip(ends[::2], ends[1::2], strict=True))
    edges = np.concatenate([[20.0], np.clip(np.sort(inner), 20, 80), [80.0]])
    seconds = overlap_s(segments, edges)
    assert seconds.sum() == pytest.approx(sum(s.end_s - s.start_s for s in segments))
    assert (seconds >= 0).all()


def test_pauses_of_a_known_talk() -> None:
    segments = (SpeechSegment(1, 2), SpeechSegment(2.5, 4), SpeechSegment(6, 7))
    frames = SpectralFrames(np.zeros(0), *[np.zeros(0, np.float32)] * 5)
    marks = PeriodMarks(np.zeros(0), np.zeros(0))
    found: VoiceFeatures = describe_voice(frames, marks, segments, np.zeros(0), 10.0)
    assert found.pauses == 2
    assert found.pause_share == pytest.approx(2.5 / 6)
    assert found.pauses_per_min == pytest.approx(20)
    assert found.pause_mean_log_s == pytest.approx((np.log(0.5) + np.log(2)) / 2)
    assert found.long_pause_share == pytest.approx(0.5)
    assert found.f0_median_hz is None
    assert found.level_sd_db is None
