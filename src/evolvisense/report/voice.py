"""The report's part about the voice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evolvisense.report import voice_parts as parts
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import VoiceEmotion, VoiceReading


def voice_part(reading: VoiceReading) -> parts.Voice:
    """Statistics, quality, emotion and timeline of a voice."""
    timeline = reading.timeline
    measures = asdict(reading.features)
    phonation = parts.PhonationMeasures(**_rounded(measures.pop("phonation")))
    return parts.Voice(
        measures=parts.VoiceMeasures(**_rounded(measures), phonation=phonation),
        quality=parts.SoundQuality(**_rounded(asdict(reading.quality))),
        segments=[
            parts.Segment(start_s=round(s.start_s, 3), end_s=round(s.end_s, 3))
            for s in reading.segments
        ],
        holes=[
            parts.Segment(start_s=round(h.start_s, 3), end_s=round(h.end_s, 3))
            for h in reading.holes
        ],
        syllables_s=reading.syllable_s,
        emotion=None if reading.emotion is None else _emotion(reading.emotion),
        timeline=parts.VoiceColumns(
            step_s=timeline.step_s,
            time_s=timeline.pts_s,
            speech_probability=timeline.speech_probability,
            f0_hz=timeline.f0_hz,
            level_dbfs=timeline.level_dbfs,
        ),
    )


def _emotion(emotion: VoiceEmotion) -> parts.VoiceEmotionColumns:
    return parts.VoiceEmotionColumns(
        start_s=emotion.start_s,
        end_s=emotion.end_s,
        speech_share=emotion.speech_share,
        probabilities={name: emotion.probs[:, i] for i, name in enumerate(EMOTIONS)},
        arousal=emotion.arousal,
    )


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }
