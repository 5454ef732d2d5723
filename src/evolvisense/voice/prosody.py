"""Pauses (gaps between speech segments) and syllable nuclei (voiced peaks of intensity)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolvisense.types.arrays import F32, F64, I64, Bools
from evolvisense.types.voice import SpeechSegment
from evolvisense.voice.vad import runs, widened


@dataclass(frozen=True)
class Pauses:
    """Silent pauses inside a recording; arrays (P,)."""

    start_s: F64
    duration_s: F64

    @property
    def middle_s(self) -> F64:
        """Middle of each pause in seconds."""
        return self.start_s + self.duration_s / 2


def find_pauses(
    segments: tuple[SpeechSegment, ...], holes: tuple[SpeechSegment, ...] = ()
) -> Pauses:
    """Gaps between neighbouring segments, in seconds.

    Segments are at least `VadOptions.min_pause_s` apart, so every gap is a pause in the sense of
    Campione & Veronis (2002). Silence before and after speech is not a pause. A gap with missing
    sound in it is not counted either: whether somebody spoke there is not known.
    """
    gaps = [(a.end_s, b.start_s) for a, b in pairwise(segments)]
    known = [gap for gap in gaps if not _meets(gap, holes)]
    table = np.array(known, np.float64).reshape(-1, 2)
    return Pauses(table[:, 0], table[:, 1] - table[:, 0])


def _meets(gap: tuple[float, float], holes: tuple[SpeechSegment, ...]) -> bool:
    first = bisect_right(holes, gap[0], key=lambda hole: hole.end_s)
    return first < len(holes) and holes[first].start_s <= gap[1]


MIN_DIP_DB = 2.0
"""Fall of the intensity between two nuclei (de Jong & Wempe 2009)."""
MAX_BELOW_LOUDEST_DB = 25.0
"""A nucleus is at most this far below the 99th percentile (de Jong & Wempe 2009)."""
LOUDEST_PERCENTILE = 99
VOICED_REACH = 1
"""A nucleus is voiced where a frame this near to its peak is."""


def syllable_nuclei(level_db: F32, voiced: Bools, speech: Bools) -> I64:
    """Indices (S,) of the frames of intensity (N,) that are syllable nuclei.

    de Jong & Wempe (2009), Behavior Research Methods 41, 385-390: peaks of the intensity
    (64 ms, every 16 ms) that are voiced, lie within 25 dB of the loudest speech and are set apart
    from their neighbours by dips of 2 dB. Only frames of speech are looked at, so what surrounds
    it changes nothing.
    """
    if not speech.any():
        return np.zeros(0, np.int64)
    floor_db = np.percentile(level_db[speech], LOUDEST_PERCENTILE) - MAX_BELOW_LOUDEST_DB
    near_voiced = widened(voiced, VOICED_REACH)
    found = [
        first + peak
        for first, last in runs(speech)
        for peak in _peaks(level_db[first:last].tolist())
        if level_db[first + peak] >= floor_db and near_voiced[first + peak]
    ]
    return np.array(found, np.int64)


def _peaks(level_db: list[float]) -> list[int]:
    """Peaks that the level climbs to and leaves by MIN_DIP_DB; the ends count as silence."""
    peaks: list[int] = []
    high, high_at, low = -np.inf, -1, -np.inf
    is_climbing = True
    for i, level in enumerate([*level_db, -np.inf]):
        if is_climbing:
            if level > high:
                high, high_at = level, i
            elif level <= high - MIN_DIP_DB:
                peaks.append(high_at)
                is_climbing, low = False, level
        elif level < low:
            low = level
        elif level >= low + MIN_DIP_DB:
            is_climbing, high, high_at = True, level, i
    return peaks
