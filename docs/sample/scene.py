"""One picture: background, shoulders, neck and the head before them."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from docs.sample.features import Look, paint
from docs.sample.head import (
    F32,
    HAIR_COLOURS,
    HAIRLINE,
    SIDE_PX,
    SKIN,
    Pose,
    X,
    Y,
    depth,
    skin,
    soft,
    turned,
)

WALL, SHIRT = np.array((150, 166, 178), np.float32), np.array((62, 104, 112), np.float32)


def picture(look: Look, pose: Pose) -> NDArray[np.uint8]:
    """RGB (H, W, 3)."""
    surface = depth(round(look.opening, 1), round(look.smile, 1))
    face = paint(skin(round(look.smile, 1)), look)
    covered = HAIRLINE[..., None]
    colours, outline = turned(face * (1 - covered) + HAIR_COLOURS * covered, surface, pose)
    behind = _shadowed(_background(), outline)
    seen = colours * outline[..., None] + behind * (1 - outline[..., None])
    return np.clip(seen, 0, 255).astype(np.uint8)


@cache
def _background() -> F32:
    wall = WALL * (1.06 - 0.10 * (Y / 240)[..., None] - 0.08 * (X / 240)[..., None])
    rounding = 1 - 0.28 * (X / 62) ** 2
    neck = SKIN * (0.80 * rounding)[..., None] - 12 * np.clip((Y - 120) / 40, 0, 1)[..., None]
    below = np.clip((Y - 60) / 20, 0, 1)[..., None]
    neck_at = (
        below * soft(np.abs(X) / (50 + 0.004 * np.clip(Y - 120, 0, None) ** 2), 0.03)[..., None]
    )
    drop = 168 + 0.0026 * X**2 + 22 * np.exp(-((X / 58) ** 2))
    shirt_at = np.clip((Y - drop) / 2, 0, 1)[..., None]
    shirt = SHIRT * (1.05 - 0.22 * np.abs(X / 200)[..., None] + 0.05 * np.sin(X / 23)[..., None])
    seen = wall * (1 - neck_at) + neck * neck_at
    return (seen * (1 - shirt_at) + shirt * shirt_at).astype(np.float32)


def _shadowed(behind: F32, outline: F32) -> F32:
    """With the head's shadow, which falls down on neck and shirt."""
    moved = np.float32(((1, 0, 6), (0, 1, 20)))
    cast = cv2.GaussianBlur(cv2.warpAffine(outline, moved, (SIDE_PX, SIDE_PX)), (0, 0), 9)
    return behind * (1 - 0.34 * cast[..., None])
