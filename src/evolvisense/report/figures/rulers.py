"""Values with their intervals on rulers, one below the other, in plotly's terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from evolvisense.report.figures.layout import axis_id, base_layout, coloured, row_title
from evolvisense.report.figures.style import Layout, Palette, Trace
from evolvisense.report.words import CANNOT_TELL

ROW_PX = 54
EDGE_PX = 8
NAMES_PX = 24
LABEL_Y, RULER_Y, BELOW_Y = 0.2, 0.56, 0.76
"""Places inside a row, 0 its upper end and 1 its lower."""
APART_Y = 0.11
"""Between the marks of two recordings on one ruler."""
NOTE_CHARS = 50
NOTE_LINES = 2
SYMBOLS = ("circle", "diamond")
SIGNS = ("\u25cf", "\u25c6")
MINUS = "\u2212"


@dataclass(frozen=True)
class Mark:
    """A value on a ruler."""

    value: float
    interval: tuple[float, float] | None = None
    is_filled: bool = True


@dataclass(frozen=True)
class Ruler:
    """A scale with a mark for each recording; None where a recording has no value."""

    label: str
    low: float
    high: float
    marks: Sequence[Mark | None]
    decimals: int = 0
    unit: str = ""
    middle: float | None = None
    """A value that is marked on the scale."""
    note: str = ""
    """Said below the ruler, or instead of it where there is no value at all."""

    def place(self, value: float) -> float:
        """Where a value is on the ruler, 0-1; at its end where it is beyond."""
        return round(min(max((value - self.low) / (self.high - self.low), 0.0), 1.0), 4)

    def text(self, value: float) -> str:
        """A value in words, without its unit."""
        return f"{value:.{self.decimals}f}".replace("-", MINUS)


@dataclass(frozen=True)
class Panel:
    """Rulers as a part of a figure."""

    data: list[Trace]
    layout: Layout
    """Axes and annotations."""
    height_px: int


def rulers_panel(
    rulers: Sequence[Ruler],
    names: Sequence[str],
    palette: Palette,
    *,
    top_share: float = 1.0,
    axis: int = 0,
) -> Panel:
    """The rulers on axes number `axis` (from 0) over the upper `top_share` of the paper.

    `names` are those of the recordings, one for each mark of a ruler; empty for one recording.
    """
    x, y = axis_id("x", axis), axis_id("y", axis)
    data = [trace | {"xaxis": x, "yaxis": y} for trace in _tracks(rulers, palette)]
    for which in range(len(rulers[0].marks)):
        found = _marks(rulers, which, names, palette)
        data += [trace | {"xaxis": x, "yaxis": y} for trace in found]
    hidden = {"visible": False, "fixedrange": True}
    layout: Layout = {
        axis_id("xaxis", axis): hidden | {"range": [-0.015, 1.015], "anchor": y},
        axis_id("yaxis", axis): hidden
        | {"range": [len(rulers), 0], "domain": [1 - top_share, 1], "anchor": x},
        "annotations": [
            {"xref": x, "yref": y, "showarrow": False} | note
            for i, ruler in enumerate(rulers)
            for note in _words(ruler, i, palette)
        ],
    }
    return Panel(data, layout, ROW_PX * len(rulers))


def rulers_layout(panel: Panel, palette: Palette, names: Sequence[str] = ()) -> tuple[Layout, int]:
    """Layout and height in pixels of a figure of nothing but rulers, under the names of their
    marks.
    """
    top_px = EDGE_PX + (NAMES_PX if names else 0)
    margin = {"l": EDGE_PX, "r": EDGE_PX, "t": top_px, "b": EDGE_PX, "autoexpand": False}
    layout = base_layout(palette) | panel.layout
    layout |= {"hovermode": "closest", "dragmode": False, "margin": margin}
    if names:
        signs = zip(SIGNS, colours_of(palette), names, strict=True)
        text = " &nbsp; ".join(f"{coloured(sign, colour)} {name}" for sign, colour, name in signs)
        layout["annotations"] = [row_title(text, 1, palette), *layout["annotations"]]
    return layout, panel.height_px + top_px + EDGE_PX


def colours_of(palette: Palette) -> tuple[str, str]:
    """Of the first and the second recording."""
    return palette.accent, palette.second


def _tracks(rulers: Sequence[Ruler], palette: Palette) -> list[Trace]:
    x: list[float | None] = []
    y: list[float | None] = []
    ticks: tuple[list[float], list[float]] = ([], [])
    for i, ruler in enumerate(rulers):
        if any(ruler.marks):
            x += [0, 1, None]
            y += [i + RULER_Y, i + RULER_Y, None]
            if ruler.middle is not None:
                ticks[0].append(ruler.place(ruler.middle))
                ticks[1].append(i + RULER_Y)
    line = {"type": "scatter", "hoverinfo": "skip", "showlegend": False}
    tick = {"symbol": "line-ns", "size": 16, "line": {"color": palette.muted, "width": 1.5}}
    return [
        line | {"x": x, "y": y, "mode": "lines", "line": {"color": palette.line, "width": 6}},
        line | {"x": ticks[0], "y": ticks[1], "mode": "markers", "marker": tick},
    ]


def _marks(
    rulers: Sequence[Ruler], which: int, names: Sequence[str], palette: Palette
) -> list[Trace]:
    colour = colours_of(palette)[which]
    shift = 0.0 if len(rulers[0].marks) == 1 else (which - 0.5) * 2 * APART_Y
    shown = [
        (i + RULER_Y + shift, ruler, mark)
        for i, ruler in enumerate(rulers)
        if (mark := ruler.marks[which]) is not None
    ]
    bars: tuple[list[float | None], list[float | None]] = ([], [])
    for y, ruler, mark in shown:
        if mark.interval is not None:
            bars[0].extend([*map(ruler.place, mark.interval), None])
            bars[1].extend([y, y, None])
    look = {"type": "scatter", "showlegend": False}
    return [
        look
        | {
            "x": bars[0],
            "y": bars[1],
            "mode": "lines",
            "line": {"color": colour, "width": 6},
            "opacity": 0.45,
            "hoverinfo": "skip",
        },
        look
        | {
            "x": [ruler.place(mark.value) for _, ruler, mark in shown],
            "y": [y for y, _, _ in shown],
            "text": [_hover(ruler, mark, which, names) for _, ruler, mark in shown],
            "mode": "markers",
            "marker": {
                "symbol": [
                    SYMBOLS[which] if mark.is_filled else f"{SYMBOLS[which]}-open"
                    for _, _, mark in shown
                ],
                "size": 13,
                "color": colour,
                "line": {"color": palette.card, "width": 1.5},
            },
            "hovertemplate": "%{text}<extra></extra>",
        },
    ]


def _hover(ruler: Ruler, mark: Mark, which: int, names: Sequence[str]) -> str:
    name = f"{names[which]}: " if names else ""
    return f"{ruler.label}<br>{name}{_value(ruler, mark)} {ruler.unit}".rstrip()


def _value(ruler: Ruler, mark: Mark) -> str:
    text = ruler.text(mark.value)
    if mark.interval is None:
        return text
    low, high = map(ruler.text, mark.interval)
    return f"{text} ({low} to {high})"


def _words(ruler: Ruler, i: int, palette: Palette) -> list[Layout]:
    left = {"x": 0, "xanchor": "left", "yanchor": "middle", "align": "left"}
    label = left | {
        "text": _headline(ruler, palette),
        "y": i + LABEL_Y,
        "font": {"size": 12, "color": palette.text},
    }
    small = {"size": 11, "color": palette.muted}
    if not any(ruler.marks):
        lines = wrap(ruler.note, NOTE_CHARS, max_lines=NOTE_LINES, placeholder=" \u2026")
        why = left | {"text": "<br>".join(lines), "y": i + RULER_Y + 0.04, "font": small}
        return [label, why]
    below: list[tuple[float, str, str]] = [
        (0, _end(ruler.low), "left"),
        (1, _end(ruler.high), "right"),
    ]
    if ruler.note:
        below.append((0.5, ruler.note, "center"))
    return [
        label,
        *(
            {"text": text, "x": x, "xanchor": side, "y": i + BELOW_Y, "yanchor": "top"}
            | {"font": {"size": 10, "color": palette.muted}}
            for x, text, side in below
        ),
    ]


def _end(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _headline(ruler: Ruler, palette: Palette) -> str:
    """`Activation 62 (48 to 75)`, with the signs of the recordings where there are two."""
    if not any(ruler.marks):
        return f"<b>{ruler.label}</b>"
    values: list[str] = []
    for which, mark in enumerate(ruler.marks):
        sign = "" if len(ruler.marks) == 1 else coloured(SIGNS[which], colours_of(palette)[which])
        values.append(f"{sign} {CANNOT_TELL if mark is None else _value(ruler, mark)}".strip())
    return f"<b>{ruler.label}</b> {' '.join(values)} {ruler.unit}".rstrip()
