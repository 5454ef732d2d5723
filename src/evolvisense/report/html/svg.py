"""Curves over time as inline SVG.

A drawing is stretched to the width that there is; strokes are not. Everything with text in it is
HTML around the drawing, so that letters are never stretched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from evolvisense.report.html.markup import Markup, element
from evolvisense.report.html.series import Cells
from evolvisense.types.arrays import F64

WIDTH = 6000
HEIGHT = 1000


@dataclass(frozen=True)
class Frame:
    """What the edges of a drawing stand for."""

    end_s: float
    low: float = 0.0
    high: float = 1.0

    def x(self, times_s: F64) -> F64:
        """Seconds to units of the drawing, inside of it."""
        return np.clip(times_s / self.end_s, 0, 1) * WIDTH

    def y(self, values: F64) -> F64:
        """Values to units of the drawing, inside of it; the top is 0."""
        return (1 - np.clip((values - self.low) / (self.high - self.low), 0, 1)) * HEIGHT


def drawing(shapes: Iterable[Markup]) -> Markup:
    """The SVG itself; what it shows is said beside it."""
    return element(
        "svg",
        *shapes,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def line(frame: Frame, cells: Cells, values: F64, look: str) -> Markup:
    """A curve (K,), broken where a value is NaN or time is missing."""
    return _path("".join(_open(frame, cells, values, run) for run in _known(cells, values)), look)


def area(frame: Frame, cells: Cells, low: F64, high: F64, look: str) -> Markup:
    """All between two curves (K,), broken where one is NaN."""
    return _path(_closed(frame, cells, low, high), look)


def stacked(frame: Frame, cells: Cells, columns: Sequence[tuple[str, F64]]) -> list[Markup]:
    """Columns (K,) on top of each other, first at the bottom; `look` of each is its name.

    The highest is painted first and the others over it, so that each needs one curve.
    """
    tops = np.cumsum([values for _, values in columns], axis=0)
    floor = np.where(np.isfinite(tops[-1]), frame.low, np.nan)
    return [
        area(frame, cells, floor, top, look)
        for (look, _), top in reversed(list(zip(columns, tops, strict=True)))
    ]


def blocks(frame: Frame, spans_s: Iterable[tuple[float, float]], look: str) -> Markup:
    """Stretches of time over the whole height."""
    edges = [frame.x(np.array(span)).round().astype(int).tolist() for span in spans_s]
    return _path(
        "".join(f"M{a} 0h{max(b - a, 1)}v{HEIGHT}h{-max(b - a, 1)}z" for a, b in edges), look
    )


def grid(frame: Frame, times_s: Iterable[float], values: Iterable[float]) -> Markup:
    """Lines at these times and values."""
    upright = "".join(f"M{x:.0f} 0v{HEIGHT}" for x in frame.x(np.array(list(times_s))))
    level = "".join(f"M0 {y:.0f}h{WIDTH}" for y in frame.y(np.array(list(values))))
    return _path(upright + level, "grid")


def _path(way: str, look: str) -> Markup:
    return element("path", d=way, class_=look) if way else Markup("")


def _known(cells: Cells, *values: F64) -> list[tuple[int, int]]:
    return cells.runs(np.all(np.isfinite(values), axis=0))


def _open(frame: Frame, cells: Cells, values: F64, run: tuple[int, int]) -> str:
    return "M" + _points(*_way(frame, cells, values, run))


def _closed(frame: Frame, cells: Cells, low: F64, high: F64) -> str:
    found = ""
    for run in _known(cells, low, high):
        x, top = _way(frame, cells, high, run)
        _, bottom = _way(frame, cells, low, run)
        is_flat = len(np.unique(bottom)) == 1
        back = ([x[-1], x[0]], [bottom[0]] * 2) if is_flat else (x[::-1], bottom[::-1])
        found += f"M{_points(x, top)} {_points(*back)}z"
    return found


def _way(
    frame: Frame, cells: Cells, values: F64, run: tuple[int, int]
) -> tuple[Sequence[int], Sequence[int]]:
    """Through the middles of the cells, and level to the outer edges of the run."""
    chosen = slice(run[0], run[1] + 1)
    left, right, height = cells.left_s[chosen], cells.right_s[chosen], values[chosen]
    times = np.concatenate([left[:1], (left + right) / 2, right[-1:]])
    heights = np.concatenate([height[:1], height, height[-1:]])
    return (
        frame.x(times).round().astype(int).tolist(),
        frame.y(heights).round().astype(int).tolist(),
    )


def _points(x: Sequence[int], y: Sequence[int]) -> str:
    return " ".join(f"{a} {b}" for a, b in zip(x, y, strict=True))
