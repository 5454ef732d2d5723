"""Pauses: what lies between two stretches of speech."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolvisense.types.arrays import F64
from evolvisense.types.voice import SpeechSegment

LONG_PAUSE_S = 1.0
"""Brief < .2 s, medium .2-1 s, long > 1 s (Campione & Veronis 2002)."""


@dataclass(frozen=True)
class Pauses:
    """Silent pauses inside a stretch of talk; arrays (P,)."""

    start_s: F64
    duration_s: F64

    @property
    def middle_s(self) -> F64:
        """Time of the middle of each pause."""
        return self.start_s + self.duration_s / 2


def find_pauses(
    segments: tuple[SpeechSegment, ...], holes: tuple[SpeechSegment, ...] = ()
) -> Pauses:
    """Gaps between neighbouring segments, in seconds.

    Segments are never nearer than .2 s to each other (`segments.MIN_PAUSE_S`), so every gap is a
    pause in the sense of Campione & Veronis (2002). Silence before and after speech is none. A gap
    with a hole in it is none either: what was said in the hole is not known.
    """
    gaps = [(a.end_s, b.start_s) for a, b in pairwise(segments)]
    known = [gap for gap in gaps if not _meets(gap, holes)]
    table = np.array(known, np.float64).reshape(-1, 2)
    return Pauses(table[:, 0], table[:, 1] - table[:, 0])


def _meets(gap: tuple[float, float], holes: tuple[SpeechSegment, ...]) -> bool:
    first = bisect_right(holes, gap[0], key=lambda hole: hole.end_s)
    return first < len(holes) and holes[first].start_s <= gap[1]
