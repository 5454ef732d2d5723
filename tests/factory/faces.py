"""Painted faces, and engines that read exactly what was painted.

A face is a square marker in the middle of its crop. Its size says how large the crop has to be, its
colours what the network is to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from evolvisense.face import CROP_MARGIN
from evolvisense.models.registry import spec
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import Effort, ModelIdentity
from evolvisense.types.face import CropReadings, FaceDetections, FaceLayout
from evolvisense.types.scores import EMOTIONS, Emotion

SIDES_PER_MARKER = 8
"""The crop of a face is so many times as large as its marker."""
EMOTION_STEP, MOTION_STEPS = 32, 31
LOWER_LIPS = (178, 14, 402)
QUICK_SIDE_PX = 60
"""A quick look misses smaller faces."""


def face_layout() -> FaceLayout:
    """The order of the shipped network's outputs."""
    known = spec("face").parameters
    return FaceLayout(
        actions=tuple(known["actions"]),
        mesh_points=tuple(known["mesh_points"]),
        mean_shape_xy=np.array(known["mean_shape_xy"], np.float32),
        action_units=tuple(known.get("action_units", ())),
    )


@dataclass(frozen=True)
class Painted:
    """One face: where its crop lies, in source pixels, and what the network says of it."""

    x: int
    y: int
    side_px: int = 80
    """A multiple of 16."""
    presence: float = 1.0
    emotion: Emotion = "neutral"
    motion: float = 0.0
    """0-1: the lids close, the mouth opens and the head turns to the picture's right."""


def picture(*faces: Painted, size_wh: tuple[int, int] = (320, 240)) -> U8:
    """Black, with the markers of the faces."""
    rgb = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    for face in faces:
        half = face.side_px // SIDES_PER_MARKER // 2
        place = rgb[face.y - half : face.y + half, face.x - half : face.x + half]
        emotion = EMOTION_STEP * EMOTIONS.index(face.emotion)
        place[:] = (255, round(face.presence * 255), emotion + round(face.motion * MOTION_STEPS))
    return rgb


@dataclass(frozen=True)
class _Marker:
    x: float
    y: float
    side: float
    green: int
    blue: int


def _markers(rgb: U8) -> Iterator[_Marker]:
    """The markers in a picture or a resized part of it, in its pixels."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats((rgb[:, :, 0] > 127).astype(np.uint8))
    for left, top, width, height, _ in boxes[1:]:
        # The edge of a resized marker is grey: weights make its place and size exact again.
        around = rgb[max(0, top - 1) : top + height + 1, max(0, left - 1) : left + width + 1]
        weight = around[:, :, 0].astype(np.float64) / 255
        rows, columns = np.indices(weight.shape) + 0.5
        yield _Marker(
            x=max(0, left - 1) + float((columns * weight).sum() / weight.sum()),
            y=max(0, top - 1) + float((rows * weight).sum() / weight.sum()),
            side=float(np.sqrt(weight.sum())),
            # Cubic enlargement overshoots along the edges, not in the middle.
            green=int(rgb[top + height // 2, left + width // 2, 1]),
            blue=int(rgb[top + height // 2, left + width // 2, 2]),
        )


class PaintedDetector:
    """Finds every marker; `efforts` has one entry for each time that it was asked."""

    model = ModelIdentity("painted-detector", "1", "MIT")

    def __init__(self, *, off: float = 0.0, boxes_per_face: int = 1, score: float = 0.95) -> None:
        """`off`: boxes lie to the right by this share of the crop's side."""
        self.efforts: list[Effort] = []
        self._off, self._boxes_per_face, self._score = off, boxes_per_face, score

    def detect(self, rgb: U8, effort: Effort = "full") -> FaceDetections:
        """The boxes that make the crops which the markers ask for."""
        self.efforts.append(effort)
        boxes: list[tuple[float, ...]] = []
        for marker in _markers(rgb):
            side = marker.side * SIDES_PER_MARKER
            if effort == "quick" and side < QUICK_SIDE_PX:
                continue
            x, half = marker.x + self._off * side, side / CROP_MARGIN / 2
            box = (x - half, marker.y - half, x + half, marker.y + half)
            boxes += [box] * self._boxes_per_face
        xyxy = np.array(boxes, np.float32).reshape(-1, 4)
        return FaceDetections(xyxy, np.full(len(boxes), self._score, np.float32))


class PaintedNetwork:
    """Reads the marker nearest to a crop's middle; `counts` has the crops of each call."""

    model = ModelIdentity("painted-network", "1", "MIT", "0" * 64)
    input_px = 64

    def __init__(self) -> None:
        self.layout = face_layout()
        self.counts: list[int] = []

    def probabilities(self, crops_rgb: U8) -> F32:
        """float32 (M, 7)."""
        return self.read_crops(crops_rgb).probs

    def read_crops(self, crops_rgb: U8) -> CropReadings:
        """Landmarks are the mean shape around the marker."""
        self.counts.append(len(crops_rgb))
        said = _nothing(len(crops_rgb), self.layout)
        for row, crop in enumerate(crops_rgb):
            markers = list(_markers(crop))
            if markers:
                middle = self.input_px / 2
                nearest = min(markers, key=lambda m: (m.x - middle) ** 2 + (m.y - middle) ** 2)
                _tell(said, row, nearest, self.layout, self.input_px)
        return said


def _nothing(count: int, layout: FaceLayout) -> CropReadings:
    return CropReadings(
        probs=np.full((count, len(EMOTIONS)), 1 / len(EMOTIONS), np.float32),
        action=np.zeros((count, len(layout.actions)), np.float32),
        landmark_xy=np.repeat(layout.mean_shape_xy[None], count, axis=0),
        pose_deg=np.zeros((count, 3), np.float32),
        presence=np.zeros(count, np.float32),
        au=np.ones((count, len(layout.action_units)), np.float32) if layout.action_units else None,
    )


def _tell(said: CropReadings, row: int, marker: _Marker, layout: FaceLayout, side: int) -> None:
    emotion, steps = divmod(marker.blue, EMOTION_STEP)
    motion = steps / MOTION_STEPS
    zoom = marker.side * SIDES_PER_MARKER / side
    shape = layout.mean_shape_xy.copy()
    shape[layout.points(*LOWER_LIPS), 1] += 0.1 * motion
    said.landmark_xy[row] = np.array((marker.x, marker.y)) / side + (shape - 0.5) * zoom
    said.probs[row] = 0.05
    said.probs[row, emotion] = 0.7
    said.action[row] = 0.1
    blinks: Sequence[int] = [layout.action(f"eyeBlink{eye}") for eye in ("Left", "Right")]
    said.action[row, blinks] = motion
    said.pose_deg[row] = (0, 10 * motion, 0)
    said.presence[row] = marker.green / 255
