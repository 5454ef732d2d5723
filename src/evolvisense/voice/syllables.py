"""Syllable nuclei: voiced peaks of intensity."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, I64, Bools
from evolvisense.voice.segments import runs, widened

MIN_DIP_DB = 2.0
"""Fall of the intensity between two nuclei (de Jong & Wempe 2009)."""
MAX_BELOW_LOUDEST_DB = 25.0
"""A nucleus is no weaker than this below the 99th percentile (de Jong & Wempe 2009)."""
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
