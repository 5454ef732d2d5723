"""Landmarks of a face, packed for the report: 73 points of a frame take 292 bytes.

Each coordinate becomes a share of the face box in 16 bits; `evolvisense.report.landmarks` holds the
packed values and gives back pixels.
"""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, U16

LARGEST = 65535
SPAN, OFFSET = 3.0, 1.0
"""A share s of the box, -1 to 2, is kept as (s + 1) / 3 * 65535."""
UNKNOWN = LARGEST
"""In every value of a frame whose landmarks are not known."""
MIN_SIDE_PX = 1.0
"""A box that is narrower, at the edge of the picture, has no shares."""


def pack(points_px: F32, xyxy: F32) -> U16:
    """Points (F, P, 2) in the pixels of boxes (F, 4) -> (F, P, 2), to a 20,000th of the box.

    A face whose box has no area, or with a point that is not finite, is unknown.
    """
    corner, side = corner_and_side(xyxy)
    known = (side >= MIN_SIDE_PX).all(axis=(1, 2)) & np.isfinite(points_px).all(axis=(1, 2))
    packed = np.full(points_px.shape, UNKNOWN, np.uint16)
    share = (points_px[known] - corner[known]) / side[known]
    # One less than UNKNOWN, so that a far point is not taken for an unknown face.
    packed[known] = np.clip(np.rint((share + OFFSET) / SPAN * LARGEST), 0, LARGEST - 1)
    return packed


def corner_and_side(xyxy: F32) -> tuple[F32, F32]:
    """Left upper corner and width and height of boxes (F, 4), each (F, 1, 2)."""
    return xyxy[:, None, :2], xyxy[:, None, 2:] - xyxy[:, None, :2]
