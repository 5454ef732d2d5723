"""Detection at a small size first, larger only where nothing was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from evolvisense.types.arrays import U8
from evolvisense.types.faces import FaceDetections

LONG_SIDES_PX = (192, 320, 640)
"""In the data folder's one-person clips 192 px finds every face; a face of 1/25 of the picture
needs 640 px. The cost grows with the square."""

MAX_FACES = 20
"""More faces than this in a frame are left out, lowest score first."""

DetectSized = Callable[[U8], FaceDetections]


def detect_small_first(
    rgb: U8, detect: DetectSized, long_sides_px: Sequence[int] = LONG_SIDES_PX
) -> FaceDetections:
    """
    Faces of rgb (H, W, 3) in source pixels, best score first.

    A picture smaller than a size is never enlarged by more than its next size.
    """
    height, width = rgb.shape[:2]
    for long_side in long_sides_px:
        scale = long_side / max(height, width)
        size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(_halved(rgb, long_side), size_wh, interpolation=interpolation)
        found = detect(np.ascontiguousarray(small, np.uint8))
        if len(found):
            return _in_source_pixels(found, width / size_wh[0], height / size_wh[1], width, height)
        if scale >= 1:
            break
    return FaceDetections.none()


def _halved(rgb: U8, long_side: int) -> U8:
    """The picture halved while it stays above `long_side`: the cheap part of the way down."""
    while max(rgb.shape[:2]) >= 2 * long_side and min(rgb.shape[:2]) > 1:
        half_wh = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        rgb = np.asarray(cv2.resize(rgb, half_wh, interpolation=cv2.INTER_AREA), np.uint8)
    return rgb


def _in_source_pixels(
    found: FaceDetections, scale_x: float, scale_y: float, width: int, height: int
) -> FaceDetections:
    order = np.argsort(-found.score, kind="stable")[:MAX_FACES]
    xyxy = found.xyxy[order] * np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
    limit = np.array([width, height, width, height], np.float32)
    xyxy = np.clip(xyxy, 0, limit).astype(np.float32)
    has_area = (xyxy[:, 2] - xyxy[:, 0] >= 1) & (xyxy[:, 3] - xyxy[:, 1] >= 1)
    return FaceDetections(xyxy[has_area], found.score[order][has_area])
