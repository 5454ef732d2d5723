"""Blinks as events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evolvisense.expression.times import around, frame_rate, gaps_s
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.behaviour import Blink

MIN_RATE_HZ = 12.0
"""A blink lasts .1-.4 s (Stern, Walrath & Goldstein 1984): at fewer frames a second one may fall
between two of them."""
BASELINE_S = 4.0
"""The lids' resting place is the median over this time: looking down lowers it for longer."""
MIN_RISE = 0.25
"""Rise of the closure over its resting place. Ours: it finds the blinks that
were counted by eye in the data folder's talk_1 and talk_hd_1."""
MAX_BLINK_S = 0.5
"""Longer is eyes closed, not a blink."""
MAX_GAP_S = 0.2
"""An event never spans a longer gap between frames."""


class _Span(NamedTuple):
    """A closure between the points of half its height."""

    first: float
    """Frame, with the fraction to the next."""
    last: float
    peak: int


def find_blinks(pts_s: F64, closure: F32) -> tuple[Blink, ...] | None:
    """Blinks in closure (K,), 0 open to 1 closed; None where frames are too far apart.

    A blink is a rise of MIN_RISE over the running median that is over within MAX_BLINK_S,
    measured between the points of half its height.
    """
    if frame_rate(pts_s) < MIN_RATE_HZ:
        return None
    rise, near = closure - _running_median(pts_s, closure), gaps_s(pts_s) <= MAX_GAP_S
    spans: list[_Span] = []
    k = 0
    while k < len(rise):
        if rise[k] < MIN_RISE:
            k += 1
            continue
        end = k
        while end + 1 < len(rise) and rise[end + 1] >= MIN_RISE and near[end]:
            end += 1
        peak = k + int(np.argmax(rise[k : end + 1]))
        first, last = (_edge(rise, near, peak, step) for step in (-1, 1))
        if spans and first < spans[-1].last:
            # Peaks that share the time between their half heights are one blink.
            before = spans.pop()
            peak = max(before.peak, peak, key=closure.__getitem__)
            first, last = min(before.first, first), max(before.last, last)
        spans.append(_Span(first, last, peak))
        k = end + 1
    return _lasting(spans, pts_s, closure)


def _edge(rise: F32, near: Bools, peak: int, step: int) -> float:
    """Where the rise crosses half its height on one side of the peak: a frame and a fraction."""
    k, half = peak, rise[peak] / 2
    while 0 <= k + step < len(rise) and near[min(k, k + step)]:
        if rise[k + step] < half:
            return float(k + step * (rise[k] - half) / (rise[k] - rise[k + step]))
        k += step
    return float(k)


def _lasting(spans: list[_Span], pts_s: F64, closure: F32) -> tuple[Blink, ...]:
    """The blinks among the spans: those that are not too long."""
    frames = np.arange(len(pts_s))
    blinks: list[Blink] = []
    for span in spans:
        start_s, end_s = np.interp((span.first, span.last), frames, pts_s)
        if end_s - start_s <= MAX_BLINK_S:
            blinks.append(Blink(float(start_s), float(end_s), float(closure[span.peak])))
    return tuple(blinks)


def _running_median(pts_s: F64, signal: F32) -> F32:
    windows = zip(*around(pts_s, BASELINE_S), strict=True)
    return np.array([np.median(signal[first:last]) for first, last in windows], np.float32)
