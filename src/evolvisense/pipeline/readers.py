"""Ways from a frame to its faces that look at every frame for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from evolvisense.faces import face_crops, measure_quality
from evolvisense.pipeline.clock import StageClock
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import ExpressionClassifier, FaceDetector, WholeFrameReader
from evolvisense.types.faces import FaceDetections, FaceGeometry, FaceQuality

QUALITY_CROP_PX = 64


@dataclass(frozen=True)
class FrameFaces:
    """The F faces of one frame."""

    detections: FaceDetections
    detected: bool
    """Whether the detector looked at this frame."""
    quality: FaceQuality
    probs: F32
    """(F, 7) in the order of EMOTIONS; rows sum to 1."""
    geometry: FaceGeometry | None
    """None where the engine reads expressions only."""


class FrameReader(Protocol):
    """Reads the frames of one video in order."""

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        ...


class CropReader:
    """A detector finds faces, a classifier reads their crops."""

    def __init__(
        self, detector: FaceDetector, classifier: ExpressionClassifier, clock: StageClock
    ) -> None:
        self._detector, self._classifier, self._clock = detector, classifier, clock

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        with self._clock.stage("detect"):
            found = self._detector.detect(rgb)
        with self._clock.stage("crop"):
            crops = face_crops(rgb, found.xyxy, self._classifier.input_px)
        with self._clock.stage("expression"):
            probs = self._classifier.probabilities(crops)
        return FrameFaces(found, True, measure_quality(crops, found.xyxy), probs, None)


class WholeReader:
    """The old way: one engine finds and reads the faces of a whole frame."""

    def __init__(self, engine: WholeFrameReader, clock: StageClock) -> None:
        self._engine, self._clock = engine, clock

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        with self._clock.stage("expression"):
            found, probs = self._engine.read(rgb)
        crops = face_crops(rgb, found.xyxy, QUALITY_CROP_PX)
        return FrameFaces(found, True, measure_quality(crops, found.xyxy), probs, None)
