"""Segments and statistics of the voice."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.voice import PitchContour, SpeechSegment, VoiceFeatures, VoiceTimeline

SPEECH_ON = 0.5
SPEECH_OFF = 0.35
"""Hysteresis as Silero's own examples use it: speech begins at .5 and ends below .35."""
MIN_PAUSE_S = 0.2
"""Shorter gaps belong to the speech around them (Campione & Veronis 2002)."""
MIN_SPEECH_S = 0.1
MIN_VOICED_S = 0.5
"""Less voiced speech than this is described by no statistic (ours)."""
SEMITONES_PER_OCTAVE = 12


def speech_segments(probability: F32, step_s: float, start_s: float) -> tuple[SpeechSegment, ...]:
    """Stretches of speech of probabilities (N,) every `step_s`, the first at `start_s`."""
    segments: list[SpeechSegment] = []
    for first, last in _runs(_hysteresis(probability)):
        begin, end = start_s + first * step_s, start_s + last * step_s
        if segments and begin - segments[-1].end_s < MIN_PAUSE_S:
            segments[-1] = SpeechSegment(segments[-1].start_s, end)
        else:
            segments.append(SpeechSegment(begin, end))
    return tuple(s for s in segments if s.end_s - s.start_s >= MIN_SPEECH_S)


def describe_voice(
    timeline: VoiceTimeline,
    contour: PitchContour,
    segments: tuple[SpeechSegment, ...],
    duration_s: float,
) -> VoiceFeatures:
    """Statistics of voiced speech; None where less than MIN_VOICED_S of it is there.

    F0 in semitones, SD = (P84 - P16) / 2, range = P95 - P5: robust against octave errors.
    """
    start_s = float(timeline.pts_s[0]) if len(timeline.pts_s) else 0.0
    in_speech = _inside(contour.pts_s + start_s, segments)
    voiced = in_speech & np.isfinite(contour.f0_hz)
    frame_s = float(np.median(np.diff(contour.pts_s))) if len(contour.pts_s) > 1 else 0.0
    voiced_s = float(voiced.sum() * frame_s)
    speech = _inside(timeline.pts_s, segments)
    voiced_steps = speech & np.isfinite(timeline.f0_hz)
    enough = voiced_s >= MIN_VOICED_S and bool(voiced_steps.any())
    semitones = SEMITONES_PER_OCTAVE * np.log2(contour.f0_hz[voiced]) if enough else None
    return VoiceFeatures(
        duration_s=duration_s,
        speech_s=float(sum(s.end_s - s.start_s for s in segments)),
        voiced_s=voiced_s,
        f0_median_hz=float(np.median(contour.f0_hz[voiced])) if enough else None,
        f0_sd_st=None if semitones is None else _spread(semitones, 16, 84) / 2,
        f0_range_st=None if semitones is None else _spread(semitones, 5, 95),
        level_median_dbfs=float(np.median(timeline.level_dbfs[speech])) if enough else None,
        level_sd_db=float(np.std(timeline.level_dbfs[voiced_steps])) if enough else None,
    )


def _spread(values: F32, low: float, high: float) -> float:
    bounds = np.percentile(values, [low, high])
    return float(bounds[1] - bounds[0])


def _hysteresis(probability: F32) -> Bools:
    active = np.zeros(len(probability), np.bool_)
    is_on = False
    for i, p in enumerate(probability):
        is_on = p >= (SPEECH_OFF if is_on else SPEECH_ON)
        active[i] = is_on
    return active


def _runs(active: Bools) -> list[tuple[int, int]]:
    """First and one past last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _inside(pts_s: F64, segments: tuple[SpeechSegment, ...]) -> Bools:
    inside = np.zeros(len(pts_s), np.bool_)
    for segment in segments:
        first, last = np.searchsorted(pts_s, [segment.start_s, segment.end_s])
        inside[first:last] = True
    return inside
