"""Face tracking between detections: landmarks say where a face is, the detector runs when needed.

    frame k: a face known, seen < 0.6 s ago and detected < 1 s ago?
       | yes                                                     | no
       v                                                         |
    crop each face where its landmarks were in frame k-1         |
       v                                                         v
    face network --presence < 0.7, or moved too far--> detect boxes in the frame
       | all present                                             v
       v                                               face network on the boxes
    crop off by > 6 %: once more around the landmarks            v
       |                                  keep: presence >= 0.5 or detector score >= 0.75
       v                                                         |
    one face for each place  <-----------------------------------+
       v
    FrameFaces; the next crops lie where the landmarks ask for them (dead zone of 3 %)

The dead zone keeps a still face from trembling: tests/analyzer/test_following.py,
`test_noise_in_the_landmarks_does_not_move_the_crop_of_a_still_face`. When the detector runs:
tests/analyzer/test_following_detection.py.

`CropReader` and `WholeReader` are the readers of engines without landmarks: they detect in every
frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from evolvisense.face import (
    CROP_MARGIN,
    CropRegion,
    crop_face,
    crop_region_of_box,
    crop_region_of_landmarks,
    face_crops,
    measure_quality,
)
from evolvisense.face.blinks import eye_distance, lid_gaps, mouth_gap
from evolvisense.face.frame_times import gap_s
from evolvisense.face.occlusion import covered
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import (
    ExpressionClassifier,
    FaceDetector,
    FaceNetwork,
    WholeFrameReader,
)
from evolvisense.types.face import FaceDetections, FaceGeometry, FaceQuality
from evolvisense.types.landmarks import pack
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.timing import StageClock

REDETECT_S = 1.0
"""The detector runs at least this often, to find further people."""
MAX_TRACKING_GAP_S = 0.6
"""Between sampled frames further apart a face is not tracked by its landmarks."""
MIN_TRACKING_PRESENCE = 0.7
"""Below it a tracked crop is not trusted: the detector runs on the frame."""
MIN_PRESENCE = 0.5
"""Below it the landmarks are not used: the face keeps the detector's box and counts as occluded."""
HOLD_S = 0.25
"""A face whose presence was low when it was detected keeps its place this long before the detector
runs again; at small sizes the detector costs more than everything else."""
MIN_DETECTOR_SCORE = 0.75
"""Detections that the network rejects are dropped unless their detector score is at least this."""
MAX_TRACKING_SHIFT = 0.3
"""A tracked face may have left the middle of its crop by this fraction of the side."""
SAME_PLACE = 0.35
"""Two crops whose centres are nearer than this fraction of a side show the same face."""
FULL_DETECTION_S = 0.25
"""While there is no face, a full detection that finds small faces runs this often; a quick one runs
on every frame."""


@dataclass(frozen=True)
class _Tolerance:
    """How far a crop may differ from the target crop of its landmarks."""

    shift: float
    """Fraction of its side."""
    zoom: float
    turn_deg: float = 10.0


MOVING = _Tolerance(shift=0.06, zoom=1.12)
"""A tracked crop that differs by more is cut again around the landmarks and read again."""
RESTING = _Tolerance(shift=0.03, zoom=1.06)
"""A crop that differs by less stays where it is. Moved in every frame, by whole pixels, it would
make a still face tremble: the lids of a small one by five times as much (measured)."""


@dataclass(frozen=True)
class _CropReading:
    """One crop and the output of the network for it."""

    crop_region: CropRegion
    crop: U8
    probs: F32
    action: F32
    points_px: F32
    points_crop: F32
    pose_deg: F32
    """Roll is that of the face before the camera, not in the crop."""
    presence: float
    au: F32 | None
    target: CropRegion
    """Target crop: where the landmarks say that the face is."""
    box: F32 | None = None
    """(4,) where only the detector finds the face, which then stays in its crop."""

    def is_off(self, tolerance: _Tolerance) -> bool:
        """Whether the crop differs too much from the target crop."""
        if self.box is not None:
            return False
        ours, target = self.crop_region, self.target
        zoom = max(target.side_px / ours.side_px, ours.side_px / target.side_px)
        turn = abs((target.roll_deg - ours.roll_deg + 180) % 360 - 180)
        shift = _distance(ours, target) / ours.side_px
        return shift > tolerance.shift or zoom > tolerance.zoom or turn > tolerance.turn_deg


@dataclass(frozen=True)
class _TrackedFace:
    """A face of the frame before."""

    crop_region: CropRegion
    box: F32 | None
    is_sure: bool


class TrackingReader:
    """Reads the frames of one video in order."""

    def __init__(
        self,
        detector: FaceDetector,
        network: FaceNetwork,
        clock: StageClock,
        *,
        keep_landmarks: bool = False,
    ) -> None:
        self._detector, self._network, self._clock = detector, network, clock
        self._keep_landmarks = keep_landmarks
        self._tracked: list[_TrackedFace] = []
        self._seen_s = self._detected_s = self._full_detection_s = -np.inf

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        tracked = self._track(pts_s, rgb)
        readings = self._detect(pts_s, rgb) if tracked is None else tracked
        self._tracked = [
            _TrackedFace(
                reading.target if reading.is_off(RESTING) else reading.crop_region,
                reading.box,
                reading.presence >= MIN_TRACKING_PRESENCE,
            )
            for reading in readings
        ]
        self._seen_s = pts_s
        return self._faces(readings, tracked is None, (rgb.shape[1], rgb.shape[0]))

    def _track(self, pts_s: float, rgb: U8) -> list[_CropReading] | None:
        """Every known face in this frame, or None where one of them is not sure."""
        if (
            not self._tracked
            or gap_s(self._seen_s, pts_s) > MAX_TRACKING_GAP_S
            or gap_s(self._detected_s, pts_s) >= REDETECT_S
        ):
            return None
        may_hold = gap_s(self._detected_s, pts_s) < HOLD_S
        readings = self._read_crops(rgb, [known.crop_region for known in self._tracked])
        readings = [
            reading if reading.presence >= MIN_TRACKING_PRESENCE else _held(reading, known)
            for known, reading in zip(self._tracked, readings, strict=True)
        ]
        readings = self._recropped(rgb, readings, MOVING)
        for known, reading in zip(self._tracked, readings, strict=True):
            if reading.presence < MIN_TRACKING_PRESENCE and (known.is_sure or not may_hold):
                return None
            before = known.crop_region
            if _distance(before, reading.target) > MAX_TRACKING_SHIFT * before.side_px:
                return None
        return _one_for_each_place(readings)

    def _detect(self, pts_s: float, rgb: U8) -> list[_CropReading]:
        quick = not self._tracked and gap_s(self._full_detection_s, pts_s) < FULL_DETECTION_S
        with self._clock.stage("detect"):
            found = self._detector.detect(rgb, "quick" if quick else "full")
        if not quick:
            self._full_detection_s = pts_s
        self._detected_s = pts_s
        readings = self._read_crops(
            rgb, [crop_region_of_box(box, CROP_MARGIN) for box in found.xyxy]
        )
        faces: list[_CropReading] = []
        for reading, box, score in zip(readings, found.xyxy, found.score, strict=True):
            if reading.presence >= MIN_PRESENCE:
                faces.append(reading)
            elif score >= MIN_DETECTOR_SCORE:
                faces.append(replace(reading, box=box, target=reading.crop_region))
        return _one_for_each_place(self._recropped(rgb, faces, RESTING))

    def _read_crops(self, rgb: U8, crop_regions: Sequence[CropRegion]) -> list[_CropReading]:
        side, mean_shape = self._network.input_px, self._network.layout.mean_shape_xy
        with self._clock.stage("crop"):
            crops = np.zeros((len(crop_regions), side, side, 3), np.uint8)
            for face, crop_region in enumerate(crop_regions):
                crops[face] = crop_face(rgb, crop_region, side)
        with self._clock.stage("expression"):
            found = self._network.read_crops(crops)
        readings: list[_CropReading] = []
        for face, crop_region in enumerate(crop_regions):
            points_px = crop_region.to_frame(found.landmark_xy[face])
            readings.append(
                _CropReading(
                    crop_region,
                    crops[face],
                    found.probs[face],
                    found.action[face],
                    points_px,
                    found.landmark_xy[face] * side,
                    found.pose_deg[face] + np.array((0, 0, crop_region.roll_deg), np.float32),
                    float(found.presence[face]),
                    None if found.au is None else found.au[face],
                    crop_region_of_landmarks(points_px, mean_shape),
                )
            )
        return readings

    def _recropped(
        self, rgb: U8, readings: list[_CropReading], tolerance: _Tolerance
    ) -> list[_CropReading]:
        """The same faces; those in badly placed crops are read again around their landmarks.

        The landmarks of a tiny or covered face may mislead: the second reading counts only where
        the network is as sure of it.
        """
        off = [reading for reading in readings if reading.is_off(tolerance)]
        if not off:
            return readings
        again = self._read_crops(rgb, [reading.target for reading in off])
        better = {
            id(first): second
            for first, second in zip(off, again, strict=True)
            if second.presence >= min(first.presence, MIN_TRACKING_PRESENCE)
        }
        return [better.get(id(reading), reading) for reading in readings]

    def _faces(
        self, readings: list[_CropReading], detected: bool, size_wh: tuple[int, int]
    ) -> FrameFaces:
        layout = self._network.layout
        points = _stacked([reading.points_px for reading in readings], (len(layout.mesh_points), 2))
        limit = np.array(size_wh * 2, np.float32)
        xyxy = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        for face, reading in enumerate(readings):
            if reading.box is not None:
                xyxy[face] = reading.box
        xyxy = np.clip(xyxy, 0, limit).astype(np.float32)
        # Where only the detector sees the face, the landmarks lie anywhere.
        sure = np.array([reading.box is None for reading in readings], np.bool_)
        side = self._network.input_px
        crops = (
            np.stack([reading.crop for reading in readings])
            if readings
            else np.zeros((0, side, side, 3))
        )
        crops = crops.astype(np.uint8)
        in_crops = _stacked(
            [reading.points_crop for reading in readings], (len(layout.mesh_points), 2)
        )
        eyes_covered, mouth_covered = covered(crops, in_crops, layout)
        return FrameFaces(
            detections=FaceDetections(xyxy, np.array([k.presence for k in readings], np.float32)),
            detected=detected,
            quality=measure_quality(crops, xyxy),
            probs=_stacked([reading.probs for reading in readings], (len(EMOTIONS),)),
            geometry=FaceGeometry(
                action=_stacked([k.action for k in readings], (len(layout.actions),)).astype("f2"),
                pose_deg=_stacked([reading.pose_deg for reading in readings], (3,)),
                lid_gap=lid_gaps(points, layout).astype(np.float16),
                mouth_gap=mouth_gap(points, layout).astype(np.float16),
                eye_distance_px=eye_distance(points, layout),
                eyes_covered=eyes_covered & sure,
                mouth_covered=mouth_covered & sure,
                landmark=pack(np.where(sure[:, None, None], points, np.nan), xyxy)
                if self._keep_landmarks
                else None,
                au=_stacked(
                    [reading.au for reading in readings if reading.au is not None],
                    (len(layout.action_units),),
                ).astype(np.float16)
                if layout.action_units
                else None,
            ),
        )


def _held(reading: _CropReading, known: _TrackedFace) -> _CropReading:
    """The reading where the face was, for one that only the detector has seen."""
    return (
        reading
        if known.box is None
        else replace(reading, box=known.box, target=reading.crop_region)
    )


def _stacked(rows: list[F32], shape: tuple[int, ...]) -> F32:
    return np.concatenate([np.zeros((0, *shape), np.float32), *(row[None] for row in rows)])


def _distance(a: CropRegion, b: CropRegion) -> float:
    return float(np.hypot(a.center_x - b.center_x, a.center_y - b.center_y))


def _one_for_each_place(readings: list[_CropReading]) -> list[_CropReading]:
    """Of readings at one place the surer one, in the given order."""
    kept: list[_CropReading] = []
    for reading in sorted(readings, key=lambda k: -k.presence):
        room = (SAME_PLACE * min(reading.target.side_px, k.target.side_px) for k in kept)
        apart = (_distance(reading.target, k.target) for k in kept)
        if all(distance >= least for distance, least in zip(apart, room, strict=True)):
            kept.append(reading)
    return [reading for reading in readings if any(reading is k for k in kept)]


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
