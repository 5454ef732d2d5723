"""A photograph of a face that is moved: its mouth, lids and head, and the light on it.

The photograph is scikit-image's "astronaut": Eileen Collins, taken by NASA, in the public domain.
It is bent by smooth displacements and smoothed beside the mouth where the smile ends; nothing is
painted over it and no other picture is mixed in.
Coordinates are pixels of the cut-out, 256 x 256, x to the right and y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

F32 = NDArray[np.float32]

SIDE_PX = 480
CUT = (slice(0, 256), slice(96, 352))
CUT_PX = 256
GRID_PX = 240
"""Displacements are computed for every second pixel."""
EYES_XY = ((107.0, 101.5), (150.0, 103.5))
LID_TOP, LID_BOTTOM, BROW = -5.5, 5.0, -10.0
"""Of an eye, relative to its middle."""
MOUTH_X, CORNER_Y, MOUTH_HALF = 127.0, 140.0, 21.0
LIPS_BOW = 3.0
"""How much lower the upper lip is in the middle than at the corners of this smile."""
TEETH = 7.5
"""Height of the gap between the lips in the photograph."""
CHIN_Y = 178.0
CLOSED, OPEN = 0.12, 1.35
"""Height of the gap between closed and open lips, in TEETH."""
CORNER_IN, CORNER_DOWN = 5.0, 6.0
"""How far the corners of the mouth go in and down where the smile ends."""
FOLDS_XY, FOLD_SD, FOLD_BLUR_PX = ((103.0, 129.0), (152.0, 130.0)), (6.0, 12.0), 7.0
"""The folds beside nose and mouth that belong to the smile: smoothed where it ends."""
FACE_XY, FACE_SD = (128.0, 115.0), (48.0, 58.0)
YAW_PX, PITCH_PX = 0.55, 0.5
"""How far the middle of the face moves for a degree."""


@dataclass(frozen=True)
class Look:
    """What the face does, each 0-1."""

    opening: float = 0.0
    smile: float = 1.0
    closure: float = 0.0
    """Of the lids."""


@dataclass(frozen=True)
class Pose:
    """Angles in degrees: up, to the picture's right, clockwise."""

    pitch_deg: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0


def picture(look: Look, pose: Pose, light: float) -> NDArray[np.uint8]:
    """RGB (480, 480, 3).

    Args:
        look: Mouth and lids.
        pose: Of the head.
        light: -1 to 1, where the light comes from: left or right.
    """
    step = CUT_PX / GRID_PX
    y, x = (axis.astype(np.float32) * step for axis in np.indices((GRID_PX, GRID_PX)))
    x, y = _unposed(x, y, pose)
    x, y = _unsmiled(x, y, 1 - look.smile)
    y = _unopened(x, y, look)
    for eye_xy in EYES_XY:
        y = _unblinked(x, y, eye_xy, look.closure)
    x, y = (cv2.resize(axis.astype(np.float32), (SIDE_PX, SIDE_PX)) for axis in (x, y))
    sharp, smooth = (
        cv2.remap(photo, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        for photo in (_photo(), _smooth())
    )
    folds = (1 - look.smile) * sum(
        _bell((x - at[0]) / FOLD_SD[0]) * _bell((y - at[1]) / FOLD_SD[1]) for at in FOLDS_XY
    )
    share = np.clip(1.6 * np.asarray(folds), 0, 1)[..., None]
    seen = (sharp * (1 - share) + smooth * share) * _lit(light)
    return np.clip(seen, 0, 255).astype(np.uint8)


@cache
def _photo() -> F32:
    return data.astronaut()[CUT].astype(np.float32)


@cache
def _smooth() -> F32:
    return cv2.GaussianBlur(_photo(), (0, 0), FOLD_BLUR_PX)


def _lit(light: float) -> F32:
    """Gain of each pixel (480, 480, 1)."""
    across = np.linspace(-1, 1, SIDE_PX, dtype=np.float32)[None, :, None]
    return np.float32(1) + np.float32(0.1 * light) * across


def _bell(distance: F32) -> F32:
    return np.exp(-0.5 * distance**2)


def _unposed(x: F32, y: F32, pose: Pose) -> tuple[F32, F32]:
    """Where each place of the output lies before the head is turned."""
    depth = _bell((x - FACE_XY[0]) / FACE_SD[0]) * _bell((y - FACE_XY[1]) / FACE_SD[1])
    x, y = x - YAW_PX * pose.yaw_deg * depth, y + PITCH_PX * pose.pitch_deg * depth
    angle = np.float32(np.radians(-pose.roll_deg)) * _bell((y - FACE_XY[1]) / 90)
    dx, dy = x - FACE_XY[0], y - np.float32(190)
    return (
        FACE_XY[0] + np.cos(angle) * dx - np.sin(angle) * dy,
        np.float32(190) + np.sin(angle) * dx + np.cos(angle) * dy,
    )


def _unsmiled(x: F32, y: F32, amount: float) -> tuple[F32, F32]:
    """The corners of the mouth come in and down."""
    for side in (-1, 1):
        corner = MOUTH_X + side * (MOUTH_HALF - CORNER_IN * amount)
        near = _bell((x - corner) / 10) * _bell((y - CORNER_Y - CORNER_DOWN * amount) / 11)
        x = x + side * CORNER_IN * amount * near
        y = y - CORNER_DOWN * amount * near
    return x, y


def _unopened(x: F32, y: F32, look: Look) -> F32:
    """The gap between the lips is made lower or higher; what is below follows down to the chin."""
    open_share = CLOSED + (OPEN - CLOSED) * look.opening
    share = max(open_share, 0.95 * look.smile)
    across = np.clip((x - MOUTH_X) / (MOUTH_HALF + 4), -1, 1)
    inside = (1 - across**2) ** 0.7
    upper = CORNER_Y + LIPS_BOW * (1 - across**2)
    gap = 1 + (share - 1) * inside
    height = TEETH * gap
    below = y - upper
    stretched = upper + below / np.maximum(gap, 0.05)
    moved = TEETH - height
    fade = np.clip((CHIN_Y - y) / (CHIN_Y - upper - height), 0, 1)
    lower = y + moved * fade
    return np.where(below < 0, y, np.where(below < height, stretched, lower)).astype(np.float32)


def _unblinked(x: F32, y: F32, eye_xy: tuple[float, float], closure: float) -> F32:
    """The upper lid comes down over the eye."""
    across = np.clip((x - eye_xy[0]) / 13, -1, 1)
    down = closure * (LID_BOTTOM - LID_TOP - 1.2) * (1 - across**2) ** 0.5
    rel = y - np.float32(eye_xy[1])
    lid = LID_TOP + down
    skin = BROW + (rel - BROW) * (LID_TOP - BROW) / (lid - BROW)
    eye = LID_BOTTOM - (LID_BOTTOM - rel) * (LID_BOTTOM - LID_TOP) / np.maximum(
        LID_BOTTOM - lid, 0.1
    )
    inside = np.where(rel < lid, skin, eye)
    is_eye = (rel > BROW) & (rel < LID_BOTTOM)
    return np.where(is_eye, eye_xy[1] + inside, y).astype(np.float32)
