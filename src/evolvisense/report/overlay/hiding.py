"""What must be unrecognisable in a picture: rather too much and too long than too little.

Only faces that the analysis found can be hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from evolvisense.report.overlay.positions import SAME_TIME_S, FacePositions
from evolvisense.types.arrays import F32, F64, U8

MARGIN = 0.5
"""A face box reaches from chin to brow; hair and ears are hidden with it."""
GROWTH_PER_S = 0.6
"""Sides of the box by which a face may have moved since it was seen."""
HOLD_S = 1.0
"""So long before the first and after the last sighting a face is hidden where it was seen."""
BRIDGE_S = 2.0
"""Between two sightings up to so far apart a face is hidden in both places."""
MAX_UNREAD_S = 1.0
"""Further from any analysed picture anybody may be anywhere: all of it is hidden."""
CELLS = 6
"""Of the shorter side of what is hidden; about three for the face itself."""
WHOLE_CELLS = 8
"""Of the shorter side of a picture that is hidden as a whole."""


def is_unread(time_s: float, frames_s: F64) -> bool:
    """Whether the analysis says nothing about the picture at this time."""
    if not len(frames_s):
        return True
    after = int(np.searchsorted(frames_s, time_s - SAME_TIME_S))
    since_s = time_s - frames_s[after - 1] if after else np.inf
    until_s = frames_s[after] - time_s if after < len(frames_s) else np.inf
    return bool(min(since_s, until_s) > MAX_UNREAD_S)


def hidden_boxes(time_s: float, frames_s: F64, people: Sequence[FacePositions]) -> list[F32]:
    """Boxes (4,) in source pixels that may hold a face at this time."""
    return [box for person in people for box in _boxes(time_s, frames_s, person)]


def pixelate(rgb: U8, box: F32 | None = None) -> None:
    """Make what is inside of a box, or the whole picture, a few evenly coloured cells."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = (0, 0, width, height) if box is None else _inside(box, width, height)
    if right <= left or bottom <= top:
        return
    part = rgb[top:bottom, left:right]
    cells = WHOLE_CELLS if box is None else CELLS
    side = max(1.0, min(right - left, bottom - top) / cells)
    # The cells hang on the box, which moves with the face: what moves below a resting grid could
    # be put together again from many pictures.
    few = (max(1, round((right - left) / side)), max(1, round((bottom - top) / side)))
    small = cv2.resize(part, few, interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)


def _boxes(time_s: float, frames_s: F64, person: FacePositions) -> list[F32]:
    before = int(np.searchsorted(person.time_s, time_s + SAME_TIME_S, "right")) - 1
    after = before + 1
    has_before, has_after = before >= 0, after < len(person.time_s)
    if has_before and time_s - person.time_s[before] <= SAME_TIME_S:
        return [_grown(person.xyxy[before], 0.0)]
    since_s = time_s - float(person.time_s[before]) if has_before else np.inf
    until_s = float(person.time_s[after]) - time_s if has_after else np.inf
    is_bridged = since_s + until_s <= BRIDGE_S
    boxes: list[F32] = []
    if has_before and (
        is_bridged or since_s <= HOLD_S or _is_next(frames_s, person.frame[before], time_s, 1)
    ):
        boxes.append(_grown(person.xyxy[before], since_s))
    if has_after and (
        is_bridged or until_s <= HOLD_S or _is_next(frames_s, person.frame[after], time_s, -1)
    ):
        boxes.append(_grown(person.xyxy[after], until_s))
    return [_around(boxes)] if is_bridged else boxes


def _is_next(frames_s: F64, row: int, time_s: float, way: int) -> bool:
    """Whether no picture was analysed between that row and the time, which lies that way."""
    beyond = row + way
    if not 0 <= beyond < len(frames_s):
        return True
    return bool((frames_s[beyond] - time_s) * way > 0)


def _grown(box: F32, away_s: float) -> F32:
    margin = (MARGIN + GROWTH_PER_S * away_s) * np.max(box[2:] - box[:2])
    return box + np.array((-margin, -margin, margin, margin), np.float32)


def _around(boxes: Sequence[F32]) -> F32:
    corners = np.stack(boxes)
    return np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])


def _inside(box: F32, width: int, height: int) -> tuple[int, int, int, int]:
    left, top = (int(max(0, np.floor(edge))) for edge in box[:2])
    right, bottom = (
        int(min(size, np.ceil(edge))) for edge, size in zip(box[2:], (width, height), strict=True)
    )
    return left, top, right, bottom
