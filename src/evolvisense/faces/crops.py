"""Square crops of faces, as the expression network was trained on, and how readable they are."""

from __future__ import annotations

import cv2
import numpy as np

from evolvisense.faces.tracking import center_and_size
from evolvisense.types.arrays import F32, U8
from evolvisense.types.faces import FaceQuality

CROP_MARGIN = 1.12
"""Side of the crop over the geometric mean side of the box. Measured on the training packs: the
detector's box in FER2013 pictures is .86 of their side, in the colour pack .92."""


def face_crops(rgb: U8, xyxy: F32, side_px: int) -> U8:
    """Crops uint8 (F, side_px, side_px, 3) of the boxes (F, 4) of one frame (H, W, 3).

    Where a crop reaches over the edge of the picture, the edge is repeated.
    """
    crops = np.empty((len(xyxy), side_px, side_px, 3), np.uint8)
    centers, sizes = center_and_size(xyxy) if len(xyxy) else (np.zeros((0, 2)), np.zeros(0))
    for face, (center, size) in enumerate(zip(centers, sizes, strict=True)):
        side = max(2, round(float(size) * CROP_MARGIN))
        left, top = (round(float(v) - side / 2) for v in center)
        crops[face] = _resized(_padded_square(rgb, left, top, side), side_px)
    return crops


def _padded_square(rgb: U8, left: int, top: int, side: int) -> U8:
    height, width = rgb.shape[:2]
    # A centre is inside the picture, so at least one row and column of it always are.
    x0, x1 = min(max(left, 0), width - 1), max(1, min(left + side, width))
    y0, y1 = min(max(top, 0), height - 1), max(1, min(top + side, height))
    inside = rgb[y0:y1, x0:x1]
    if inside.shape[:2] == (side, side):
        return inside
    padded = cv2.copyMakeBorder(
        inside, y0 - top, top + side - y1, x0 - left, left + side - x1, cv2.BORDER_REPLICATE
    )
    return np.asarray(padded, np.uint8)


def _resized(square: U8, side_px: int) -> U8:
    interpolation = cv2.INTER_AREA if square.shape[0] > side_px else cv2.INTER_LINEAR
    resized = cv2.resize(square, (side_px, side_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


def measure_quality(crops: U8, xyxy: F32) -> FaceQuality:
    """Size, sharpness and brightness of crops (F, S, S, 3) of the boxes (F, 4)."""
    _, sizes = center_and_size(xyxy) if len(xyxy) else (None, np.zeros(0))
    sharpness = np.zeros(len(crops), np.float32)
    brightness = np.zeros(len(crops), np.float32)
    for face, crop in enumerate(crops):
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
        sharpness[face] = np.std(cv2.Laplacian(grey, cv2.CV_32F))
        brightness[face] = grey.mean() / 255
    return FaceQuality(sizes.astype(np.float32), sharpness, brightness)
