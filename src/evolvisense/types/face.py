"""Faces found in frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evolvisense.types.arrays import F16, F32, F64, I64, U16, Bools, require_shape
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
    """Standard deviation of the Laplacian of the grey crop in grey levels; a blurred or enlarged
    face is low."""
    brightness: F32
    """Mean grey level of the crop, 0-1."""


@dataclass(frozen=True)
class CropReadings:
    """What a face network says of M crops."""

    probs: F32
    """(M, 7) in the order of EMOTIONS; rows sum to 1."""
    action: F32
    """(M, 52), 0-1, in the order of the network's layout."""
    landmark_xy: F32
    """(M, P, 2), shares of the crop."""
    pose_deg: F32
    """(M, 3): pitch (up), yaw (to the picture's right) and roll (clockwise) of the face in the
    crop."""
    presence: F32
    """(M,), 0-1: how surely the crop holds a face in its middle."""
    au: F32 | None = None
    """(M, A), FACS intensity 0-5 of the layout's action units; None where the network has none."""

    def __len__(self) -> int:
        return len(self.probs)


@dataclass(frozen=True)
class FaceLayout:
    """The order of a face network's outputs."""

    actions: tuple[str, ...]
    """Names of the 52 blendshapes of ARKit and MediaPipe."""
    mesh_points: tuple[int, ...]
    """Number in MediaPipe's face mesh of each of the P landmarks."""
    mean_shape_xy: F32
    """(P, 2): where the landmarks of a frontal face lie in a crop, as shares of it."""
    action_units: tuple[str, ...] = ()
    """FACS names of the A action units, as AU01."""

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {point: row for row, point in enumerate(self.mesh_points)}

    def points(self, *mesh: int) -> list[int]:
        """Rows of mesh points among the landmarks."""
        return [self._rows[point] for point in mesh]

    def action(self, name: str) -> int:
        """Column of an action."""
        return self.actions.index(name)


@dataclass(frozen=True)
class FaceGeometry:
    """Actions, pose and distances of M faces; float16 where an hour of them has to fit."""

    action: F16
    """(M, 52), 0-1."""
    pose_deg: F32
    """(M, 3) pitch, yaw, roll of the head before the camera: up, to the picture's right and
    clockwise are positive."""
    lid_gap: F16
    """(M, 2) right and left eye: gap between the lids over the width of the eye (eye aspect ratio,
    Soukupova & Cech 2016)."""
    mouth_gap: F16
    """(M,): gap between the inner lips over the distance between the eyes."""
    eye_distance_px: F32
    """(M,): between the centres of the eyes in source pixels."""
    eyes_covered: Bools | None = None
    """(M,): dark glasses, a hand; None where the reader does not look for covers."""
    mouth_covered: Bools | None = None
    """(M,): a mask, a hand."""
    landmark: U16 | None = None
    """(M, P, 2) as `report.landmarks` packs them; None unless they were asked for."""
    au: F16 | None = None
    """(M, A), FACS intensity 0-5 of the layout's action units; None where the network has none."""

    def __len__(self) -> int:
        return len(self.pose_deg)


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
    """How sure the detector, or where a face network follows faces the network, is of the face."""
    detected: Bools
    """Whether the detector looked at this frame; False where the face was followed by its
    landmarks."""
    quality: FaceQuality
    probs: F32
    """(M, 7) in the order of EMOTIONS; rows sum to 1."""
    geometry: FaceGeometry | None = None
    """None where the engine reads expressions only."""

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
