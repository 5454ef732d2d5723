"""Square crops of detected faces, and how readable they are."""

from __future__ import annotations

import cv2
import numpy as np

from evolvisense.faces.alignment import cut, framing_of_box
from evolvisense.faces.tracking import center_and_size
from evolvisense.types.arrays import F32, U8
from evolvisense.types.faces import FaceQuality

CROP_MARGIN = 1.12
"""Side of the crop over the geometric mean side of the box. Measured on the training packs: the
detector's box in FER2013 pictures is .86 of their side, in the colour pack .92."""


def face_crops(rgb: U8, xyxy: F32, side_px: int) -> U8:
    """Crops uint8 (F, side_px, side_px, 3) of the boxes (F, 4) of one frame (H, W, 3)."""
    crops = np.empty((len(xyxy), side_px, side_px, 3), np.uint8)
    for face, box in enumerate(xyxy):
        crops[face] = cut(rgb, framing_of_box(box, CROP_MARGIN), side_px)
    return crops


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
