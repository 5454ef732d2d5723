"""Which cell of which stride learns which face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIZE_EDGES_PX = (30.0, 76.0)
"""Geometric mean side of a face below which stride 8, and below which stride 16 finds it."""
SHARED = 1.2
"""Faces within this factor of an edge are learned at both strides."""
UNSURE = 1.6
"""Centres of faces within this factor of an edge are ignored at the neighbouring stride."""
CENTRAL, RING = 0.2, 0.4
"""Shares of the box around its centre: inside the first a cell learns the face, between both it is
ignored - at the face's own stride only. At the other strides the cells of a face are negatives:
ignored there as well, a trial found small faces in the parts of large ones."""
MIN_REACH = 0.6
"""Cells at most this many strides from the centre learn the face, however small it is."""


@dataclass(frozen=True)
class Assigned:
    """label int8 (cells,): 1 face, 0 none, -1 ignored; face int64 (cells,): index of the box."""

    label: NDArray[np.int8]
    face: NDArray[np.int64]


def assign(
    boxes: NDArray[np.float32], is_face: NDArray[np.bool_], grid: NDArray[np.float32]
) -> Assigned:
    """Boxes xyxy (B, 4), faces or regions to ignore, to the cells (cells, 3) of one picture."""
    label = np.zeros(len(grid), np.int8)
    face = np.zeros(len(grid), np.int64)
    stride = grid[:, 2]
    low = np.select([stride == 8, stride == 16], [0.0, SIZE_EDGES_PX[0]], SIZE_EDGES_PX[1])
    high = np.select([stride == 8, stride == 16], SIZE_EDGES_PX, np.inf)
    side = np.sqrt(np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1.0))
    positive = np.zeros(len(grid), np.bool_)
    # Large faces first: where two claim a cell, the smaller, which has fewer, keeps it.
    for index in np.argsort(-side):
        x0, y0, x1, y1 = boxes[index]
        off_x = np.abs(grid[:, 0] - (x0 + x1) / 2)
        off_y = np.abs(grid[:, 1] - (y0 + y1) / 2)
        share = np.maximum(off_x / max(x1 - x0, 1.0), off_y / max(y1 - y0, 1.0))
        near = (side[index] >= low / UNSURE) & (side[index] < high * UNSURE)
        if not is_face[index]:
            label[near & (share < 0.6) & ~positive] = -1
            continue
        own = (side[index] >= low / SHARED) & (side[index] < high * SHARED)
        central = (share < CENTRAL) | (np.maximum(off_x, off_y) <= MIN_REACH * stride)
        ring = (own & (share < RING)) | (near & central)
        label[ring & ~positive] = -1
        chosen = own & central
        label[chosen], face[chosen] = 1, index
        positive |= chosen
    return Assigned(label, face)
