"""Columns of a report as cells of a drawing: few enough to draw, and true about gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.report.schema import Person, Report
from evolvisense.types.arrays import F64, I64, Bools

MOST_CELLS = 480
"""About one for each two pixels of a wide screen; an hour of video has cells of 7.5 s."""
GAP_STEPS = 4.0
"""A sample stands for the time around it, but not for more than so many usual steps."""


@dataclass(frozen=True)
class Cells:
    """Neighbouring samples put together, each cell with the time it stands for."""

    left_s: F64
    """(K,) seconds from the beginning of the recording, ascending."""
    right_s: F64
    """(K,)"""
    first: I64
    """(K,) index of the first sample of each cell."""

    def __len__(self) -> int:
        return len(self.left_s)

    def mean(self, values: F64) -> F64:
        """(K,) of samples (N,), of those that are not NaN; NaN where there is none."""
        known = np.isfinite(values)
        count = self._sum(known.astype(np.float64))
        total = self._sum(np.where(known, values, 0.0))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def lowest(self, values: F64) -> F64:
        """(K,) of samples (N,) that are not NaN."""
        return self._extreme(np.minimum, values, np.inf)

    def highest(self, values: F64) -> F64:
        """(K,) of samples (N,) that are not NaN."""
        return self._extreme(np.maximum, values, -np.inf)

    def runs(self, there: Bools) -> list[tuple[int, int]]:
        """First and last cell of each stretch of cells that are `there` and touch each other."""
        found: list[tuple[int, int]] = []
        for cell in np.flatnonzero(there).tolist():
            if found and found[-1][1] == cell - 1 and self.left_s[cell] <= self.right_s[cell - 1]:
                found[-1] = (found[-1][0], cell)
            else:
                found.append((cell, cell))
        return found

    def spans(self, there: Bools) -> list[tuple[float, float]]:
        """The same in seconds."""
        return [(float(self.left_s[a]), float(self.right_s[b])) for a, b in self.runs(there)]

    def _sum(self, values: F64) -> F64:
        return np.add.reduceat(values, self.first) if len(self) else np.zeros(0)

    def _extreme(self, of: np.ufunc, values: F64, nothing: float) -> F64:
        if not len(self):
            return np.zeros(0)
        found = of.reduceat(np.where(np.isfinite(values), values, nothing), self.first)
        return np.where(np.isfinite(found), found, np.nan)


def cells_of(times_s: F64, most: int = MOST_CELLS) -> Cells:
    """Cells over ascending times (N,) of samples; 0 is the beginning of the recording."""
    count = len(times_s)
    if not count:
        return Cells(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))
    step = step_of(times_s)
    middle = (times_s[:-1] + times_s[1:]) / 2
    left = np.maximum(np.concatenate([[-np.inf], middle]), times_s - GAP_STEPS / 2 * step)
    right = np.minimum(np.concatenate([middle, [np.inf]]), times_s + GAP_STEPS / 2 * step)
    left[0] = max(left[0], times_s[0] - step / 2)
    size = -(-count // most)
    first = np.arange(0, count, size)
    last = np.minimum(first + size, count) - 1
    return Cells(np.maximum(left[first], 0.0), right[last], first)


def step_of(times_s: F64) -> float:
    """Median step; 1 s where there is no second sample."""
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0


@dataclass(frozen=True)
class Clock:
    """Seconds of the file as seconds from the beginning of the recording."""

    origin_s: float
    end_s: float
    """Length of the recording; more than 0."""

    def of(self, times_s: F64) -> F64:
        """Times of the file (N,) on this clock."""
        return times_s - self.origin_s


def clock_of(report: Report) -> Clock:
    """From the first picture or the first sound to the end of the last."""
    media, voice = report.media, report.voice
    starts, ends = [media.start_s], [media.start_s + media.duration_s]
    if voice is not None and len(voice.timeline.time_s):
        starts.append(float(voice.timeline.time_s[0]))
        ends.append(float(voice.timeline.time_s[-1]) + voice.timeline.step_s)
    origin = min(starts)
    return Clock(origin, max(max(ends) - origin, 0.1))


def rows_of(report: Report, person: Person) -> I64:
    """Row of the person's timeline for each analysed frame (N,); -1 where they are not seen."""
    rows = np.full(len(report.frames.number), -1, np.int64)
    rows[np.searchsorted(report.frames.number, person.timeline.frame_number)] = np.arange(
        person.frames
    )
    return rows


def along(values: F64, rows: I64) -> F64:
    """A column of a person (M,) along the analysed frames (N,), NaN where they are not seen."""
    found = np.full(len(rows), np.nan)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found
