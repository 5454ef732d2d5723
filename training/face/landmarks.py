"""Which of the teacher's 478 points and 52 actions the student learns, and their mirror images.

Point numbers are those of MediaPipe's face mesh (Kartynnik et al. 2019, arXiv:1907.06724).
"Right" is the subject's right, the left of an unmirrored picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

OVAL_RIGHT = (67, 54, 162, 234, 132, 172, 150, 176)
OVAL_LEFT = (297, 284, 389, 454, 361, 397, 379, 400)
BROW_RIGHT = (70, 63, 105, 66, 107)
BROW_LEFT = (300, 293, 334, 296, 336)
# Outer corner, three of the upper lid, inner corner, three of the lower lid.
EYE_RIGHT = (33, 160, 159, 158, 133, 153, 145, 144)
EYE_LEFT = (263, 387, 386, 385, 362, 380, 374, 373)
IRIS_RIGHT, IRIS_LEFT = (468,), (473,)
NOSTRIL_RIGHT, NOSTRIL_LEFT = (98,), (327,)
LIPS_RIGHT = (61, 40, 37, 84, 91, 78, 81, 178)
LIPS_LEFT = (291, 270, 267, 314, 321, 308, 311, 402)
MIDDLE = (10, 168, 6, 195, 4, 2, 0, 13, 14, 17, 152)

RIGHT = OVAL_RIGHT + BROW_RIGHT + EYE_RIGHT + IRIS_RIGHT + NOSTRIL_RIGHT + LIPS_RIGHT
LEFT = OVAL_LEFT + BROW_LEFT + EYE_LEFT + IRIS_LEFT + NOSTRIL_LEFT + LIPS_LEFT
MESH_POINTS: tuple[int, ...] = RIGHT + LEFT + MIDDLE
"""The 73 mesh points that are learned, in the order of the network's output."""

LANDMARK_MIRROR: NDArray[np.int64] = np.concatenate(
    [
        np.arange(len(RIGHT), 2 * len(RIGHT)),
        np.arange(len(RIGHT)),
        np.arange(2 * len(RIGHT), len(MESH_POINTS)),
    ]
)
"""Row i of a mirrored face is row LANDMARK_MIRROR[i] of the face."""


def rows_of(points: Sequence[int]) -> list[int]:
    """Rows of mesh points in the network's output."""
    return [MESH_POINTS.index(point) for point in points]


def action_mirror(names: Sequence[str]) -> NDArray[np.int64]:
    """For each action the row of its mirror image: Left and Right change places."""

    def mirrored(name: str) -> str:
        if name.endswith("Left"):
            return name.removesuffix("Left") + "Right"
        return name.removesuffix("Right") + "Left" if name.endswith("Right") else name

    order = list(names)
    return np.array([order.index(mirrored(name)) for name in order])


def eye_distance(points: NDArray[np.floating]) -> NDArray[np.floating]:
    """Distance between the outer corners' and inner corners' midpoints (N,) of points (N, 73, 2).

    The unit of landmark errors: between the centres of the eyes, so that lids do not move it.
    """
    right = points[:, rows_of((33, 133))].mean(axis=1)
    left = points[:, rows_of((263, 362))].mean(axis=1)
    return np.linalg.norm(right - left, axis=1)
