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
"""The detector looks for further people at least this often."""
MAX_FOLLOW_GAP_S = 0.6
"""Between sampled frames further apart a face is not followed."""
MIN_FOLLOW_PRESENCE = 0.7
"""A followed crop with less is not trusted: the detector looks at the frame."""
MIN_PRESENCE = 0.5
"""Landmarks of a face with less lead astray: it keeps the detector's box and is called covered."""
HOLD_S = 0.25
"""How long a face that was unsure when it was detected stays where it is without a new look of the
detector, which at small sizes costs more than everything else."""
MIN_DETECTOR_SCORE = 0.75
"""What the network does not see and the detector is no surer of is no face."""
MAX_FOLLOW_SHIFT = 0.3
"""A face may have left the middle of its followed crop by this share of the side."""
SAME_PLACE = 0.35
"""Two crops whose centres are nearer than this share of a side show one face."""
FULL_LOOK_S = 0.25
"""While nobody is there, small faces are looked for this often and large ones in every frame."""


@dataclass(frozen=True)
class _Slack:
    """How far a crop may be off from the one that its landmarks ask for."""

    shift: float
    """Share of its side."""
    zoom: float
    turn_deg: float = 10.0


MOVING = _Slack(shift=0.06, zoom=1.12)
"""A followed crop that is off by more is cut out again around the landmarks and read again."""
RESTING = _Slack(shift=0.03, zoom=1.06)
"""A crop that is off by less stays where it is. Placed anew in every frame, to whole pixels, it
would make a still face tremble: the lids of a small one by five times as much (measured)."""


@dataclass(frozen=True)
class _DetectionPass:
    """One crop and what the network says of it."""

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
    wanted: CropRegion
    """The crop that the landmarks ask for."""
    box: F32 | None = None
    """(4,) where only the detector sees the face, which then stays in its crop."""

    def is_off(self, slack: _Slack) -> bool:
        """Whether the crop lies too far from the wanted one."""
        if self.box is not None:
            return False
        ours, wanted = self.crop_region, self.wanted
        zoom = max(wanted.side_px / ours.side_px, ours.side_px / wanted.side_px)
        turn = abs((wanted.roll_deg - ours.roll_deg + 180) % 360 - 180)
        shift = _distance(ours, wanted) / ours.side_px
        return shift > slack.shift or zoom > slack.zoom or turn > slack.turn_deg


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
        self._known: list[_TrackedFace] = []
        self._seen_s = self._detected_s = self._full_look_s = -np.inf

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        followed = self._follow(pts_s, rgb)
        looks = self._detect(pts_s, rgb) if followed is None else followed
        self._known = [
            _TrackedFace(
                look.wanted if look.is_off(RESTING) else look.crop_region,
                look.box,
                look.presence >= MIN_FOLLOW_PRESENCE,
            )
            for look in looks
        ]
        self._seen_s = pts_s
        return self._faces(looks, followed is None, (rgb.shape[1], rgb.shape[0]))

    def _follow(self, pts_s: float, rgb: U8) -> list[_DetectionPass] | None:
        """Every known face in this frame, or None where one of them is not sure."""
        if (
            not self._known
            or gap_s(self._seen_s, pts_s) > MAX_FOLLOW_GAP_S
            or gap_s(self._detected_s, pts_s) >= REDETECT_S
        ):
            return None
        may_hold = gap_s(self._detected_s, pts_s) < HOLD_S
        looks = self._look(rgb, [known.crop_region for known in self._known])
        looks = [
            look if look.presence >= MIN_FOLLOW_PRESENCE else _held(look, known)
            for known, look in zip(self._known, looks, strict=True)
        ]
        looks = self._settled(rgb, looks, MOVING)
        for known, look in zip(self._known, looks, strict=True):
            if look.presence < MIN_FOLLOW_PRESENCE and (known.is_sure or not may_hold):
                return None
            before = known.crop_region
            if _distance(before, look.wanted) > MAX_FOLLOW_SHIFT * before.side_px:
                return None
        return _one_each(looks)

    def _detect(self, pts_s: float, rgb: U8) -> list[_DetectionPass]:
        quick = not self._known and gap_s(self._full_look_s, pts_s) < FULL_LOOK_S
        with self._clock.stage("detect"):
            found = self._detector.detect(rgb, "quick" if quick else "full")
        if not quick:
            self._full_look_s = pts_s
        self._detected_s = pts_s
        looks = self._look(rgb, [crop_region_of_box(box, CROP_MARGIN) for box in found.xyxy])
        faces: list[_DetectionPass] = []
        for look, box, score in zip(looks, found.xyxy, found.score, strict=True):
            if look.presence >= MIN_PRESENCE:
                faces.append(look)
            elif score >= MIN_DETECTOR_SCORE:
                faces.append(replace(look, box=box, wanted=look.crop_region))
        return _one_each(self._settled(rgb, faces, RESTING))

    def _look(self, rgb: U8, crop_regions: Sequence[CropRegion]) -> list[_DetectionPass]:
        side, mean_shape = self._network.input_px, self._network.layout.mean_shape_xy
        with self._clock.stage("crop"):
            crops = np.zeros((len(crop_regions), side, side, 3), np.uint8)
            for face, crop_region in enumerate(crop_regions):
                crops[face] = crop_face(rgb, crop_region, side)
        with self._clock.stage("expression"):
            said = self._network.read_crops(crops)
        looks: list[_DetectionPass] = []
        for face, crop_region in enumerate(crop_regions):
            points_px = crop_region.to_frame(said.landmark_xy[face])
            looks.append(
                _DetectionPass(
                    crop_region,
                    crops[face],
                    said.probs[face],
                    said.action[face],
                    points_px,
                    said.landmark_xy[face] * side,
                    said.pose_deg[face] + np.array((0, 0, crop_region.roll_deg), np.float32),
                    float(said.presence[face]),
                    None if said.au is None else said.au[face],
                    crop_region_of_landmarks(points_px, mean_shape),
                )
            )
        return looks

    def _settled(self, rgb: U8, looks: list[_DetectionPass], slack: _Slack) -> list[_DetectionPass]:
        """The same faces; those in badly placed crops are read again around their landmarks.

        The landmarks of a tiny or covered face may lead astray: the second look counts only where
        the network is as sure of it.
        """
        off = [look for look in looks if look.is_off(slack)]
        if not off:
            return looks
        again = self._look(rgb, [look.wanted for look in off])
        better = {
            id(first): second
            for first, second in zip(off, again, strict=True)
            if second.presence >= min(first.presence, MIN_FOLLOW_PRESENCE)
        }
        return [better.get(id(look), look) for look in looks]

    def _faces(
        self, looks: list[_DetectionPass], detected: bool, size_wh: tuple[int, int]
    ) -> FrameFaces:
        layout = self._network.layout
        points = _stacked([look.points_px for look in looks], (len(layout.mesh_points), 2))
        limit = np.array(size_wh * 2, np.float32)
        xyxy = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        for face, look in enumerate(looks):
            if look.box is not None:
                xyxy[face] = look.box
        xyxy = np.clip(xyxy, 0, limit).astype(np.float32)
        # Where only the detector sees the face, the landmarks lie anywhere.
        sure = np.array([look.box is None for look in looks], np.bool_)
        side = self._network.input_px
        crops = np.stack([look.crop for look in looks]) if looks else np.zeros((0, side, side, 3))
        crops = crops.astype(np.uint8)
        in_crops = _stacked([look.points_crop for look in looks], (len(layout.mesh_points), 2))
        eyes_covered, mouth_covered = covered(crops, in_crops, layout)
        return FrameFaces(
            detections=FaceDetections(xyxy, np.array([k.presence for k in looks], np.float32)),
            detected=detected,
            quality=measure_quality(crops, xyxy),
            probs=_stacked([look.probs for look in looks], (len(EMOTIONS),)),
            geometry=FaceGeometry(
                action=_stacked([k.action for k in looks], (len(layout.actions),)).astype("f2"),
                pose_deg=_stacked([look.pose_deg for look in looks], (3,)),
                lid_gap=lid_gaps(points, layout).astype(np.float16),
                mouth_gap=mouth_gap(points, layout).astype(np.float16),
                eye_distance_px=eye_distance(points, layout),
                eyes_covered=eyes_covered & sure,
                mouth_covered=mouth_covered & sure,
                landmark=pack(np.where(sure[:, None, None], points, np.nan), xyxy)
                if self._keep_landmarks
                else None,
                au=_stacked(
                    [look.au for look in looks if look.au is not None], (len(layout.action_units),)
                ).astype(np.float16)
                if layout.action_units
                else None,
            ),
        )


def _held(look: _DetectionPass, known: _TrackedFace) -> _DetectionPass:
    """The look where the face was, for one that only the detector has seen."""
    return look if known.box is None else replace(look, box=known.box, wanted=look.crop_region)


def _stacked(rows: list[F32], shape: tuple[int, ...]) -> F32:
    return np.concatenate([np.zeros((0, *shape), np.float32), *(row[None] for row in rows)])


def _distance(a: CropRegion, b: CropRegion) -> float:
    return float(np.hypot(a.center_x - b.center_x, a.center_y - b.center_y))


def _one_each(looks: list[_DetectionPass]) -> list[_DetectionPass]:
    """Of looks at one place the surer one, in the given order."""
    kept: list[_DetectionPass] = []
    for look in sorted(looks, key=lambda k: -k.presence):
        room = (SAME_PLACE * min(look.wanted.side_px, k.wanted.side_px) for k in kept)
        apart = (_distance(look.wanted, k.wanted) for k in kept)
        if all(distance >= least for distance, least in zip(apart, room, strict=True)):
            kept.append(look)
    return [look for look in looks if any(look is k for k in kept)]


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
