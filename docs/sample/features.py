"""Eyes, brows and mouth, painted on the skin of the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docs.sample.head import EYE_XY, F32, MIDDLE_XY, MOUTH_Y, SKIN

FINER = 2
"""Features are drawn so much larger, for smooth edges."""
FINE_BITS = 4
"""Positions are drawn to a sixteenth of a pixel."""
LASHES, BROW = (46, 28, 22), (70, 44, 32)
WHITE, IRIS, PUPIL = (238, 236, 232), (86, 110, 96), (22, 20, 22)
LIP, LIP_LOW, MOUTH, TEETH, TONGUE = (
    (188, 92, 88),
    (202, 108, 102),
    (72, 22, 26),
    (240, 236, 228),
    (186, 86, 86),
)
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Look:
    """What a face does, each 0-1 but `gaze_xy`, in pixels."""

    opening: float = 0.0
    width: float = 0.5
    """Of the mouth: rounded lips 0, spread lips 1."""
    smile: float = 0.0
    closure: float = 0.0
    """Of the lids."""
    brows: float = 0.0
    gaze_xy: tuple[float, float] = (0.0, 0.0)


def paint(colours: F32, look: Look) -> F32:
    """The face with its features; colours (H, W, 3), 0-255."""
    small = colours.shape[1::-1]
    canvas = cv2.resize(np.clip(colours, 0, 255).astype(np.uint8), None, fx=FINER, fy=FINER)
    for side in (-1, 1):
        _eye(canvas, side, look)
        _brow(canvas, side, look)
    _mouth(canvas, look)
    return cv2.resize(canvas, small, interpolation=cv2.INTER_AREA).astype(np.float32)


def _curve(x: F32, y: F32 | float) -> F32:
    return np.stack(np.broadcast_arrays(x, np.asarray(y, np.float32)), axis=-1)


def _pixels(points: F32) -> NDArray[np.int32]:
    at = (points + np.array(MIDDLE_XY)) * FINER * 2**FINE_BITS
    return np.round(at).astype(np.int32)


def _fill(canvas: NDArray[np.uint8], points: F32, colour: Colour) -> None:
    cv2.fillPoly(canvas, [_pixels(points)], colour, cv2.LINE_AA, FINE_BITS)


def _line(canvas: NDArray[np.uint8], points: F32, colour: Colour, thickness: int) -> None:
    cv2.polylines(
        canvas, [_pixels(points)], False, colour, thickness * FINER, cv2.LINE_AA, FINE_BITS
    )


def _around(points: F32) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a place that holds the points, in pixels drawn."""
    at = _pixels(points) >> FINE_BITS
    return (*(int(v) for v in at.min(axis=0) - 2), *(int(v) for v in at.max(axis=0) + 3))


def _eye(canvas: NDArray[np.uint8], side: int, look: Look) -> None:
    x = np.linspace(-1, 1, 33, dtype=np.float32)
    arch = np.sqrt(np.clip(1 - x**2, 0, 1)) * (1 - 0.12 * x * side)
    squeeze = 0.28 * look.smile
    up = (10.5 * (1 - squeeze * 0.6)) * (1 - look.closure)
    low = 6.5 * (1 - squeeze) + 1.0 * look.closure
    cx, cy = side * EYE_XY[0], EYE_XY[1]
    top = _curve(cx + 20 * x, cy - up * arch + low * arch * look.closure - side * x * 1.2)
    bottom = _curve(cx + 20 * x, cy + low * arch - side * x * 1.2)
    almond = np.concatenate([top, bottom[::-1]])
    # Drawn over all, kept between the lids.
    left, up_y, right, low_y = _around(almond)
    layer = canvas.copy()
    _fill(layer, almond, WHITE)
    gaze = np.array([[cx + look.gaze_xy[0], cy - 1.5 + look.gaze_xy[1]]], np.float32)
    middle = tuple(int(v) for v in _pixels(gaze)[0])
    for radius, colour in ((9.2, (52, 66, 58)), (8.2, IRIS), (4.0, PUPIL)):
        cv2.circle(layer, middle, round(radius * FINER * 16), colour, -1, cv2.LINE_AA, FINE_BITS)
    glint = tuple(int(v) for v in _pixels(gaze + np.array([[-3.0, -3.4]]))[0])
    cv2.circle(layer, glint, 28 * FINER, (250, 250, 250), -1, cv2.LINE_AA, FINE_BITS)
    inside = np.zeros(canvas.shape[:2], np.uint8)
    cv2.fillPoly(inside, [_pixels(almond)], 255, cv2.LINE_AA, FINE_BITS)
    near = np.s_[up_y:low_y, left:right]
    share = inside[near][..., None] / 255.0
    canvas[near] = (layer[near] * share + canvas[near] * (1 - share)).astype(np.uint8)
    _line(canvas, top - np.array((0, 0.6)), LASHES, 3)
    _line(canvas, bottom[6:-6], (168, 112, 96), 1)
    crease = _curve(cx + 21 * x, cy - 5 - 11 * arch - side * x * 1.2)
    _line(canvas, crease[3:-3], (176, 122, 98), 2)


def _brow(canvas: NDArray[np.uint8], side: int, look: Look) -> None:
    x = np.linspace(-1, 1, 25, dtype=np.float32)
    out = x * side
    middle = EYE_XY[1] - 29 - 7 * look.brows - 4 * (1 - out**2) - 2 * out
    thick = 4.2 - 2.6 * np.clip(out, 0, 1) - 0.8 * np.clip(-out - 0.7, 0, 1)
    cx = side * (EYE_XY[0] + 1)
    top, low = _curve(cx + 25 * x, middle - thick), _curve(cx + 25 * x, middle + thick * 0.7)
    _fill(canvas, np.concatenate([top, low[::-1]]), BROW)


def _mouth(canvas: NDArray[np.uint8], look: Look) -> None:
    x = np.linspace(-1, 1, 49, dtype=np.float32)
    half = 25 + 6 * look.width + 9 * look.smile
    arch = np.clip(1 - x**2, 0, 1)
    corner = -11 * look.smile * x**2 + 2.0 * look.smile
    drop = 24 * look.opening
    lip_up = 7.5 * (1 - 0.3 * look.smile)
    lip_low = 10.0 * (1 - 0.25 * look.smile)
    bow = 1.6 * np.exp(-((x / 0.16) ** 2)) - 1.2 * np.exp(-(((np.abs(x) - 0.3) / 0.2) ** 2))
    inner_top = MOUTH_Y + corner - 0.16 * drop * arch
    inner_low = MOUTH_Y + corner + 0.9 + 0.84 * drop * arch**0.8
    outer_top = inner_top - lip_up * arch**0.7 + bow * arch
    outer_low = inner_low + lip_low * arch**0.7
    across = half * x
    upper = np.concatenate([_curve(across, outer_top), _curve(across, inner_top)[::-1]])
    lower = np.concatenate([_curve(across, inner_low), _curve(across, outer_low)[::-1]])
    hole = np.concatenate([_curve(across, inner_top), _curve(across, inner_low)[::-1]])
    _fill(canvas, hole, MOUTH)
    if drop > 3:
        row = np.abs(x) < 0.72
        teeth = np.minimum(inner_top + 6.5 * arch, inner_low)
        _fill(
            canvas,
            np.concatenate([_curve(across, inner_top)[row], _curve(across, teeth)[row][::-1]]),
            TEETH,
        )
        tongue = np.maximum(inner_low - 0.34 * drop * arch, inner_top)
        near = np.abs(x) < 0.6
        _fill(
            canvas,
            np.concatenate([_curve(across, tongue)[near], _curve(across, inner_low)[near][::-1]]),
            TONGUE,
        )
    _fill(canvas, upper, LIP)
    _fill(canvas, lower, LIP_LOW)
    gloss = _curve(across * 0.4, outer_low[24] - 5.5)
    _line(canvas, gloss, tuple(int(v) for v in np.array(LIP_LOW) * 0.6 + SKIN * 0.4), 2)
    if drop <= 3:
        _line(canvas, _curve(across, inner_top + 0.4), (132, 54, 56), 2)
