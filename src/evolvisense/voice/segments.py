"""Stretches of speech out of a track of speech probabilities."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.voice import SpeechSegment

SPEECH_ON = 0.5
SPEECH_OFF = 0.35
"""Hysteresis as Silero's own examples use it: speech begins at .5 and ends below .35."""
MIN_PAUSE_S = 0.2
"""Shorter gaps belong to the speech around them (Campione & Veronis 2002)."""
MIN_SPEECH_S = 0.1


class Hysteresis:
    """Speech or not, step by step."""

    def __init__(self) -> None:
        self._is_on = False

    def push(self, probability: F32) -> Bools:
        """Whether each of the next steps (K,) is speech."""
        active = np.zeros(len(probability), np.bool_)
        for i, p in enumerate(probability.tolist()):
            self._is_on = p >= (SPEECH_OFF if self._is_on else SPEECH_ON)
            active[i] = self._is_on
        return active


def speech_segments(probability: F32, step_s: float, start_s: float) -> tuple[SpeechSegment, ...]:
    """Stretches of speech of probabilities (N,) every `step_s`, the first at `start_s`."""
    segments: list[SpeechSegment] = []
    for first, last in runs(Hysteresis().push(probability)):
        begin, end = start_s + first * step_s, start_s + last * step_s
        if segments and begin - segments[-1].end_s < MIN_PAUSE_S:
            segments[-1] = SpeechSegment(segments[-1].start_s, end)
        else:
            segments.append(SpeechSegment(begin, end))
    return tuple(s for s in segments if s.end_s - s.start_s >= MIN_SPEECH_S)


def runs(active: Bools) -> list[tuple[int, int]]:
    """First and one past last index of each run of True in (N,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def widened(mask: Bools, steps: int) -> Bools:
    """What is true of mask (N,), and its neighbours up to so many steps away."""
    # "full" and not "same", which is longer than a mask that is shorter than the kernel.
    return np.convolve(mask, np.ones(2 * steps + 1), "full")[steps : steps + len(mask)] > 0


def inside(pts_s: F64, segments: tuple[SpeechSegment, ...]) -> Bools:
    """Which of the ascending times (N,) lie in speech."""
    within = np.zeros(len(pts_s), np.bool_)
    for segment in segments:
        first, last = np.searchsorted(pts_s, [segment.start_s, segment.end_s])
        within[first:last] = True
    return within


def overlap_s(segments: tuple[SpeechSegment, ...], edges_s: F64) -> F64:
    """Seconds of speech (B,) between neighbouring edges (B + 1,); what lies outside counts too."""
    reached = np.zeros(len(edges_s) - 1, np.float64)
    inner = edges_s[1:-1]
    for segment in segments:
        ends = np.concatenate([[segment.start_s], np.clip(inner, segment.start_s, segment.end_s)])
        reached += np.diff(ends, append=segment.end_s)
    return reached
