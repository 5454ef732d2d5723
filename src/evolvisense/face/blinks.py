"""Blinks as events, and distances between landmarks that do not depend on the size of the face.

The eye aspect ratio and the gap between the lips are such distances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evolvisense.face.frame_times import around, frame_rate, gaps_s
from evolvisense.thresholds import BlinkOptions
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.behaviour import Blink
from evolvisense.types.face import FaceLayout

# Corners and lids of each eye in the face mesh: outer, inner, then pairs of upper and lower lid.
RIGHT_EYE = ((33, 133), ((160, 144), (159, 145), (158, 153)))
LEFT_EYE = ((263, 362), ((387, 373), (386, 374), (385, 380)))
TINY = np.float32(1e-6)
INNER_LIPS = ((81, 178), (13, 14), (311, 402))


def eye_distance(points: F32, layout: FaceLayout) -> F32:
    """Distance (F,) between the centres of the eyes, in the unit of points (F, P, 2)."""
    right = points[:, layout.points(*RIGHT_EYE[0])].mean(axis=1)
    left = points[:, layout.points(*LEFT_EYE[0])].mean(axis=1)
    return np.linalg.norm(right - left, axis=1).astype(np.float32)


def lid_gaps(points: F32, layout: FaceLayout) -> F32:
    """Mean gap between the lids over the width of the eye, right and left (F, 2).

    The eye aspect ratio of Soukupova & Cech (2016) over three pairs of points; about 0.3 open and
    under 0.1 closed.
    """
    gaps = [_gap(points, layout, pairs) for _, pairs in (RIGHT_EYE, LEFT_EYE)]
    widths = [_gap(points, layout, (corners,)) for corners, _ in (RIGHT_EYE, LEFT_EYE)]
    ratios = [g / np.maximum(w, TINY) for g, w in zip(gaps, widths, strict=True)]
    return np.stack(ratios, axis=1, dtype=np.float32)


def mouth_gap(points: F32, layout: FaceLayout) -> F32:
    """Mean gap between the inner lips over the distance between the eyes (F,)."""
    gap = _gap(points, layout, INNER_LIPS)
    return np.divide(gap, np.maximum(eye_distance(points, layout), TINY), dtype=np.float32)


def _gap(points: F32, layout: FaceLayout, pairs: tuple[tuple[int, int], ...]) -> F32:
    ends = points[:, [layout.points(*pair) for pair in pairs]]
    return np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2).mean(axis=1).astype(np.float32)


MIN_RATE_HZ = 12.0
"""A blink lasts 0.1-0.4 s (Stern, Walrath & Goldstein 1984): at fewer frames a second one may fall
between two of them."""
BASELINE_S = 4.0
"""The lids' resting place is the median over this time: looking down lowers it for longer."""
MAX_GAP_S = 0.2
"""An event never spans a longer gap between frames."""


DEFAULT_BLINKS = BlinkOptions()


class _Span(NamedTuple):
    """A closure between the points of half its height."""

    first: float
    """Frame, with the fraction to the next."""
    last: float
    peak: int


def find_blinks(
    pts_s: F64, closure: F32, options: BlinkOptions = DEFAULT_BLINKS
) -> tuple[Blink, ...] | None:
    """Find blinks in a signal of eye closure.

    A blink is a rise over the running median of the closure that is over soon enough, measured
    between the points of half its height, and deep enough.

    Args:
        pts_s: times (K,).
        closure: (K,), 0 open to 1 closed.
        options: thresholds.

    Returns:
        The blinks by time; None where frames are too far apart to see one.
    """
    if frame_rate(pts_s) < MIN_RATE_HZ:
        return None
    rise, near = closure - _running_median(pts_s, closure), gaps_s(pts_s) <= MAX_GAP_S
    spans: list[_Span] = []
    k = 0
    while k < len(rise):
        if rise[k] < options.min_rise:
            k += 1
            continue
        end = k
        while end + 1 < len(rise) and rise[end + 1] >= options.min_rise and near[end]:
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
    return _real(spans, pts_s, closure, options)


def _edge(rise: F32, near: Bools, peak: int, step: int) -> float:
    """Where the rise crosses half its height on one side of the peak: a frame and a fraction."""
    k, half = peak, rise[peak] / 2
    while 0 <= k + step < len(rise) and near[min(k, k + step)]:
        if rise[k + step] < half:
            return float(k + step * (rise[k] - half) / (rise[k] - rise[k + step]))
        k += step
    return float(k)


def _real(spans: list[_Span], pts_s: F64, closure: F32, options: BlinkOptions) -> tuple[Blink, ...]:
    """The blinks among the spans: those that are deep enough and not too long."""
    frames = np.arange(len(pts_s))
    blinks: list[Blink] = []
    for span in spans:
        start_s, end_s = np.interp((span.first, span.last), frames, pts_s)
        depth = float(closure[span.peak])
        if end_s - start_s <= options.max_duration_s and depth >= options.min_closure:
            blinks.append(Blink(float(start_s), float(end_s), depth))
    return tuple(blinks)


def _running_median(pts_s: F64, signal: F32) -> F32:
    windows = zip(*around(pts_s, BASELINE_S), strict=True)
    return np.array([np.median(signal[first:last]) for first, last in windows], np.float32)
