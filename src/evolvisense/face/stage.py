"""Frames -> observations: read the faces of each frame and follow who is who."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from evolvisense.face.redetection import FrameFaces, FrameReader
from evolvisense.types.arrays import I64
from evolvisense.types.engines import TrackerState
from evolvisense.types.face import FaceGeometry, FaceObservations, FaceQuality, FrameLog
from evolvisense.types.media import VideoFrame
from evolvisense.types.scores import EMOTIONS

Value = TypeVar("Value", bound=np.generic)

JOIN_FRAMES = 512
"""Frames whose small arrays are kept before they are joined into one."""


@dataclass(frozen=True)
class FrameReading:
    """What was found in one frame."""

    number: int
    pts_s: float
    face_count: int


@dataclass
class FaceStage:
    """Reads frames one after the other; a face of a frame takes about 250 bytes."""

    reader: FrameReader
    tracker: TrackerState
    _frames: list[FrameReading] = field(default_factory=list[FrameReading])
    _recent: list[FaceObservations] = field(default_factory=list[FaceObservations])
    _joined: list[FaceObservations] = field(default_factory=list[FaceObservations])

    def read(self, frames: Iterable[VideoFrame]) -> Iterator[FrameReading]:
        """Take the frames; yields each as soon as its faces are read."""
        for frame in frames:
            found = self.reader.read(frame.pts_s, frame.rgb)
            track_id = self.tracker.update(frame.pts_s, found.detections)
            if len(track_id):
                self._recent.append(_observed(len(self._frames), track_id, found))
            reading = FrameReading(frame.number, frame.pts_s, len(track_id))
            self._frames.append(reading)
            if len(self._recent) >= JOIN_FRAMES:
                self._joined.append(_joined(self._recent))
                self._recent = []
            yield reading

    def result(self) -> tuple[FrameLog, FaceObservations]:
        """The analysed frames and every face in them."""
        log = FrameLog(
            np.array([f.number for f in self._frames], np.int64),
            np.array([f.pts_s for f in self._frames], np.float64),
            np.array([f.face_count for f in self._frames], np.int64),
        )
        return log, _joined([*self._joined, *self._recent])


def _observed(row: int, track_id: I64, found: FrameFaces) -> FaceObservations:
    count = len(track_id)
    return FaceObservations(
        row=np.full(count, row, np.int64),
        track_id=track_id,
        xyxy=found.detections.xyxy,
        score=found.detections.score,
        detected=np.full(count, found.detected, np.bool_),
        quality=found.quality,
        probs=found.probs,
        geometry=found.geometry,
    )


def _joined(parts: Sequence[FaceObservations]) -> FaceObservations:
    if not parts:
        return _nobody()

    def all_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    quality, geometry = [p.quality for p in parts], [p.geometry for p in parts]
    return FaceObservations(
        row=all_of("row"),
        track_id=all_of("track_id"),
        xyxy=all_of("xyxy"),
        score=all_of("score"),
        detected=all_of("detected"),
        quality=FaceQuality(
            np.concatenate([q.size_px for q in quality]),
            np.concatenate([q.sharpness for q in quality]),
            np.concatenate([q.brightness for q in quality]),
        ),
        probs=all_of("probs"),
        geometry=_joined_geometry([g for g in geometry if g is not None]),
    )


def _joined_geometry(parts: Sequence[FaceGeometry]) -> FaceGeometry | None:
    """Every reader gives geometry of all its faces or of none."""
    if not parts:
        return None
    return FaceGeometry(
        action=np.concatenate([g.action for g in parts]),
        pose_deg=np.concatenate([g.pose_deg for g in parts]),
        lid_gap=np.concatenate([g.lid_gap for g in parts]),
        mouth_gap=np.concatenate([g.mouth_gap for g in parts]),
        eye_distance_px=np.concatenate([g.eye_distance_px for g in parts]),
        eyes_covered=_all_known([g.eyes_covered for g in parts]),
        mouth_covered=_all_known([g.mouth_covered for g in parts]),
        landmark=_all_known([g.landmark for g in parts]),
        au=_all_known([g.au for g in parts]),
    )


def _all_known(parts: Sequence[NDArray[Value] | None]) -> NDArray[Value] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _nobody() -> FaceObservations:
    one = np.zeros(0, np.float32)
    return FaceObservations(
        row=np.zeros(0, np.int64),
        track_id=np.zeros(0, np.int64),
        xyxy=np.zeros((0, 4), np.float32),
        score=one,
        detected=np.zeros(0, np.bool_),
        quality=FaceQuality(one, one, one),
        probs=np.zeros((0, len(EMOTIONS)), np.float32),
    )
