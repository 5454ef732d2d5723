"""Tracks become persons: a face that leaves and returns to its place is taken for the same."""

from __future__ import annotations

import numpy as np

from evolvisense.faces.tracking import center_and_size
from evolvisense.types.arrays import F32, F64, I64
from evolvisense.types.faces import Person

MAX_RETURN_SHIFT = 1.5
"""A returning face lies within this many face sizes of where the other left."""
MAX_RETURN_SIZE_RATIO = 2.0


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
