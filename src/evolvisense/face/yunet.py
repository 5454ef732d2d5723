"""Detector `yunet` (OpenCV FaceDetectorYN), an alternative to our own.

Its model is not in the package: `evolvisense models download yunet` fetches it once.
"""

from __future__ import annotations

import threading
from typing import Any

import cv2
import numpy as np

from evolvisense.face.detect import detect_small_first
from evolvisense.models.registry import load_bytes, spec
from evolvisense.types.arrays import U8
from evolvisense.types.engines import Effort, ModelIdentity
from evolvisense.types.face import FaceDetections

MIN_SCORE = 0.6
NMS_THRESHOLD = 0.3
TOP_K = 500


class YuNet:
    """Face boxes by YuNet (Wu, Peng & Yu 2023). Raises ModelMissingError without its file."""

    def __init__(self, model: bytes | None = None, identity: ModelIdentity | None = None) -> None:
        """`model`: the ONNX bytes; by default those of the spec `yunet`."""
        self.model = identity or spec("yunet").identity
        content = np.frombuffer(load_bytes(spec("yunet")) if model is None else model, np.uint8)
        self._content = content
        # A FaceDetectorYN holds the size of its input: each thread needs its own.
        self._local = threading.local()

    def detect(self, rgb: U8, effort: Effort = "full") -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) with score >= MIN_SCORE, best first."""
        return detect_small_first(rgb, self.detect_once, effort)

    def detect_once(self, rgb: U8, min_score: float = MIN_SCORE) -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) at the size it has: one pass of the network."""
        detector = self._detector()
        detector.setScoreThreshold(min_score)
        detector.setInputSize((rgb.shape[1], rgb.shape[0]))
        rows = detector.detect(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1]
        if rows is None:
            return FaceDetections.none()
        found = np.asarray(rows, np.float32)
        boxes = np.hstack([found[:, :2], found[:, :2] + found[:, 2:4]])
        return FaceDetections(boxes, found[:, 14])

    def _detector(self) -> Any:  # noqa: ANN401 - OpenCV's stubs name this class differently by version
        if not hasattr(self._local, "detector"):
            create: Any = cv2.FaceDetectorYN.create
            self._local.detector = create(
                "onnx",
                self._content,
                np.zeros(0, np.uint8),
                (320, 320),
                MIN_SCORE,
                NMS_THRESHOLD,
                TOP_K,
            )
        return self._local.detector
