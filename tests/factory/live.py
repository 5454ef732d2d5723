"""Live streams of painted pictures, engines that read them, and sound as a client sends it."""

from __future__ import annotations

import cv2
import numpy as np

from evolvisense.face.tracking import NearestTracker
from evolvisense.models.engines import Engines
from tests.factory.faces import Painted, PaintedDetector, PaintedNetwork, picture
from tests.voice.test_reading import READER


def painted_models() -> Engines:
    """Painted faces, real voices."""
    return Engines(
        PaintedDetector(), NearestTracker(), PaintedNetwork(), READER.activity, READER.pitch, None
    )


def png(*faces: Painted, size_wh: tuple[int, int] = (320, 240)) -> bytes:
    """The painted picture as a file; nothing of it is lost."""
    return encoded(picture(*faces, size_wh=size_wh), ".png")


def encoded(rgb: np.ndarray, kind: str = ".jpg") -> bytes:
    """The picture as a file."""
    return cv2.imencode(kind, np.ascontiguousarray(rgb[..., ::-1]))[1].tobytes()


def pcm16(mono: np.ndarray) -> bytes:
    """float32 samples as 16-bit little-endian."""
    return (np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes()
