"""A stretch of a voice that was read already."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolvisense.types.arrays import F64
from evolvisense.types.media import MediaExtent
from evolvisense.types.voice import (
    SpectralFrames,
    SpeechSegment,
    VoiceEmotion,
    VoiceReading,
    VoiceTimeline,
)
from evolvisense.voice.features import describe_voice
from evolvisense.voice.periods import PeriodMarks

NO_MARKS = PeriodMarks(np.zeros(0), np.zeros(0))


def voice_excerpt(reading: VoiceReading, stretch: MediaExtent) -> VoiceReading:
    """What the stretch holds, described anew; a window of emotion belongs to it with its middle.

    Jitter and shimmer are None, for a reading keeps no marks of periods. Noise, clipping and
    speakers stay those of the whole recording, which tells them better than a part of it.
    """
    segments = _cut(reading.segments, stretch)
    frames = _frames(reading.frames, stretch)
    holes = _cut(reading.holes, stretch)
    syllable_s = reading.syllable_s[stretch.holds(reading.syllable_s)]
    return replace(
        reading,
        timeline=_timeline(reading.timeline, stretch),
        frames=frames,
        segments=segments,
        syllable_s=syllable_s,
        emotion=_emotion(reading.emotion, stretch),
        features=describe_voice(frames, NO_MARKS, segments, syllable_s, stretch.duration_s, holes),
        holes=holes,
    )


def _cut(segments: tuple[SpeechSegment, ...], stretch: MediaExtent) -> tuple[SpeechSegment, ...]:
    inside = [
        SpeechSegment(max(s.start_s, stretch.start_s), min(s.end_s, stretch.end_s))
        for s in segments
    ]
    return tuple(s for s in inside if s.end_s > s.start_s)


def _frames(frames: SpectralFrames, stretch: MediaExtent) -> SpectralFrames:
    mine = stretch.holds(frames.pts_s)
    return SpectralFrames(**{name: values[mine] for name, values in vars(frames).items()})


def _timeline(timeline: VoiceTimeline, stretch: MediaExtent) -> VoiceTimeline:
    mine = stretch.holds(timeline.pts_s)
    arrays = {name: values[mine] for name, values in vars(timeline).items() if name != "step_s"}
    return replace(timeline, **arrays)


def _emotion(emotion: VoiceEmotion | None, stretch: MediaExtent) -> VoiceEmotion | None:
    if emotion is None:
        return None
    middle_s: F64 = (emotion.start_s + emotion.end_s) / 2
    mine = stretch.holds(middle_s)
    if not mine.any():
        return None
    return VoiceEmotion(**{name: values[mine] for name, values in vars(emotion).items()})
