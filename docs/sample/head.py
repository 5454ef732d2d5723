"""A head as a surface: depth and colours over the plane of the picture, turned and lit.

Coordinates are pixels of the picture, x to the right and y down, from the middle of the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

SIDE_PX = 480
MIDDLE_XY = (240.0, 232.0)
EYE_XY = (44.0, -14.0)
"""Of the right-hand eye in the picture; the other one is its mirror image."""
MOUTH_Y = 66.0
LIGHT = np.array((-0.38, -0.42, 0.82), np.float32)
SKIN = np.array((229, 178, 148), np.float32)
HAIR = np.array((74, 47, 34), np.float32)
SOLVER_STEPS = 5

Y, X = (
    (axis - middle).astype(np.float32)
    for axis, middle in zip(np.indices((SIDE_PX, SIDE_PX)), MIDDLE_XY[::-1], strict=True)
)


@dataclass(frozen=True)
class Pose:
    """Angles in degrees: up, to the picture's right, clockwise; and a shift in pixels."""

    pitch_deg: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0
    shift_xy: tuple[float, float] = (0.0, 0.0)

    def matrix(self) -> F32:
        """(3, 3); z comes towards the camera."""
        p, y, r = np.radians((self.pitch_deg, self.yaw_deg, self.roll_deg))
        about_x = np.array(((1, 0, 0), (0, np.cos(p), -np.sin(p)), (0, np.sin(p), np.cos(p))))
        about_y = np.array(((np.cos(y), 0, np.sin(y)), (0, 1, 0), (-np.sin(y), 0, np.cos(y))))
        about_z = np.array(((np.cos(r), -np.sin(r), 0), (np.sin(r), np.cos(r), 0), (0, 0, 1)))
        return (about_z @ about_y @ about_x).astype(np.float32)


def bump(x: float, y: float, width: float, height: float) -> F32:
    """A hill of 1 in the middle."""
    return np.exp(-(((X - x) / width) ** 2) - ((Y - y) / height) ** 2)


def pair(x: float, y: float, width: float, height: float) -> F32:
    """The same on both sides."""
    return bump(x, y, width, height) + bump(-x, y, width, height)


def oval(half_width: float, half_height: float, y: float = 0.0, power: float = 2.0) -> F32:
    """Distance from the middle, 1 on the outline."""
    return (np.abs(X / half_width) ** power + np.abs((Y - y) / half_height) ** power) ** (1 / power)


def soft(distance: F32, edge: float = 0.02) -> F32:
    """1 inside of an outline, 0 outside."""
    return np.clip((1 - distance) / edge * 0.5 + 0.5, 0, 1)


# The jaw is narrower than the temples.
NARROWER = 1 + 0.24 * np.clip((Y - 20) / 120, 0, 1) ** 1.5
FACE = ((X * NARROWER / 104) ** 2 + ((Y - 0) / 136) ** 2) ** 0.5
"""1 on the outline of the face."""
CAP = oval(126, 152, -28, 2.2)
LOCKS = np.maximum(oval(124, 190, -6, 3.0), (Y - 112) / 30 + 1)
HEAD = np.minimum(np.minimum(FACE, CAP), LOCKS)


BESIDE = cv2.GaussianBlur((FACE > 1).astype(np.float32), (0, 0), 7)
"""1 where hair hangs, which is further from the camera than the cheek."""


@cache
def depth(opening: float, smile: float) -> F32:
    """(H, W) towards the camera, pixels."""
    surface = 96 * np.clip(1 - oval(134, 178, -12) ** 2.2, 0, 1) - 9 * BESIDE
    surface += 21 * bump(0, 26, 13, 17) + 9 * bump(0, 0, 9, 30) + 6 * pair(13, 32, 7, 7)
    surface += 5 * pair(40, -36, 34, 9) - 8 * pair(EYE_XY[0], EYE_XY[1], 22, 12)
    surface += (4 + 4 * smile) * pair(56, 26, 24, 20)
    surface += 7 * bump(0, MOUTH_Y, 34, 15) - 4 * bump(0, MOUTH_Y + 24 + 6 * opening, 22, 8)
    return (surface + 8 * bump(0, 112 + 8 * opening, 26, 18)).astype(np.float32)


@cache
def skin(smile: float) -> F32:
    """(H, W, 3) colours of the bare face, 0-255."""
    colours = np.tile(SKIN, (SIDE_PX, SIDE_PX, 1))
    blush = (0.16 + 0.14 * smile) * pair(58, 34, 26, 22) + 0.12 * bump(0, 30, 12, 10)
    colours -= blush[..., None] * np.array((10, 62, 58), np.float32)
    shadow = 0.20 * pair(EYE_XY[0], EYE_XY[1] - 4, 26, 13) + 0.38 * pair(8, 42, 5, 3)
    shadow += 0.16 * bump(0, 47, 16, 4) + 0.10 * bump(0, MOUTH_Y + 22, 20, 5)
    colours *= 1 - shadow[..., None] * np.array((0.7, 1.0, 1.0), np.float32)
    fold = np.abs(np.abs(X) - (24 + 0.42 * (Y - 34)) - 3)
    folds = np.exp(-((fold / 3) ** 2)) * np.clip(1 - np.abs((Y - 52) / 22), 0, 1)
    return colours * (1 - (0.04 + 0.20 * smile) * folds[..., None])


def strands() -> F32:
    """(H, W, 3) colours of the hair: lines that fall from the parting."""
    rng = np.random.default_rng(4)
    angle = np.arctan2(X + 18, Y + 210)
    lines = cv2.GaussianBlur(rng.normal(0, 1, (1, 1400)).astype(np.float32), (9, 1), 2)[0]
    place = np.clip((angle * 520 + 700), 0, 1399).astype(np.int64)
    shine = 1 + 0.34 * lines[place] + 0.5 * np.exp(-(((Y + 118 + X * X / 420) / 26) ** 2))
    return HAIR * shine[..., None]


def hairline() -> F32:
    """(H, W) 1 where hair covers the head, 0 where the face is bare."""
    fringe = -74 + 0.0022 * (X + 24) ** 2 + 5 * np.sin(X / 9.0)
    sides = np.abs(X) * NARROWER - 96 + 10 * np.exp(-(((Y + 20) / 60) ** 2))
    uncovered = np.clip((Y - fringe) / 10, 0, 1) * np.clip(-sides / 6, 0, 1)
    bare = cv2.GaussianBlur((uncovered * soft(FACE, 0.02)).astype(np.float32), (0, 0), 1.2)
    return np.where(Y > 108, 1 - soft(FACE, 0.02), 1 - bare)


HAIR_COLOURS, HAIRLINE = strands(), hairline()
OUTLINE = cv2.GaussianBlur(soft(HEAD, 0.016).astype(np.float32), (0, 0), 0.8)


def turned(colours: F32, surface: F32, pose: Pose) -> tuple[F32, F32]:
    """Colours (H, W, 3) of the lit head as the camera sees it, and its outline (H, W), 0-1."""
    rotation = pose.matrix()
    lit = colours * _shade(surface, rotation)[..., None]
    back = np.linalg.inv(rotation[:2, :2])
    seen = np.stack([X - pose.shift_xy[0], Y - pose.shift_xy[1]], axis=-1)
    xy = cv2.transform(seen, back)
    for _ in range(SOLVER_STEPS):
        z = _sampled(surface, xy)
        xy = cv2.transform(seen - z[..., None] * rotation[:2, 2], back)
    return _sampled(lit.astype(np.float32), xy), _sampled(OUTLINE, xy)


def _shade(surface: F32, rotation: F32) -> F32:
    down, right = np.gradient(cv2.GaussianBlur(surface, (0, 0), 1.6))
    normal = np.stack([-right, -down, np.ones_like(right)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    facing = normal @ (rotation.T @ (LIGHT / np.linalg.norm(LIGHT)))
    return 0.46 + 0.62 * np.clip(facing, 0, 1) + 0.10 * np.clip(facing, 0, 1) ** 12


def _sampled(values: F32, xy: F32) -> F32:
    place = (xy + np.array(MIDDLE_XY, np.float32)).astype(np.float32)
    return cv2.remap(
        values, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
