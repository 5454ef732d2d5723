"""Detection at a small size first, larger where nothing or only something tiny was found."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from evolvisense.types.arrays import U8
from evolvisense.types.engines import Effort
from evolvisense.types.face import FaceDetections

LONG_SIDES_PX = (128, 192, 320, 640)
"""The cost grows with the square. In the data folder's clips of one person 128 px finds every face,
and its boxes overlap those of 640 px as well as boxes of 256 px do."""

QUICK_LONG_SIDES_PX = LONG_SIDES_PX[:2]
"""Sizes of a quick look: together about a tenth of the pixels of all."""

MIN_FOUND_PX = 18
"""A face with a shorter side is looked for again at the next size: its box is too coarse there, and
smaller ones beside it are missed."""

MAX_FACES = 20
"""More faces than this in a frame are left out, lowest score first."""

DetectSized = Callable[[U8], FaceDetections]


def detect_small_first(rgb: U8, detect: DetectSized, effort: Effort = "full") -> FaceDetections:
    """Faces of rgb (H, W, 3) in source pixels, best score first.

    A size is enough where its largest face is at least MIN_FOUND_PX wide and high there. A frame
    smaller than a size is enlarged once and not further.
    """
    long_sides_px = LONG_SIDES_PX if effort == "full" else QUICK_LONG_SIDES_PX
    height, width = rgb.shape[:2]
    best = FaceDetections.none()
    for long_side in long_sides_px:
        small = resized(rgb, long_side)
        found = detect(small)
        if len(found):
            scale_x, scale_y = width / small.shape[1], height / small.shape[0]
            best = _in_source_pixels(found, scale_x, scale_y, width, height)
        if _largest_px(found) >= MIN_FOUND_PX or long_side >= max(height, width):
            break
    return best


def resized(rgb: U8, long_side: int) -> U8:
    """The frame (H, W, 3) with its longer side `long_side` px; averaged where it shrinks."""
    height, width = rgb.shape[:2]
    scale = long_side / max(height, width)
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(_halved(rgb, long_side), size_wh, interpolation=interpolation)
    return np.ascontiguousarray(small, np.uint8)


def _largest_px(found: FaceDetections) -> float:
    """The largest of the faces' shorter sides; 0 without a face."""
    sides = found.xyxy[:, 2:] - found.xyxy[:, :2]
    return float(sides.min(axis=1).max(initial=0.0))


def _halved(rgb: U8, long_side: int) -> U8:
    """The frame halved while it stays above `long_side`: the cheap part of the way down."""
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
