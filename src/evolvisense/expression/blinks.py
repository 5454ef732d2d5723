"""Blinks as events."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64
from evolvisense.types.behaviour import Blink

MIN_RATE_HZ = 12.0
"""A blink lasts .1-.4 s (Stern, Walrath & Goldstein 1984): at fewer frames a second one may fall
between two of them."""
BASELINE_S = 4.0
"""The lids' resting place is the median over this time: looking down lowers it for longer."""
MIN_RISE = 0.25
"""Rise of the closure over its resting place. Measured on the data folder's clips."""
MAX_BLINK_S = 0.5
"""Longer is eyes closed, not a blink."""
MAX_GAP_S = 0.2
"""An event never spans a longer gap between frames."""


def frame_rate(pts_s: F64) -> float:
    """Frames a second of times (K,), by the median gap; 0 for fewer than two frames."""
    return 0.0 if len(pts_s) < 2 else float(1 / max(np.median(np.diff(pts_s)), 1e-6))


def find_blinks(pts_s: F64, closure: F32) -> tuple[Blink, ...] | None:
    """Blinks in closure (K,), 0 open to 1 closed; None where frames are too far apart.

    A blink is a rise of MIN_RISE over the running median that is over within MAX_BLINK_S,
    measured between the points of half its height.
    """
    if frame_rate(pts_s) < MIN_RATE_HZ:
        return None
    rise = closure - _running_median(pts_s, closure)
    blinks: list[Blink] = []
    k = 0
    while k < len(rise):
        if rise[k] < MIN_RISE:
            k += 1
            continue
        end = k
        while end + 1 < len(rise) and rise[end + 1] >= MIN_RISE and _near(pts_s, end):
            end += 1
        peak = k + int(np.argmax(rise[k : end + 1]))
        half = rise[peak] / 2
        first, last = _edge(pts_s, rise, peak, half, -1), _edge(pts_s, rise, peak, half, 1)
        if last - first <= MAX_BLINK_S:
            blinks.append(Blink(first, last, float(closure[peak])))
        k = end + 1
    return _merged(blinks)


def _near(pts_s: F64, k: int) -> bool:
    return bool(pts_s[k + 1] - pts_s[k] <= MAX_GAP_S)


def _edge(pts_s: F64, rise: F32, peak: int, half: float, step: int) -> float:
    """Time at which the rise crosses `half` on one side of the peak, between frames."""
    k = peak
    while 0 <= k + step < len(rise) and abs(pts_s[k + step] - pts_s[k]) <= MAX_GAP_S:
        if rise[k + step] < half:
            share = (rise[k] - half) / (rise[k] - rise[k + step])
            return float(pts_s[k] + share * (pts_s[k + step] - pts_s[k]))
        k += step
    return float(pts_s[k])


def _merged(blinks: list[Blink]) -> tuple[Blink, ...]:
    """Peaks that share the time between their half heights are one blink."""
    merged: list[Blink] = []
    for blink in blinks:
        if merged and blink.start_s < merged[-1].end_s:
            last = merged.pop()
            end_s, depth = max(last.end_s, blink.end_s), max(last.depth, blink.depth)
            merged.append(Blink(last.start_s, end_s, depth))
        else:
            merged.append(blink)
    return tuple(blink for blink in merged if blink.end_s - blink.start_s <= MAX_BLINK_S)


def _running_median(pts_s: F64, signal: F32) -> F32:
    first = np.searchsorted(pts_s, pts_s - BASELINE_S / 2)
    last = np.searchsorted(pts_s, pts_s + BASELINE_S / 2, side="right")
    return np.array([np.median(signal[a:b]) for a, b in zip(first, last, strict=True)], np.float32)
