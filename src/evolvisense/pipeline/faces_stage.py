"""Frames -> observations: detect, follow, crop, and read expressions in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from evolvisense.faces import face_crops, measure_quality
from evolvisense.models.sessions import MAX_BATCH
from evolvisense.pipeline.clock import StageClock
from evolvisense.types.arrays import F32, I64, U8
from evolvisense.types.engines import (
    ExpressionClassifier,
    FaceDetector,
    TrackerState,
    WholeFrameReader,
)
from evolvisense.types.faces import FaceDetections, FaceObservations, FaceQuality, FrameLog
from evolvisense.types.media import VideoFrame
from evolvisense.types.scores import EMOTIONS

QUALITY_CROP_PX = 64


@dataclass(frozen=True)
class FrameReading:
    """What is known of one frame before its expressions are read."""

    number: int
    pts_s: float
    track_id: I64
    detections: FaceDetections
    quality: FaceQuality


class FrameReader(Protocol):
    """One way from a frame to its faces and their probabilities."""

    def find(self, rgb: U8) -> tuple[FaceDetections, U8]:
        """Faces of a frame and their crops (F, S, S, 3)."""
        ...

    def probabilities(self, crops: U8) -> F32:
        """Float32 (M, 7) of crops collected over frames."""
        ...


class CropReader:
    """Our way: a detector finds faces, a classifier reads their crops in batches."""

    def __init__(
        self, detector: FaceDetector, classifier: ExpressionClassifier, clock: StageClock
    ) -> None:
        self._detector, self._classifier, self._clock = detector, classifier, clock

    def find(self, rgb: U8) -> tuple[FaceDetections, U8]:
        """Faces of a frame and the crops that the classifier wants."""
        with self._clock.stage("detect"):
            found = self._detector.detect(rgb)
        with self._clock.stage("crop"):
            return found, face_crops(rgb, found.xyxy, self._classifier.input_px)

    def probabilities(self, crops: U8) -> F32:
        """One call for many faces."""
        with self._clock.stage("expression"):
            return self._classifier.probabilities(crops)


class WholeReader:
    """The old way: one engine finds and reads the faces of a whole frame."""

    def __init__(self, engine: WholeFrameReader, clock: StageClock) -> None:
        self._engine, self._clock = engine, clock
        self._read: list[F32] = []

    def find(self, rgb: U8) -> tuple[FaceDetections, U8]:
        """Faces of a frame; their probabilities are kept until they are asked for."""
        with self._clock.stage("expression"):
            found, probs = self._engine.read(rgb)
        self._read.append(probs)
        return found, face_crops(rgb, found.xyxy, QUALITY_CROP_PX)

    def probabilities(self, crops: U8) -> F32:
        """Those of the frames since the last call."""
        probs = np.concatenate([np.zeros((0, len(EMOTIONS)), np.float32), *self._read])
        self._read = []
        if len(probs) != len(crops):
            raise ValueError(f"expected probabilities of {len(crops)} faces, got {len(probs)}")
        return probs


@dataclass
class FaceStage:
    """Reads frames one after the other; memory per face is about 100 bytes."""

    reader: FrameReader
    tracker: TrackerState
    _frames: list[tuple[int, float, int]] = field(default_factory=list[tuple[int, float, int]])
    _columns: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    _waiting: list[tuple[int, FrameReading, U8]] = field(
        default_factory=list[tuple[int, FrameReading, U8]]
    )
    _waiting_faces: int = 0

    def read(self, frames: Iterable[VideoFrame]) -> Iterator[FrameReading]:
        """Take the frames; yields each as soon as its faces are found."""
        for frame in frames:
            found, crops = self.reader.find(frame.rgb)
            reading = FrameReading(
                number=frame.number,
                pts_s=frame.pts_s,
                track_id=self.tracker.update(frame.pts_s, found),
                detections=found,
                quality=measure_quality(crops, found.xyxy),
            )
            row = len(self._frames)
            self._frames.append((frame.number, frame.pts_s, len(found)))
            if len(found):
                self._waiting.append((row, reading, crops))
                self._waiting_faces += len(found)
            if self._waiting_faces >= MAX_BATCH:
                self._classify()
            yield reading
        self._classify()

    def result(self) -> tuple[FrameLog, FaceObservations]:
        """The analysed frames and every face in them."""
        number, pts_s, count = zip(*self._frames, strict=True) if self._frames else ((), (), ())
        log = FrameLog(
            np.array(number, np.int64), np.array(pts_s, np.float64), np.array(count, np.int64)
        )
        empty = _columns_of([], np.zeros((0, len(EMOTIONS)), np.float32))
        columns = [np.concatenate(parts) for parts in zip(empty, *self._columns, strict=True)]
        row, track_id, xyxy, score, size, sharpness, brightness, probs = columns
        quality = FaceQuality(size, sharpness, brightness)
        return log, FaceObservations(row, track_id, xyxy, score, quality, probs)

    def _classify(self) -> None:
        if not self._waiting:
            return
        probs = self.reader.probabilities(np.concatenate([crops for _, _, crops in self._waiting]))
        self._columns.append(_columns_of([(row, r) for row, r, _ in self._waiting], probs))
        self._waiting, self._waiting_faces = [], 0


def _columns_of(readings: list[tuple[int, FrameReading]], probs: F32) -> tuple[Any, ...]:
    """The fields of FaceObservations for some frames, each an array over their faces."""
    none = FaceDetections.none()
    one = np.zeros(0, np.float32)
    rows = [np.full(len(r.detections), row, np.int64) for row, r in readings]
    return (
        np.concatenate([np.zeros(0, np.int64), *rows]),
        np.concatenate([np.zeros(0, np.int64), *(r.track_id for _, r in readings)]),
        np.concatenate([none.xyxy, *(r.detections.xyxy for _, r in readings)]),
        np.concatenate([none.score, *(r.detections.score for _, r in readings)]),
        np.concatenate([one, *(r.quality.size_px for _, r in readings)]),
        np.concatenate([one, *(r.quality.sharpness for _, r in readings)]),
        np.concatenate([one, *(r.quality.brightness for _, r in readings)]),
        probs,
    )
