"""Distances between landmarks that do not depend on the size of the face."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32
from evolvisense.types.faces import FaceLayout

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

    The eye aspect ratio of Soukupova & Cech (2016) over three pairs of points; about .3 open and
    under .1 closed.
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
    gaps = [
        np.linalg.norm(points[:, layout.points(a)[0]] - points[:, layout.points(b)[0]], axis=1)
        for a, b in pairs
    ]
    return np.mean(gaps, axis=0).astype(np.float32)
