"""One person along the analysed frames, as the figures draw them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from evolvisense.errors import InvalidOptionError
from evolvisense.report.figures.layout import shape_trace
from evolvisense.report.figures.series import (
    Cells,
    Window,
    along,
    boxes,
    cells_of,
    rows_of,
    step_of,
)
from evolvisense.report.figures.style import Palette, Trace
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.words import Clock
from evolvisense.types.arrays import F64, I64, Bools
from evolvisense.types.scores import EMOTIONS

HALF = 0.5
"""A cell is what most of its samples are."""
UNREAD_STEPS = 2.0
"""An end of the recording is unread when it is longer than so many usual steps."""


@dataclass(frozen=True)
class Seen:
    """One person along the analysed frames, in cells."""

    person: Person
    rows: I64
    cells: Cells
    read_to_s: float
    """Where the reading of faces ended."""
    window: Window
    end_s: float
    palette: Palette

    def column(self, values: F64) -> F64:
        """A column of the person (M,) along the frames (N,), NaN where they are not seen."""
        return along(np.asarray(values, np.float64), self.rows)

    def share(self, flags: Bools) -> F64:
        """Share of the frames of each cell (K,) for which a flag of the person (M,) is set."""
        return self.cells.mean(np.nan_to_num(self.column(flags.astype(np.float64))))

    def most(self, flags: Bools) -> Bools:
        """Cells (K,) in most of whose frames a flag of the person (M,) is set."""
        return self.share(flags) >= HALF

    @property
    def is_there(self) -> Bools:
        """Cells (K,) in which the person is seen."""
        return self.most(np.ones(self.person.frames, np.bool_))

    @property
    def is_certain(self) -> Bools:
        """Frames of the person (M,) whose expression may be read."""
        return certain_frames(self.person)

    def unread(self, low: float, high: float) -> list[Trace]:
        """The end of the recording in which faces were not looked for, if there is one."""
        if self.end_s <= self.read_to_s or self.window.end_s <= self.read_to_s:
            return []
        spans = [(max(self.read_to_s, self.window.start_s), self.end_s)]
        return [shape_trace(boxes(spans, low, high), self.palette.unread)]


def seen_person(
    report: ReportData, person: Person, clock: Clock, window: Window, points: int, palette: Palette
) -> Seen:
    """The person in at most about `points` cells over the window."""
    times_s = clock.of(np.asarray(report.frames.time_s, np.float64))
    step_s = step_of(times_s)
    read_to_s = float(times_s[-1]) + step_s
    if clock.end_s - read_to_s <= UNREAD_STEPS * step_s:
        read_to_s = clock.end_s
    return Seen(
        person,
        rows_of(report, person),
        cells_of(times_s, window, points),
        read_to_s,
        window,
        clock.end_s,
        palette,
    )


def chosen_person(report: ReportData, person_id: int | None) -> Person | None:
    """The person of that id, or the main one; None where nobody was found.

    Raises InvalidOptionError for an id that nobody has.
    """
    if person_id is None:
        return next((person for person in report.people if person.is_main), None)
    found = next((person for person in report.people if person.id == person_id), None)
    if found is None:
        known = ", ".join(str(person.id) for person in report.people) or "none"
        raise InvalidOptionError(f"there is no person {person_id}; people found: {known}")
    return found


def certain_frames(person: Person) -> Bools:
    """Frames of the person (M,) whose expression may be read."""
    return np.array([reason == "" for reason in person.timeline.uncertain], np.bool_)


def likeliest(person: Person) -> str:
    """How often each expression is the likeliest one, as a sentence; empty where it is unknown."""
    probabilities, certain = person.timeline.probabilities, certain_frames(person)
    if probabilities is None or not certain.any():
        return ""
    columns = np.stack([probabilities[emotion] for emotion in EMOTIONS])
    first: list[int] = columns[:, certain].argmax(axis=0).tolist()
    counts = Counter(EMOTIONS[i] for i in first)
    shares = [f"{name} {100 * n / certain.sum():.0f} %" for name, n in counts.most_common()]
    return f"Likeliest in the frames that can be read: {', '.join(shares)}."
