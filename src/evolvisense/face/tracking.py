"""Track ids across frames, and tracks grouped to people.

    detections of frame k --> cost of each (track, face): distance in face sizes + |log size ratio|
    tracks seen < 2 s ago -/          |
                                      v
                  pairs, cheapest first, each track and face once --> the face gets the track's id
                                      |
                  faces without a pair --> new ids

    track 1 ----      track 3 ------        tracks that never share a frame and follow each other
         track 2 -----------                at one place: people {1, 3} and {2}

Only place and size are compared, never features of a face. Ids that follow the place and not the
row: tests/face/test_tracking.py, `test_two_faces_are_not_mixed_up_whatever_their_order`; grouping
against a plain implementation: `test_people_are_those_of_the_plain_rule`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F32, F64, I64
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.face import FaceDetections, Person

MAX_GAP_S = 2.0
"""A face that was away longer gets a new track; `people` may join the two."""
MAX_SHIFT = 0.9
"""A face may move by this share of its size between two detections, and by
MAX_SPEED sizes a second in longer gaps."""
MAX_SPEED = 1.5
MAX_SHIFT_EVER = 2.5
"""However long the gap: beyond it another face is as likely."""
MAX_SIZE_RATIO = 1.8


@dataclass
class _Track:
    id: int
    xyxy: F32
    last_s: float


class NearestTracker:
    """Joins detections to the nearest track, best pair first; uses place and size, no identity."""

    def __init__(self) -> None:
        self.model = ModelIdentity("nearest", "1", "MIT")

    def start(self) -> NearestState:
        """A tracker that has seen nothing yet."""
        return NearestState()


class NearestState:
    """Tracks of one video."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._next_id = 1

    def update(self, pts_s: float, detections: FaceDetections) -> I64:
        """Track ids int64 (F,) of the detections of the next frame."""
        self._tracks = [t for t in self._tracks if pts_s - t.last_s <= MAX_GAP_S]
        ids = np.zeros(len(detections), np.int64)
        for track, face in self._pairs(pts_s, detections.xyxy):
            track.xyxy, track.last_s = detections.xyxy[face], pts_s
            ids[face] = track.id
        for face in np.flatnonzero(ids == 0):
            ids[face] = self._next_id
            self._tracks.append(_Track(self._next_id, detections.xyxy[face], pts_s))
            self._next_id += 1
        return ids

    def _pairs(self, pts_s: float, xyxy: F32) -> list[tuple[_Track, int]]:
        """Tracks and detections that belong together, nearest pair first, each used once."""
        if not self._tracks or not len(xyxy):
            return []
        cost = np.stack([_cost(t.xyxy, xyxy, pts_s - t.last_s) for t in self._tracks])
        pairs: list[tuple[_Track, int]] = []
        for flat in np.argsort(cost, axis=None, kind="stable"):
            row, face = divmod(int(flat), cost.shape[1])
            if not np.isfinite(cost[row, face]):
                continue
            pairs.append((self._tracks[row], face))
            cost[row, :] = cost[:, face] = np.inf
        return pairs


def center_and_size(xyxy: F32) -> tuple[F64, F64]:
    """Centres (F, 2) and geometric mean sides (F,) of boxes (F, 4)."""
    boxes = np.atleast_2d(xyxy).astype(np.float64)
    width_height = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    return (boxes[:, :2] + boxes[:, 2:]) / 2, np.sqrt(width_height.prod(axis=1))


def _cost(last: F32, xyxy: F32, gap_s: float) -> F64:
    """Distance in face sizes plus the log ratio of sizes; infinite where it cannot be the same."""
    (center,), (size,) = center_and_size(last)
    centers, sizes = center_and_size(xyxy)
    distance = np.linalg.norm(centers - center, axis=1) / np.maximum(size, sizes)
    ratio = np.abs(np.log(sizes / size))
    allowed = MAX_SHIFT + MAX_SPEED * max(0.0, gap_s)
    possible = (distance <= min(allowed, MAX_SHIFT_EVER)) & (ratio <= np.log(MAX_SIZE_RATIO))
    return np.where(possible, distance + ratio, np.inf)


MAX_RETURN_SHIFT = 1.5
"""A returning face lies within this many face sizes of where the other left."""
MAX_RETURN_SIZE_RATIO = 2.0


def return_shifts(last: F32, xyxy: F32) -> F64:
    """How far a face at box (4,) is from where others left, boxes (N, 4), in face sizes (N,).

    Infinite where it cannot be the same face.
    """
    centers, sizes = center_and_size(last)
    (center,), (size,) = center_and_size(xyxy)
    larger = np.maximum(sizes, size)
    shift = np.linalg.norm(centers - center, axis=-1) / larger
    fits = larger <= MAX_RETURN_SIZE_RATIO * np.minimum(sizes, size)
    return np.where(fits & (shift <= MAX_RETURN_SHIFT), shift, np.inf)


def group_people(track_id: I64, row: I64, xyxy: F32) -> tuple[Person, ...]:
    """Persons of a video from its observations: track ids (M,), frame rows (M,), boxes (M, 4).

    Tracks that never share a frame and follow each other at one place are one person; this compares
    places, never features of a face. The main person has the largest sum of face sizes over all
    frames: longest and largest.
    """
    if not len(track_id):
        return ()
    centers, sizes = center_and_size(xyxy)
    tracks, first, index = np.unique(track_id, return_index=True, return_inverse=True)
    last = len(track_id) - 1 - np.unique(track_id[::-1], return_index=True)[1]
    begin = np.full(len(tracks), np.iinfo(np.int64).max)
    np.minimum.at(begin, index, row)
    groups: list[list[int]] = []
    ends: list[int] = []
    """Of each group, the last observation of its last track."""
    for track in np.lexsort((tracks, begin)).tolist():
        home = _home(np.array(ends, np.int64), int(first[track]), row, centers, sizes)
        if home is None:
            groups.append([track])
            ends.append(int(last[track]))
        else:
            groups[home].append(track)
            ends[home] = int(last[track])
    weights = np.bincount(index, weights=sizes)
    main = int(np.argmax([weights[group].sum() for group in groups]))
    return tuple(
        Person(id=i + 1, track_ids=tuple(tracks[group].tolist()), is_main=i == main)
        for i, group in enumerate(groups)
    )


def _home(ends: I64, start: int, row: I64, centers: F64, sizes: F64) -> int | None:
    """The first group whose end the observation `start` may continue."""
    shift = np.linalg.norm(centers[ends] - centers[start], axis=-1)
    larger = np.maximum(sizes[ends], sizes[start])
    fits = (
        (row[ends] < row[start])
        & (shift <= MAX_RETURN_SHIFT * larger)
        & (larger <= MAX_RETURN_SIZE_RATIO * np.minimum(sizes[ends], sizes[start]))
    )
    return int(np.argmax(fits)) if fits.any() else None
