"""The described voice, put together from its measures."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64, I64
from evolvisense.types.voice import (
    Phonation,
    SpectralFrames,
    SpeechSegment,
    VoiceFeatures,
)
from evolvisense.voice.measures import (
    MIN_VOICED_S,
    MIN_VOICED_SHARE,
    REFERENCE_HZ,
    SEMITONES_PER_OCTAVE,
    gather,
    statistics,
)
from evolvisense.voice.periods import PeriodMarks, local_jitter_pct, local_shimmer_pct
from evolvisense.voice.segments import inside
from evolvisense.voice.syllables import syllable_nuclei


def find_syllables(frames: SpectralFrames, segments: tuple[SpeechSegment, ...]) -> F64:
    """Times (S,) of the syllable nuclei in speech, on the file's clock."""
    nuclei = syllable_nuclei(
        frames.level_db, np.isfinite(frames.f0_hz), inside(frames.pts_s, segments)
    )
    return frames.pts_s[nuclei]


def describe_voice(
    frames: SpectralFrames,
    marks: PeriodMarks,
    segments: tuple[SpeechSegment, ...],
    syllable_s: F64,
    duration_s: float,
    holes: tuple[SpeechSegment, ...] = (),
) -> VoiceFeatures:
    """Statistics of voiced speech; None where there is too little of it."""
    material = gather(frames, segments, syllable_s, None, holes=holes)
    found = statistics(material, np.ones((1, 1), np.int64))
    level_st = _number(found.f0_level_st)
    voiced_s = float(found.voiced_s[0])
    can_count = voiced_s >= MIN_VOICED_SHARE * float(found.speech_s[0])
    return VoiceFeatures(
        duration_s=duration_s,
        speech_s=float(found.speech_s[0]),
        voiced_s=voiced_s,
        f0_median_hz=None
        if level_st is None
        else float(REFERENCE_HZ * 2 ** (level_st / SEMITONES_PER_OCTAVE)),
        f0_level_st=level_st,
        f0_sd_st=_number(found.f0_sd_st),
        f0_range_st=_number(found.f0_range_st),
        f0_excursion_st=_number(found.f0_excursion_st),
        level_median_dbfs=_number(found.level_median_db),
        level_sd_db=_number(found.level_sd_db),
        level_range_db=_number(found.level_range_db),
        syllables=len(syllable_s) if segments and can_count else None,
        syllable_rate_hz=_number(found.syllable_rate_hz),
        pauses=len(material.pause_s),
        pause_share=_number(found.pause_share),
        pauses_per_min=_number(found.pauses_per_min),
        pause_mean_log_s=_number(found.pause_mean_log_s),
        long_pause_share=_number(found.long_pause_share),
        phonation=_phonation(frames, marks, segments, enough=voiced_s >= MIN_VOICED_S),
    )


def _phonation(
    frames: SpectralFrames,
    marks: PeriodMarks,
    segments: tuple[SpeechSegment, ...],
    *,
    enough: bool,
) -> Phonation:
    if not enough:
        return Phonation(None, None, None, None, None)
    in_speech = inside(marks.pts_s, segments)
    spoken = PeriodMarks(marks.pts_s[in_speech], marks.amplitude[in_speech])
    voiced = inside(frames.pts_s, segments) & np.isfinite(frames.f0_hz)
    return Phonation(
        jitter_pct=local_jitter_pct(spoken.pts_s),
        shimmer_pct=local_shimmer_pct(spoken),
        hnr_db=_mean(frames.hnr_db[voiced]),
        cpp_db=_mean(frames.cpp_db[voiced]),
        tilt_db=float(np.median(frames.tilt_db[voiced])),
    )


def _mean(values: F32) -> float:
    return float(values.mean(dtype=np.float64))


def _number(statistic: F64 | I64) -> float | None:
    value = float(statistic[0])
    return value if np.isfinite(value) else None
