"""Voices and indicators as the pipeline would hand them over, without any sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolvisense.types.indicators import (
    FEATURES,
    Contribution,
    Feature,
    FeatureReading,
    Indicator,
    IndicatorName,
    Indicators,
    MissingReason,
)
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import (
    LegacyAudioMeans,
    Phonation,
    RecordingQuality,
    SpectralFrames,
    SpeechSegment,
    VoiceEmotion,
    VoiceFeatures,
    VoiceReading,
    VoiceTimeline,
)
from evolvisense.voice.measures import describe_voice
from evolvisense.voice.perturbation import PeriodMarks
from evolvisense.voice.vad import inside

STEP_S = 0.032
FRAME_S = 0.016
SILENT = VoiceFeatures(
    duration_s=0.0,
    speech_s=0.0,
    voiced_s=0.0,
    f0_median_hz=None,
    f0_level_st=None,
    f0_sd_st=None,
    f0_range_st=None,
    f0_excursion_st=None,
    level_median_dbfs=None,
    level_sd_db=None,
    level_range_db=None,
    syllables=None,
    syllable_rate_hz=None,
    pauses=0,
    pause_share=None,
    pauses_per_min=None,
    pause_mean_log_s=None,
    long_pause_share=None,
    phonation=Phonation(None, None, None, None, None),
)
"""Features of a stream without speech."""


def voice_reading(
    start_s: float,
    duration_s: float,
    spans_s: Sequence[tuple[float, float]],
    features: VoiceFeatures = SILENT,
    emotion: VoiceEmotion | None = None,
) -> VoiceReading:
    """A stream with speech at these times of which nothing was measured but `features`."""
    steps = np.arange(0, duration_s, STEP_S)
    frames = np.arange(0, duration_s, FRAME_S)
    unvoiced = np.full(len(frames), np.nan, np.float32)
    return VoiceReading(
        timeline=VoiceTimeline(
            pts_s=start_s + steps,
            step_s=STEP_S,
            speech_probability=np.zeros(len(steps), np.float32),
            f0_hz=np.full(len(steps), np.nan, np.float32),
            level_dbfs=np.full(len(steps), -60, np.float32),
        ),
        frames=SpectralFrames(
            pts_s=start_s + frames,
            f0_hz=unvoiced,
            level_db=np.full(len(frames), -60, np.float32),
            tilt_db=unvoiced,
            hnr_db=unvoiced,
            cpp_db=unvoiced,
        ),
        segments=tuple(SpeechSegment(*span) for span in spans_s),
        syllable_s=np.zeros(0),
        emotion=emotion,
        features=features,
        quality=RecordingQuality(None, 0.0, None, None, "unknown"),
        legacy=LegacyAudioMeans(pitch_hz=0.0, rms=0.0),
    )


def spoken_reading(
    start_s: float, duration_s: float, spans_s: Sequence[tuple[float, float]], seed: int = 0
) -> VoiceReading:
    """The same with pitch, loudness, syllables and emotion that wander, and their features."""
    empty = voice_reading(start_s, duration_s, spans_s, emotion=angry_windows(int(duration_s / 2)))
    # One generator each, so that a longer stream begins like a shorter one.
    wander, noise, rates = (np.random.default_rng((seed, i)) for i in range(3))
    count = len(empty.frames.pts_s)
    slow = np.cumsum(wander.normal(0, 0.2, count))
    frames = replace(
        empty.frames,
        pts_s=start_s + (np.arange(count) + 0.5) * FRAME_S,
        f0_hz=(120 * 2 ** (np.sin(slow) / 3)).astype(np.float32),
        level_db=(-25 + 3 * np.sin(slow * 1.7) + noise.normal(0, 1, count)).astype(np.float32),
    )
    syllable_s = np.concatenate(
        [np.arange(a + 0.07, b, rates.uniform(0.2, 0.3)) for a, b in spans_s]
    )
    marks = PeriodMarks(np.zeros(0), np.zeros(0))
    features = describe_voice(frames, marks, empty.segments, syllable_s, duration_s)
    assert empty.emotion is not None
    emotion = replace(
        empty.emotion,
        start_s=start_s + empty.emotion.start_s,
        end_s=start_s + empty.emotion.end_s,
    )
    spoken = inside(empty.timeline.pts_s, empty.segments)
    every = slice(None, None, round(STEP_S / FRAME_S))
    timeline = replace(
        empty.timeline,
        speech_probability=np.where(spoken, 0.95, 0.02).astype(np.float32),
        f0_hz=np.where(spoken, frames.f0_hz[every], np.nan).astype(np.float32),
        level_dbfs=np.where(spoken, frames.level_db[every], -60).astype(np.float32),
    )
    return replace(
        empty,
        timeline=timeline,
        frames=frames,
        syllable_s=syllable_s,
        emotion=emotion,
        features=features,
    )


def angry_windows(count: int, anger: float = 0.7) -> VoiceEmotion:
    """Windows of three seconds, every 1.5 s, all of one opinion."""
    start_s = 1.5 * np.arange(count)
    probs = np.full((count, len(EMOTIONS)), (1 - anger) / (len(EMOTIONS) - 1), np.float32)
    probs[:, EMOTIONS.index("angry")] = anger
    return VoiceEmotion(
        start_s=start_s,
        end_s=start_s + 3,
        probs=probs,
        arousal=np.full(count, 0.8, np.float32),
        speech_share=np.full(count, 0.9, np.float32),
    )


def contribution(
    feature: Feature = "f0_sd_st",
    *,
    missing: MissingReason | None = None,
    part: float = 0.4,
    weight: float = 0.1,
) -> Contribution:
    """A feature that counts, or one that does not and why."""
    if missing is not None:
        return Contribution(feature, missing, None, None, None, None, None, weight, None, None)
    return Contribution(feature, None, 3.0, 2.5, 0.5, 0.1, 0.98, weight, 0.8, part)


def indicator(
    name: IndicatorName = "activation",
    score: float | None = 62.0,
    interval: tuple[float, float] | None = (48.0, 75.0),
    contributions: Sequence[Contribution] = (),
    coverage: float = 0.75,
) -> Indicator:
    """An indicator; without a score it has no interval and a reason."""
    return Indicator(
        name=name,
        score=score,
        no_score_reason="too_little_evidence" if score is None else None,
        interval=None if score is None else interval,
        coverage=coverage,
        contributions=tuple(contributions) or (contribution(),),
    )


def all_indicators(*found: Indicator) -> Indicators:
    """These indicators over features of which none was measured."""
    return Indicators(
        indicators=found,
        features=tuple(FeatureReading(f, None, "no_voice", None) for f in FEATURES),
        language="any",
        shrinkage=0.5,
        blocks=4,
        baseline=None,
    )
