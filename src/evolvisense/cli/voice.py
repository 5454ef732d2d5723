"""The voice of a report as a few lines for a terminal."""

from __future__ import annotations

import numpy as np

from evolvisense.report import Report
from evolvisense.report.voice_parts import SoundQuality, VoiceEmotionColumns, VoiceMeasures
from evolvisense.types.voice import NOVEL

SHOWN_EMOTIONS = 2


def voice_lines(report: Report) -> str:
    """Speech, pitch, rate and pauses, and how well they could be heard."""
    if report.voice is None:
        return f"none ({(report.voice_absent_reason or '').replace('_', ' ')})"
    measures = report.voice.measures
    lines = [f"{measures.speech_s:.1f} s of speech, {_pitch(measures)}", _timing(measures)]
    lines += [_emotion(report.voice.emotion), _quality(report.voice.quality)]
    return "\n".join(line for line in lines if line)


def _pitch(measures: VoiceMeasures) -> str:
    if measures.f0_median_hz is None or measures.f0_sd_st is None:
        return f"too little voiced speech ({measures.voiced_s:.1f} s) to describe its pitch"
    return f"pitch {measures.f0_median_hz:.0f} Hz (SD {measures.f0_sd_st:.1f} semitones)"


def _timing(measures: VoiceMeasures) -> str:
    told: list[str] = []
    if measures.syllable_rate_hz is not None:
        told.append(f"{measures.syllable_rate_hz:.1f} syllables/s")
    if measures.pause_share is not None:
        plural = "" if measures.pauses == 1 else "s"
        told.append(f"{measures.pauses} pause{plural} ({measures.pause_share:.0%} of the time)")
    if measures.level_sd_db is not None:
        told.append(f"loudness SD {measures.level_sd_db:.1f} dB")
    return ", ".join(told)


def _emotion(emotion: VoiceEmotionColumns | None) -> str:
    if emotion is None or not emotion.speech_share.sum():
        return ""
    means = {
        name: float(np.average(column, weights=emotion.speech_share))
        for name, column in emotion.probabilities.items()
    }
    first = sorted(means, key=lambda name: -means[name])[:SHOWN_EMOTIONS]
    return (
        "sounds "
        + ", ".join(f"{name} {means[name]:.0%}" for name in first)
        + " (learnt from actors)"
    )


def _quality(quality: SoundQuality) -> str:
    told: list[str] = []
    if quality.snr_db is not None:
        told.append(f"speech {quality.snr_db:.0f} dB over the background")
    if quality.clipped_share > 0:
        told.append(f"{quality.clipped_share:.2%} clipped")
    if quality.speakers == "several":
        told.append("several voices")
    if quality.novelty is not None and quality.novelty > NOVEL:
        told.append("unlike the speech that the models know")
    return ", ".join(told)
