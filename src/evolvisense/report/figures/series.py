"""Columns of a report as cells of a drawing: few enough to draw, and true about gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.report.parts import Person, ReportData
from evolvisense.types.arrays import F64, I64, Bools

GAP_STEPS = 4.0
"""A sample stands for the time around it, but not for more than so many usual steps."""
TIME_DECIMALS = 3

Numbers = list[float | None]
Curve = tuple[Numbers, Numbers]
"""Horizontal and vertical places for plotly; None lifts the pen."""


@dataclass(frozen=True)
class Window:
    """The stretch of time that is drawn, seconds from the beginning of the recording."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Cells:
    """Neighbouring samples put together: K cells, each with the time it stands for."""

    samples: slice
    """Which of the N samples are in the cells."""
    first: I64
    """(K,) index of the first sample of each cell, counted inside `samples`."""
    time_s: F64
    """(K,) mean time of the samples, seconds from the beginning of the recording, ascending."""
    left_s: F64
    """(K,) begin of the time that a cell stands for."""
    right_s: F64
    """(K,)"""

    def __len__(self) -> int:
        return len(self.left_s)

    def mean(self, values: F64) -> F64:
        """(K,) of samples (N,), of those that are not NaN; NaN where there is none."""
        inside = values[self.samples]
        known = np.isfinite(inside)
        count = self._sum(known.astype(np.float64))
        total = self._sum(np.where(known, inside, 0.0))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def lowest(self, values: F64) -> F64:
        """(K,) of samples (N,) that are not NaN."""
        return self._extreme(np.minimum, values, np.inf)

    def highest(self, values: F64) -> F64:
        """(K,) of samples (N,) that are not NaN."""
        return self._extreme(np.maximum, values, -np.inf)

    def is_merged(self) -> bool:
        """Whether a cell may hold more than one sample."""
        return len(self) < self.samples.stop - self.samples.start

    def runs(self, there: Bools) -> list[tuple[int, int]]:
        """First and last cell of each stretch of cells (K,) that are `there` and touch."""
        if not there.any():
            return []
        touches = np.append(False, self.left_s[1:] <= self.right_s[:-1])
        begins = there & ~(np.append(False, there[:-1]) & touches)
        ends = there & ~np.append(there[1:] & touches[1:], False)
        return list(
            zip(np.flatnonzero(begins).tolist(), np.flatnonzero(ends).tolist(), strict=True)
        )

    def spans(self, there: Bools) -> list[tuple[float, float]]:
        """The same in seconds."""
        return [(float(self.left_s[a]), float(self.right_s[b])) for a, b in self.runs(there)]

    def line(self, values: F64, decimals: int = 4) -> Curve:
        """A line through values (K,), lifted where one is missing and where time has a gap."""
        gaps = np.flatnonzero(self.left_s[1:] > self.right_s[:-1]) + 1
        times = np.insert(self.time_s, gaps, self.right_s[gaps - 1])
        return numbers(times, TIME_DECIMALS), numbers(np.insert(values, gaps, np.nan), decimals)

    def ribbon(self, low: F64, high: F64, decimals: int = 4) -> Curve:
        """The outline of what lies between two edges (K,): a shape for each stretch."""
        found: Curve = ([], [])
        for begin, end in self.runs(np.isfinite(low) & np.isfinite(high)):
            there = slice(begin, end + 1)
            x = np.concatenate([[self.left_s[begin]], self.time_s[there], [self.right_s[end]]])
            bottom, top = (np.pad(edge[there], 1, mode="edge") for edge in (low, high))
            _add(found, np.concatenate([x, x[::-1]]), np.concatenate([bottom, top[::-1]]), decimals)
        return found

    def _sum(self, values: F64) -> F64:
        return np.add.reduceat(values, self.first) if len(self) else np.zeros(0)

    def _extreme(self, of: np.ufunc, values: F64, nothing: float) -> F64:
        if not len(self):
            return np.zeros(0)
        inside = values[self.samples]
        found = of.reduceat(np.where(np.isfinite(inside), inside, nothing), self.first)
        return np.where(np.isfinite(found), found, np.nan)


def cells_of(times_s: F64, window: Window, most: int) -> Cells:
    """At most about `most` cells over the ascending times (N,) of samples inside the window, and
    one sample more on each side, so that a line leaves the window at its edge.
    """
    begin = max(int(np.searchsorted(times_s, window.start_s)) - 1, 0)
    stop = min(int(np.searchsorted(times_s, window.end_s, side="right")) + 1, len(times_s))
    count = stop - begin
    if count <= 0:
        return Cells(slice(0, 0), np.zeros(0, np.int64), *(np.zeros(0) for _ in range(3)))
    left, right = _edges(times_s)
    first = np.arange(0, count, -(-count // most))
    last = np.append(first[1:], count) - 1
    inside = times_s[begin:stop]
    sizes = last - first + 1
    return Cells(
        slice(begin, stop),
        first,
        np.add.reduceat(inside, first) / sizes,
        np.maximum(left[begin + first], 0.0),
        right[begin + last],
    )


def step_of(times_s: F64) -> float:
    """Median step; 1 s where there is no second sample."""
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1.0


def rows_of(report: ReportData, person: Person) -> I64:
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


def boxes(spans: list[tuple[float, float]], low: float, high: float) -> Curve:
    """Outlines of rectangles over stretches of time, between two heights."""
    found: Curve = ([], [])
    for start, end in spans:
        _add(found, np.array([start, start, end, end]), np.array([low, high, high, low]), 4)
    return found


def numbers(values: F64, decimals: int) -> Numbers:
    """For JSON: rounded, None for NaN."""
    rounded: list[float] = np.round(np.asarray(values, np.float64), decimals).tolist()
    return [v if v == v else None for v in rounded]  # noqa: PLR0124 - NaN differs from itself


def _edges(times_s: F64) -> tuple[F64, F64]:
    """Begin and end of the time that each sample (N,) stands for."""
    reach = GAP_STEPS / 2 * step_of(times_s)
    middle = (times_s[:-1] + times_s[1:]) / 2
    left = np.maximum(np.concatenate([[-np.inf], middle]), times_s - reach)
    right = np.minimum(np.concatenate([middle, [np.inf]]), times_s + reach)
    left[0] = max(left[0], times_s[0] - step_of(times_s) / 2)
    right[-1] = min(right[-1], times_s[-1] + step_of(times_s))
    return left, right


def _add(curve: Curve, x: F64, y: F64, decimals: int) -> None:
    if curve[0]:
        curve[0].append(None)
        curve[1].append(None)
    curve[0].extend(numbers(x, TIME_DECIMALS))
    curve[1].extend(numbers(y, decimals))
