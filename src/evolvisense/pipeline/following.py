"""Faces followed by their landmarks; the detector is asked where that is not sure enough.

In each frame the crop of a known face is cut where its landmarks were in the frame before. The
network says whether a face is in it and where its landmarks are now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolvisense.expression.distances import eye_distance, lid_gaps, mouth_gap
from evolvisense.faces import (
    CROP_MARGIN,
    Framing,
    cut,
    framing_of_box,
    framing_of_landmarks,
    measure_quality,
)
from evolvisense.pipeline.clock import StageClock
from evolvisense.pipeline.readers import FrameFaces
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import FaceDetector, FaceNetwork
from evolvisense.types.faces import FaceDetections, FaceGeometry
from evolvisense.types.scores import EMOTIONS

REDETECT_S = 1.0
"""The detector looks for further people at least this often."""
MAX_FOLLOW_GAP_S = 0.6
"""Between sampled frames further apart a face is not followed."""
MIN_FOLLOW_PRESENCE = 0.7
"""A followed crop with less is not trusted: the detector looks at the frame."""
MIN_PRESENCE = 0.15
"""What the detector found and the network gives less to is no face."""
MAX_FOLLOW_SHIFT = 0.3
"""A face may have left the middle of its followed crop by this share of the side."""
SETTLED_SHIFT = 0.06
SETTLED_ZOOM = 1.12
SETTLED_TURN_DEG = 10.0
"""A crop that is off by more is cut again around the landmarks and read again."""
SAME_PLACE = 0.35
"""Two crops whose centres are nearer than this share of a side show one face."""
FULL_LOOK_S = 0.25
"""While nobody is there, small faces are looked for this often and large ones in every frame."""


@dataclass(frozen=True)
class _Look:
    """One crop and what the network says of it."""

    framing: Framing
    crop: U8
    probs: F32
    action: F32
    points_px: F32
    pose_deg: F32
    """Roll is that of the face before the camera, not in the crop."""
    presence: float
    wanted: Framing
    """The crop that the landmarks ask for."""


class FollowingReader:
    """Reads the frames of one video in order."""

    def __init__(self, detector: FaceDetector, network: FaceNetwork, clock: StageClock) -> None:
        self._detector, self._network, self._clock = detector, network, clock
        self._known: list[Framing] = []
        self._seen_s = self._detected_s = self._full_look_s = -np.inf

    def read(self, pts_s: float, rgb: U8) -> FrameFaces:
        """The faces of the next frame uint8 (H, W, 3)."""
        followed = self._follow(pts_s, rgb)
        looks = self._detect(pts_s, rgb) if followed is None else followed
        self._known, self._seen_s = [look.wanted for look in looks], pts_s
        return self._faces(looks, followed is None, (rgb.shape[1], rgb.shape[0]))

    def _follow(self, pts_s: float, rgb: U8) -> list[_Look] | None:
        """Every known face in this frame, or None where one of them is not sure."""
        if (
            not self._known
            or pts_s - self._seen_s > MAX_FOLLOW_GAP_S
            or pts_s - self._detected_s >= REDETECT_S
        ):
            return None
        looks = self._settled(rgb, self._look(rgb, self._known))
        for before, look in zip(self._known, looks, strict=True):
            gone = _distance(before, look.wanted) > MAX_FOLLOW_SHIFT * before.side_px
            if gone or look.presence < MIN_FOLLOW_PRESENCE:
                return None
        return _one_each(looks)

    def _detect(self, pts_s: float, rgb: U8) -> list[_Look]:
        quick = not self._known and pts_s - self._full_look_s < FULL_LOOK_S
        with self._clock.stage("detect"):
            found = self._detector.detect(rgb, "quick" if quick else "full")
        if not quick:
            self._full_look_s = pts_s
        self._detected_s = pts_s
        looks = self._look(rgb, [framing_of_box(box, CROP_MARGIN) for box in found.xyxy])
        faces = [look for look in looks if look.presence >= MIN_PRESENCE]
        return _one_each(self._settled(rgb, faces))

    def _look(self, rgb: U8, framings: Sequence[Framing]) -> list[_Look]:
        side, mean_shape = self._network.input_px, self._network.layout.mean_shape_xy
        with self._clock.stage("crop"):
            crops = np.zeros((len(framings), side, side, 3), np.uint8)
            for face, framing in enumerate(framings):
                crops[face] = cut(rgb, framing, side)
        with self._clock.stage("expression"):
            said = self._network.read_crops(crops)
        looks: list[_Look] = []
        for face, framing in enumerate(framings):
            points_px = framing.to_frame(said.landmark_xy[face])
            looks.append(
                _Look(
                    framing,
                    crops[face],
                    said.probs[face],
                    said.action[face],
                    points_px,
                    said.pose_deg[face] + np.array((0, 0, framing.roll_deg), np.float32),
                    float(said.presence[face]),
                    framing_of_landmarks(points_px, mean_shape),
                )
            )
        return looks

    def _settled(self, rgb: U8, looks: list[_Look]) -> list[_Look]:
        """The same faces; those in badly placed crops are read again around their landmarks.

        The landmarks of a tiny or covered face may lead astray: the second look counts only where
        the network is as sure of it.
        """
        off = [look for look in looks if _is_off(look.framing, look.wanted)]
        if not off:
            return looks
        again = self._look(rgb, [look.wanted for look in off])
        better = {
            id(first): second
            for first, second in zip(off, again, strict=True)
            if second.presence >= min(first.presence, MIN_FOLLOW_PRESENCE)
        }
        return [better.get(id(look), look) for look in looks]

    def _faces(self, looks: list[_Look], detected: bool, size_wh: tuple[int, int]) -> FrameFaces:
        layout = self._network.layout
        points = _stacked([look.points_px for look in looks], (len(layout.mesh_points), 2))
        limit = np.array(size_wh * 2, np.float32)
        xyxy = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        xyxy = np.clip(xyxy, 0, limit).astype(np.float32)
        side = self._network.input_px
        crops = np.stack([look.crop for look in looks]) if looks else np.zeros((0, side, side, 3))
        return FrameFaces(
            detections=FaceDetections(xyxy, np.array([k.presence for k in looks], np.float32)),
            detected=detected,
            quality=measure_quality(crops.astype(np.uint8), xyxy),
            probs=_stacked([look.probs for look in looks], (len(EMOTIONS),)),
            geometry=FaceGeometry(
                action=_stacked([k.action for k in looks], (len(layout.actions),)).astype("f2"),
                pose_deg=_stacked([look.pose_deg for look in looks], (3,)),
                lid_gap=lid_gaps(points, layout).astype(np.float16),
                mouth_gap=mouth_gap(points, layout).astype(np.float16),
                eye_distance_px=eye_distance(points, layout),
            ),
        )


def _stacked(rows: list[F32], shape: tuple[int, ...]) -> F32:
    return np.concatenate([np.zeros((0, *shape), np.float32), *(row[None] for row in rows)])


def _distance(a: Framing, b: Framing) -> float:
    return float(np.hypot(a.center_x - b.center_x, a.center_y - b.center_y))


def _is_off(framing: Framing, wanted: Framing) -> bool:
    zoom = max(wanted.side_px / framing.side_px, framing.side_px / wanted.side_px)
    turn = abs((wanted.roll_deg - framing.roll_deg + 180) % 360 - 180)
    shift = _distance(framing, wanted) / framing.side_px
    return shift > SETTLED_SHIFT or zoom > SETTLED_ZOOM or turn > SETTLED_TURN_DEG


def _one_each(looks: list[_Look]) -> list[_Look]:
    """Of looks at one place the surer one, in the given order."""
    kept: list[_Look] = []
    for look in sorted(looks, key=lambda k: -k.presence):
        room = (SAME_PLACE * min(look.wanted.side_px, k.wanted.side_px) for k in kept)
        apart = (_distance(look.wanted, k.wanted) for k in kept)
        if all(distance >= least for distance, least in zip(apart, room, strict=True)):
            kept.append(look)
    return [look for look in looks if any(look is k for k in kept)]
