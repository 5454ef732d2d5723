"""Observations of faces as the pipeline would hand them over, from a few signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evolvisense.types.arrays import F32
from evolvisense.types.face import FaceGeometry, FaceObservations, FaceQuality, FrameLog, Person
from evolvisense.types.scores import EMOTIONS
from tests.factory.faces import face_layout

LAYOUT = face_layout()
MAIN = Person(1, (1,), True)


def frame_log(pts_s: ArrayLike, faces: ArrayLike = 1) -> FrameLog:
    """Frames 1, 2, ... at these times."""
    times = np.asarray(pts_s, np.float64)
    numbers = np.arange(1, len(times) + 1)
    return FrameLog(numbers, times, np.broadcast_to(np.asarray(faces, np.int64), numbers.shape))


def random_probs(count: int, seed: int = 0) -> F32:
    """float32 (count, 7), rows sum to 1."""
    probs = np.random.default_rng(seed).dirichlet(np.ones(len(EMOTIONS)), count)
    return probs.astype(np.float32)


def quality(count: int, **values: ArrayLike) -> FaceQuality:
    """Large, sharp and bright faces, but for the given values."""
    wanted = {"size_px": 120.0, "sharpness": 20.0, "brightness": 0.5} | values
    return FaceQuality(**{name: _column(value, count) for name, value in wanted.items()})


def geometry(
    count: int,
    *,
    closure: ArrayLike = 0.0,
    smile: ArrayLike = 0.0,
    pose_deg: ArrayLike = 0.0,
    mouth_gap: ArrayLike = 0.0,
    eye_distance_px: ArrayLike = 60.0,
) -> FaceGeometry:
    """Still open faces, but for the given signals (count,); pose is (count, 3)."""
    action = np.zeros((count, len(LAYOUT.actions)), np.float16)
    for name, signal in (("eyeBlink", closure), ("mouthSmile", smile)):
        for side in ("Left", "Right"):
            action[:, LAYOUT.action(name + side)] = signal
    return FaceGeometry(
        action=action,
        pose_deg=np.array(np.broadcast_to(pose_deg, (count, 3)), np.float32),
        lid_gap=np.full((count, 2), 0.3, np.float16),
        mouth_gap=_column(mouth_gap, count).astype(np.float16),
        eye_distance_px=_column(eye_distance_px, count),
        au=np.ones((count, len(LAYOUT.action_units)), np.float16) if LAYOUT.action_units else None,
    )


def observations(
    row: Sequence[int] | np.ndarray,
    track_id: ArrayLike = 1,
    *,
    probs: F32 | None = None,
    score: ArrayLike = 0.95,
    face_quality: FaceQuality | None = None,
    face_geometry: FaceGeometry | None = None,
) -> FaceObservations:
    """One face in each of these rows of the frame log."""
    count = len(row)
    return FaceObservations(
        row=np.asarray(row, np.int64),
        track_id=np.array(np.broadcast_to(track_id, count), np.int64),
        xyxy=np.tile(np.array((10, 20, 130, 140), np.float32), (count, 1)),
        score=_column(score, count),
        detected=np.arange(count) % 25 == 0,
        quality=face_quality or quality(count),
        probs=random_probs(count) if probs is None else probs,
        geometry=face_geometry,
    )


def _column(value: ArrayLike, count: int) -> F32:
    return np.array(np.broadcast_to(value, count), np.float32)
