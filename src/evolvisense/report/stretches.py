"""Stretches of a timeline in which something holds, and what one frame stands for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evolvisense.types.arrays import F64

MAX_GAP = 2.5
"""A frame stands for at most this many times the usual gap between frames (ours)."""

Mask = NDArray[np.bool_]
Stretch = tuple[float, float]
"""Start and end in seconds, on the clock of the times."""


def usual_gap_s(time_s: F64, duration_s: float) -> float:
    """Median time between analysed frames (N,); the duration where there is only one frame.

    >>> usual_gap_s(np.array([0.0, 0.4, 0.8, 2.0]), 2.4)
    0.4
    """
    if len(time_s) < 2:
        return max(duration_s, 1e-3)
    return max(float(np.median(np.diff(time_s))), 1e-3)


def frame_weights_s(time_s: F64, gap_s: float) -> F64:
    """(K,) seconds that each frame stands for: up to the next one, MAX_GAP usual gaps at most.

    >>> frame_weights_s(np.array([0.0, 0.4, 2.0]), 0.4).round(1).tolist()
    [0.4, 1.0, 0.4]
    """
    if not len(time_s):
        return np.zeros(0)
    return np.append(np.clip(np.diff(time_s), 0, MAX_GAP * gap_s), gap_s)


def stretches(time_s: F64, weight_s: F64, chosen: Mask) -> Iterator[Stretch]:
    """Every run of chosen frames (K,); a gap between frames ends a run.

    >>> times, weights = np.array([0.0, 1.0, 2.0, 9.0]), np.ones(4)
    >>> list(stretches(times, weights, np.array([True, True, False, True])))
    [(0.0, 2.0), (9.0, 10.0)]
    """
    ends_s = time_s + weight_s
    start_s: float | None = None
    for i, is_chosen in enumerate(chosen.tolist()):
        if start_s is not None and (not is_chosen or time_s[i] > ends_s[i - 1] + 1e-6):
            yield start_s, float(ends_s[i - 1])
            start_s = None
        if is_chosen and start_s is None:
            start_s = float(time_s[i])
    if start_s is not None:
        yield start_s, float(ends_s[-1])


def longest(found: Iterator[Stretch]) -> Stretch | None:
    """The longest stretch; None where there is none."""
    return max(found, key=lambda stretch: stretch[1] - stretch[0], default=None)
