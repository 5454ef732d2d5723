"""Rows of drawings over one time axis, with their words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evolvisense.report.html import svg
from evolvisense.report.html.markup import Markup, element

MOST_TICKS = 8
TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
HOUR_S = 3600
MINUTES_FROM_S = 120
"""From this length on, times are minutes and seconds."""


@dataclass(frozen=True)
class Band:
    """A stretch of time behind a drawing."""

    look: Literal["hatch", "unread"]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Row:
    """One drawing: title, words for those who do not see it, scale, shapes."""

    title: str
    words: str
    frame: svg.Frame
    shapes: Sequence[Markup]
    height_rem: float = 4.0
    ticks: Sequence[tuple[float, str]] = ()
    """Values that are marked, with their labels."""
    bands: Sequence[Band] = ()
    empty: str = ""
    """Said in the middle of the row where there is nothing to draw."""


def chart(rows: Iterable[Row], end_s: float) -> Markup:
    """The rows from top to bottom and the time axis."""
    ticks = time_ticks(end_s)
    return element("div", *(_row(row, ticks) for row in rows), _axis(ticks, end_s), class_="chart")


def time_ticks(end_s: float) -> list[float]:
    """Round times from 0 on, at most nine."""
    step = next((s for s in TIME_STEPS_S if end_s / s <= MOST_TICKS), None)
    if step is None:
        step = HOUR_S * math.ceil(end_s / HOUR_S / MOST_TICKS)
    return [i * step for i in range(int(end_s / step + 1e-9) + 1)]


def value_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Round values between two."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def clock_text(time_s: float, end_s: float) -> str:
    """`7 s`, `1:05` or `1:00:05`, by the length of the recording."""
    if end_s < MINUTES_FROM_S:
        return f"{time_s:g} s"
    minutes, seconds = divmod(round(time_s), 60)
    if end_s < HOUR_S:
        return f"{minutes}:{seconds:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _row(row: Row, times_s: Sequence[float]) -> Markup:
    frame = row.frame
    labels = [
        element("span", text, style=f"top:{_percent(float(frame.y(np.array(value))) / svg.HEIGHT)}")
        for value, text in row.ticks
    ]
    lines = svg.grid(frame, times_s, [value for value, _ in row.ticks])
    field = element(
        "div",
        *(_band(band, frame.end_s) for band in row.bands),
        svg.drawing([lines, *row.shapes]),
        element("span", row.empty, class_="empty") if row.empty else "",
        class_="field",
    )
    return element(
        "figure",
        element("figcaption", row.title),
        element(
            "div",
            element("div", *labels, class_="scale", aria_hidden="true"),
            field,
            class_="plot",
            style=f"height:{row.height_rem:g}rem",
            role="img",
            aria_label=row.words,
        ),
    )


def _axis(ticks: Sequence[float], end_s: float) -> Markup:
    labels = (
        element("span", clock_text(time_s, end_s), style=f"left:{_percent(time_s / end_s)}")
        for time_s in ticks
    )
    return element("div", *labels, class_="axis", aria_hidden="true")


def _band(band: Band, end_s: float) -> Markup:
    left, right = (min(max(edge / end_s, 0), 1) for edge in (band.start_s, band.end_s))
    place = f"left:{_percent(left)};width:{_percent(right - left)}"
    return element("i", class_=band.look, style=place)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"
