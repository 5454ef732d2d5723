"""Tracks become persons: a face that leaves and returns to its place is taken for the same."""

from __future__ import annotations

import numpy as np

from evolvisense.faces.tracking import center_and_size
from evolvisense.types.arrays import F32, I64
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
    groups: list[list[int]] = []
    for track in _by_first_row(track_id, row):
        home = next((g for g in groups if _continues(g[-1], track, track_id, row, xyxy)), None)
        if home is None:
            groups.append([track])
        else:
            home.append(track)
    if not groups:
        return ()
    _, sizes = center_and_size(xyxy)
    weights = [float(sizes[np.isin(track_id, group)].sum()) for group in groups]
    main = int(np.argmax(weights))
    return tuple(
        Person(id=index + 1, track_ids=tuple(group), is_main=index == main)
        for index, group in enumerate(groups)
    )


def _by_first_row(track_id: I64, row: I64) -> list[int]:
    tracks = np.unique(track_id)
    return sorted((int(t) for t in tracks), key=lambda t: (int(row[track_id == t].min()), t))


def _continues(earlier: int, later: int, track_id: I64, row: I64, xyxy: F32) -> bool:
    before, after = np.flatnonzero(track_id == earlier), np.flatnonzero(track_id == later)
    if row[before[-1]] >= row[after[0]]:
        return False
    centers, sizes = center_and_size(xyxy[[before[-1], after[0]]])
    shift = np.linalg.norm(centers[1] - centers[0]) / sizes.max()
    return bool(shift <= MAX_RETURN_SHIFT and sizes.max() / sizes.min() <= MAX_RETURN_SIZE_RATIO)
