"""Faces found in frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F32, F64, I64, require_shape
from evolvisense.types.scores import EMOTIONS


@dataclass(frozen=True)
class FaceDetections:
    """The faces that a detector found in one frame."""

    xyxy: F32
    """float32 (F, 4): left, top, right, bottom in source pixels."""
    score: F32
    """float32 (F,): the detector's own confidence, 0-1; not comparable between detectors."""

    def __post_init__(self) -> None:
        require_shape("xyxy", self.xyxy, (None, 4))
        require_shape("score", self.score, (len(self.xyxy),))

    def __len__(self) -> int:
        return len(self.score)

    @classmethod
    def none(cls) -> FaceDetections:
        """No face."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True)
class FaceQuality:
    """How well the faces of a frame can be read; arrays (F,)."""

    size_px: F32
    """Geometric mean of the box's sides in source pixels."""
    sharpness: F32
    """Standard deviation of the Laplacian of the grey 64 px crop in grey levels; a blurred or
    enlarged face is low."""
    brightness: F32
    """Mean grey level of the crop, 0-1."""


@dataclass(frozen=True)
class FrameLog:
    """The analysed frames, whether or not they hold a face; arrays (N,)."""

    number: I64
    """1-based number in the stream."""
    pts_s: F64
    face_count: I64


@dataclass(frozen=True)
class FaceObservations:
    """Every face of every analysed frame, in frame order; arrays (M,)."""

    row: I64
    """Row of the frame in `FrameLog`."""
    track_id: I64
    """1-based; stable while a face is followed."""
    xyxy: F32
    """(M, 4) source pixels."""
    score: F32
    quality: FaceQuality
    probs: F32
    """(M, 7) in the order of EMOTIONS; rows sum to 1."""

    def __post_init__(self) -> None:
        require_shape("xyxy", self.xyxy, (len(self.row), 4))
        require_shape("probs", self.probs, (len(self.row), len(EMOTIONS)))

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Person:
    """One person of the video: tracks that follow each other at one place."""

    id: int
    """1-based, by first appearance."""
    track_ids: tuple[int, ...]
    is_main: bool
    """True for the person who is seen longest and largest."""
