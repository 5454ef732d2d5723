"""What the indicators need of a voice: its features, their resamples and its evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evolvisense.types.arrays import I64
from evolvisense.types.indicators import (
    EMOTION_FEATURES,
    SPEECH_FEATURES,
    VOICED_FEATURES,
    Blocks,
    Feature,
    Measured,
    VoiceEvidence,
)
from evolvisense.types.voice import VoiceEmotion, VoiceReading
from evolvisense.voice.measures import WHOLE, gather, statistics
from evolvisense.voice.segments import inside


def voice_samples(reading: VoiceReading, blocks: Blocks) -> Mapping[Feature, Measured]:
    """Features of the whole recording and of the resamples of its blocks (block bootstrap).

    A resample is its blocks laid end to end: a frame, syllable, pause or window belongs to the
    block of its middle, and a pause stays as long as it is. Features that cannot be computed for
    the whole are left out.
    """
    parts = (reading.frames, reading.segments, reading.syllable_s, reading.emotion)
    whole = statistics(gather(*parts, holes=reading.holes), _repeats(WHOLE))
    resampled = statistics(gather(*parts, blocks, reading.holes), _repeats(blocks))
    groups = (
        (VOICED_FEATURES, reading.features.voiced_s),
        (SPEECH_FEATURES, reading.features.speech_s),
        (EMOTION_FEATURES, _heard_s(reading, reading.emotion)),
    )
    return {
        feature: Measured(float(value[0]), getattr(resampled, feature), seconds)
        for features, seconds in groups
        for feature in features
        if np.isfinite(value := getattr(whole, feature))[0]
    }


def voice_evidence(reading: VoiceReading) -> VoiceEvidence:
    """What gates ask of this voice."""
    return VoiceEvidence(
        speech_s=reading.features.speech_s,
        voiced_s=reading.features.voiced_s,
        snr_db=reading.quality.snr_db,
        clipped_share=reading.quality.clipped_share,
        several_speakers=reading.quality.speakers == "several",
    )


def _repeats(blocks: Blocks) -> I64:
    """How often each resample holds each block: (R, B)."""
    count = len(blocks)
    rows = np.arange(len(blocks.draws))[:, None] * count
    flat = np.bincount((rows + blocks.draws).ravel(), minlength=len(blocks.draws) * count)
    return flat.reshape(len(blocks.draws), count).astype(np.int64)


def _heard_s(reading: VoiceReading, emotion: VoiceEmotion | None) -> float:
    """Seconds of speech inside any window of the emotion network."""
    if emotion is None:
        return 0.0
    pts_s = reading.frames.pts_s
    covered = np.zeros(len(pts_s), np.bool_)
    for start_s, end_s in zip(emotion.start_s, emotion.end_s, strict=True):
        first, last = np.searchsorted(pts_s, [start_s, end_s])
        covered[first:last] = True
    frame_s = float(pts_s[1] - pts_s[0]) if len(pts_s) > 1 else 0.0
    return float((covered & inside(pts_s, reading.segments)).sum() * frame_s)
