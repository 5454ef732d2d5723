"""A face and a voice that need no data folder."""

from __future__ import annotations

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

RATE_HZ = 48_000


def astronaut(size_wh: tuple[int, int] = (640, 360)) -> NDArray[np.uint8]:
    """The public-domain portrait of Eileen Collins (NASA), one face, on a canvas of that size."""
    width, height = size_wh
    photo = skimage.data.astronaut()
    side = min(width, height)
    canvas = np.full((height, width, 3), 90, np.uint8)
    left, top = (width - side) // 2, (height - side) // 2
    scaled = cv2.resize(photo, (side, side), interpolation=cv2.INTER_AREA)
    canvas[top : top + side, left : left + side] = scaled
    return canvas


def vowel(duration_s: float, f0_hz: float = 150.0, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """A voice-like sound: harmonics of f0 with the formants of an open vowel, float32 (N,)."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    harmonics = np.arange(1, int(4000 / f0_hz))
    formants = ((700, 130), (1220, 170), (2600, 250))
    gain = sum(np.exp(-0.5 * ((harmonics * f0_hz - f) / w) ** 2) for f, w in formants) + 0.05
    sound = (gain[:, None] * np.sin(2 * np.pi * f0_hz * harmonics[:, None] * t)).sum(axis=0)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)
