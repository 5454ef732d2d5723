"""Where the faces of a report are at the time of any picture, analysed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolvisense.report import Report
from evolvisense.report.landmarks import decode
from evolvisense.report.parts import Person
from evolvisense.report.words import CANNOT_TELL, WHY_UNCERTAIN
from evolvisense.types.arrays import F32, F64, I64
from evolvisense.types.scores import EMOTIONS

SAME_TIME_S = 1e-4
"""Times of a report that was stored have six decimals."""
MAX_STEP_S = 1.0
"""Between analysed pictures further apart nothing is shown: a face may have gone and come."""
DROPOUT_S = 0.25
"""So long a face may be missed and is still shown on its way."""


@dataclass(frozen=True)
class FacePlacement:
    """One face in one picture."""

    person_id: int
    box: F32
    """(4,) left, top, right, bottom in source pixels."""
    points_px: F32 | None
    """(P, 2) landmarks in source pixels."""
    expression: tuple[str, ...]
    """The likeliest expression, or why it should not be read, from the full text to the shortest;
    empty where it is withheld."""


@dataclass(frozen=True)
class FacePositions:
    """One person over the recording; arrays by sighting, (N,), in the order of time."""

    person_id: int
    time_s: F64
    frame: I64
    """Row of the analysed frame."""
    xyxy: F32
    """(N, 4)"""
    points_px: F32 | None
    """(N, P, 2), NaN where unknown."""
    expression: tuple[tuple[str, ...], ...]
    """As in FacePlacement."""


def face_positions_of(report: Report, *, landmarks: bool) -> tuple[FacePositions, ...]:
    """Everybody in the report who was seen."""
    people = [person for person in report.people if len(person.timeline.time_s)]
    return tuple(_sightings(person, report.frames.number, landmarks) for person in people)


def placements_at(
    time_s: float, frames_s: F64, people: Sequence[FacePositions]
) -> list[FacePlacement]:
    """The faces to show in the picture at `time_s`, given the times (F,) of analysed frames.

    Between two sightings that follow each other a face moves evenly.
    """
    found = [_place(time_s, frames_s, person) for person in people]
    return [place for place in found if place is not None]


def _sightings(person: Person, numbers: I64, landmarks: bool) -> FacePositions:
    line = person.timeline
    edges = [line.left_px, line.top_px, line.right_px, line.bottom_px]
    return FacePositions(
        person_id=person.id,
        time_s=line.time_s,
        frame=np.searchsorted(numbers, line.frame_number),
        xyxy=np.stack(edges, axis=1).astype(np.float32),
        points_px=decode(line) if landmarks else None,
        expression=_expressions(person),
    )


def _expressions(person: Person) -> tuple[tuple[str, ...], ...]:
    line = person.timeline
    if line.probabilities is None:
        return ((),) * len(line.time_s)
    probs = np.stack([line.probabilities[emotion] for emotion in EMOTIONS], axis=1)
    best = probs.argmax(axis=1)
    return tuple(
        (f"{CANNOT_TELL}: {WHY_UNCERTAIN[why]}", CANNOT_TELL)
        if why
        else (f"{EMOTIONS[i]} {100 * row[i]:.0f} %",)
        for row, i, why in zip(probs, best.tolist(), line.uncertain, strict=True)
    )


def _place(time_s: float, frames_s: F64, person: FacePositions) -> FacePlacement | None:
    before = int(np.searchsorted(person.time_s, time_s + SAME_TIME_S, "right")) - 1
    after = before + 1
    has_before, has_after = before >= 0, after < len(person.time_s)
    if has_before and time_s - person.time_s[before] <= SAME_TIME_S:
        return _between(person, before, before, 0.0)
    if has_before and has_after:
        gap_s = float(person.time_s[after] - person.time_s[before])
        is_next = person.frame[after] - person.frame[before] == 1
        if gap_s <= (MAX_STEP_S if is_next else DROPOUT_S):
            share = (time_s - float(person.time_s[before])) / gap_s
            return _between(person, before, after, share)
    nearest = nearest_frame(time_s, frames_s)
    for row in [before] * has_before + [after] * has_after:
        if person.frame[row] == nearest and abs(time_s - person.time_s[row]) <= MAX_STEP_S:
            return _between(person, row, row, 0.0)
    return None


def nearest_frame(time_s: float, frames_s: F64) -> int:
    """Row of the analysed frame nearest in time, of at least one."""
    after = min(int(np.searchsorted(frames_s, time_s)), len(frames_s) - 1)
    before = max(after - 1, 0)
    return before if time_s - frames_s[before] < frames_s[after] - time_s else after


def _between(person: FacePositions, first: int, second: int, share: float) -> FacePlacement:
    points = None
    if person.points_px is not None:
        blended = _blend(person.points_px[first], person.points_px[second], share)
        points = blended if np.isfinite(blended).all() else None
    return FacePlacement(
        person.person_id,
        _blend(person.xyxy[first], person.xyxy[second], share),
        points,
        person.expression[first if share < 0.5 else second],
    )


def _blend(first: F32, second: F32, share: float) -> F32:
    return ((1 - share) * first + share * second).astype(np.float32)
