"""Times of frames: gaps, rates and windows.

Gaps are exact to a microsecond, so that a shift of the file's clock changes no decision. Where the
clock stands still or jumps back, as in joined recordings, the gap is infinite.
"""

from __future__ import annotations

import math

import numpy as np

from evolvisense.types.arrays import F64, I64
from evolvisense.types.media import TICK_S

TICK_DECIMALS = 6
FAR_S = 60.0
"""Longer than any window: stands for an infinite gap on the clock of windows."""


def gap_s(earlier_s: float, later_s: float) -> float:
    """Seconds between two frames."""
    gap = round(later_s - earlier_s, TICK_DECIMALS)
    return gap if gap > 0 else math.inf


def gaps_s(pts_s: F64) -> F64:
    """Seconds (K - 1,) between frames at times (K,)."""
    gaps = np.round(np.diff(pts_s), TICK_DECIMALS)
    return np.where(gaps > 0, gaps, np.inf)


def frame_rate(pts_s: F64) -> float:
    """Frames a second of times (K,), by the median gap; 0 for fewer than two frames."""
    return 0.0 if len(pts_s) < 2 else float(round(1 / np.median(gaps_s(pts_s)), 3))


def around(pts_s: F64, width_s: float) -> tuple[I64, I64]:
    """The frames within `width_s` around each of times (K,): first (K,) and one past last (K,)."""
    clock = np.concatenate([[0.0], np.cumsum(np.minimum(gaps_s(pts_s), FAR_S))])[: len(pts_s)]
    half = width_s / 2 + TICK_S / 2
    return np.searchsorted(clock, clock - half), np.searchsorted(clock, clock + half, side="right")
