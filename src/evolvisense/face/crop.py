"""Face crops: the crop region that a box or landmarks ask for, cutting it out, crop quality."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from evolvisense.face.tracking import center_and_size
from evolvisense.types.arrays import F32, U8
from evolvisense.types.face import FaceQuality

UPRIGHT_DEG = 3.0
"""Smaller turns of the head are left in the crop: undoing them blurs it, and the network does not
mind."""


@dataclass(frozen=True)
class CropRegion:
    """A square crop: its centre and side in source pixels and its clockwise turn in degrees."""

    center_x: float
    center_y: float
    side_px: float
    roll_deg: float = 0.0

    def to_frame(self, share_xy: F32) -> F32:
        """Points (P, 2) as shares of the crop -> source pixels."""
        turned = (share_xy - 0.5) @ _turn(self.roll_deg).T * self.side_px
        center = np.array((self.center_x, self.center_y))
        return (turned + center).astype(np.float32)


def crop_region_of_box(xyxy: F32, margin: float) -> CropRegion:
    """The upright crop of a detector's box (4,): `margin` times its geometric mean side."""
    left, top, right, bottom = (float(v) for v in xyxy)
    side = math.sqrt(max(right - left, 1.0) * max(bottom - top, 1.0))
    return CropRegion((left + right) / 2, (top + bottom) / 2, max(2.0, side * margin))


def crop_region_of_landmarks(points_px: F32, mean_shape_xy: F32) -> CropRegion:
    """The crop in which landmarks (P, 2) lie nearest to the mean shape (P, 2).

    Least squares over scale, turn and shift (Umeyama 1991, doi:10.1109/34.88573).
    """
    ours, mean = points_px.astype(np.float64), mean_shape_xy.astype(np.float64) - 0.5
    our_center, mean_center = ours.mean(axis=0), mean.mean(axis=0)
    a, b = mean - mean_center, ours - our_center
    covariance = b.T @ a
    angle = math.atan2(covariance[1, 0] - covariance[0, 1], covariance[0, 0] + covariance[1, 1])
    turn = _turn(math.degrees(angle))
    scale = float((b * (a @ turn.T)).sum() / (a**2).sum())
    center = our_center - scale * (turn @ mean_center)
    roll = math.degrees(angle)
    if abs(roll) < UPRIGHT_DEG:
        # The middle of the face stays the middle of the crop.
        roll, center = 0.0, our_center - scale * mean_center
    return CropRegion(float(center[0]), float(center[1]), max(2.0, scale), roll)


def crop_face(rgb: U8, crop_region: CropRegion, side_px: int) -> U8:
    """The crop uint8 (side_px, side_px, 3) of one frame (H, W, 3).

    Where it reaches over the edge of the frame, the edge is repeated. A larger face is averaged
    down, a smaller one enlarged with cubic interpolation, as in training.
    """
    turn = _turn(crop_region.roll_deg)
    reach = crop_region.side_px * (abs(turn[0, 0]) + abs(turn[0, 1]))
    side = max(2, round(reach))
    left, top = round(crop_region.center_x - side / 2), round(crop_region.center_y - side / 2)
    square = _padded_square(rgb, left, top, side)
    if crop_region.roll_deg == 0.0:
        return _resized(square, side_px)
    upright_px = max(side_px, round(side_px * reach / crop_region.side_px))
    small = _resized(square, upright_px)
    scale = crop_region.side_px / side_px * upright_px / side
    linear = turn * scale
    middle = (upright_px - 1) / 2
    shift = middle - linear @ np.full(2, (side_px - 1) / 2)
    warped = cv2.warpAffine(
        small,
        np.column_stack([linear, shift]),
        (side_px, side_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped, np.uint8)


def _turn(deg: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Clockwise rotation in an image, whose y points down."""
    cos, sin = math.cos(math.radians(deg)), math.sin(math.radians(deg))
    return np.array([[cos, -sin], [sin, cos]])


def _padded_square(rgb: U8, left: int, top: int, side: int) -> U8:
    height, width = rgb.shape[:2]
    # Of a crop outside the frame at least one row and column are taken.
    x0, y0 = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    x1, y1 = max(x0 + 1, min(left + side, width)), max(y0 + 1, min(top + side, height))
    inside = rgb[y0:y1, x0:x1]
    if inside.shape[:2] == (side, side):
        return inside
    before_y, before_x = max(0, y0 - top), max(0, x0 - left)
    padded = cv2.copyMakeBorder(
        inside,
        before_y,
        max(0, side - before_y - inside.shape[0]),
        before_x,
        max(0, side - before_x - inside.shape[1]),
        cv2.BORDER_REPLICATE,
    )
    return np.asarray(padded, np.uint8)[:side, :side]


def _resized(square: U8, side_px: int) -> U8:
    interpolation = cv2.INTER_AREA if square.shape[0] > side_px else cv2.INTER_CUBIC
    resized = cv2.resize(square, (side_px, side_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)


CROP_MARGIN = 1.12
"""Side of the crop over the geometric mean side of the box. Measured on the training packs: the
detector's box in FER2013 images is 0.86 of their side, in the colour pack 0.92."""


def face_crops(rgb: U8, xyxy: F32, side_px: int) -> U8:
    """Crops uint8 (F, side_px, side_px, 3) of the boxes (F, 4) of one frame (H, W, 3)."""
    crops = np.empty((len(xyxy), side_px, side_px, 3), np.uint8)
    for face, box in enumerate(xyxy):
        crops[face] = crop_face(rgb, crop_region_of_box(box, CROP_MARGIN), side_px)
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
