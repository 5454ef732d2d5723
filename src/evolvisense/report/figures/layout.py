"""Rows of plots over one time axis, in plotly's terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from evolvisense.report.figures.series import Curve, Window
from evolvisense.report.figures.style import Figure, FigureName, Layout, OtherName, Palette, Trace

MARGIN = {"l": 56, "r": 16, "t": 30, "b": 34}
"""Pixels; the same for all figures over time, so that one cursor can cross them all."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
TITLE_PX = 28
"""Between two rows, for the title of the lower one."""
LEGEND_PX = 26
"""Below the upper margin: a legend has three lines on a phone."""
EMPTY_PX = 34
"""Height of a row that says why it is empty."""
FEW_POINTS = 60
"""A line of so few points shows them."""
DENSE_POINTS = 250
MOST_TICKS = 8
TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
CLOCK_FROM_S = 120
"""A window that ends later has its times as minutes and seconds."""
HOUR_S = 3600
SHARES: Layout = {"range": [-0.03, 1.03], "tickformat": ".0%", "tickvals": [0, 0.5, 1]}
"""A vertical axis of shares."""


@dataclass(frozen=True)
class Row:
    """One plot: title, height, vertical axis, traces."""

    title: str
    """May hold the markup of plotly's texts."""
    height_px: int
    axis: Layout
    traces: Sequence[Trace]
    note: str = ""
    """Said in the middle of the row where there is nothing to draw."""
    annotations: Sequence[Layout] = field(default_factory=tuple)


def rows_over_time(
    rows: Sequence[Row],
    window: Window,
    palette: Palette,
    *,
    has_legend: bool = False,
    free_px: int = 0,
) -> tuple[list[Trace], Layout, int]:
    """Traces, layout and height in pixels of rows from top to bottom, under a legend or none, and
    under a free space.
    """
    top = free_px + (LEGEND_PX if has_legend else 0)
    whole = top + sum(row.height_px for row in rows) + TITLE_PX * (len(rows) - 1)
    layout = base_layout(palette)
    layout |= {
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "xaxis": time_axis(window, palette) | {"anchor": axis_id("y", len(rows) - 1)},
    }
    traces: list[Trace] = []
    notes: list[Layout] = []
    if has_legend:
        layout |= {"showlegend": True, "legend": legend(palette, 1 - LEGEND_PX / whole)}
    for i, row in enumerate(rows):
        domain = [1 - (top + row.height_px) / whole, 1 - top / whole]
        top += row.height_px + TITLE_PX
        axis = value_axis(palette) | row.axis | {"domain": domain}
        if row.note:
            axis |= {"visible": False, "range": [0, 1]}
            notes.append(_note(row.note, domain, palette))
        layout[axis_id("yaxis", i)] = axis
        traces += [trace | {"xaxis": "x", "yaxis": axis_id("y", i)} for trace in row.traces]
        if not row.traces:
            traces.append(_nothing(window, axis_id("y", i)))
        if row.title:
            notes.append(row_title(row.title, domain[1], palette))
        notes += [{"yref": axis_id("y", i)} | note for note in row.annotations]
    layout["annotations"] = notes
    return traces, layout, whole + MARGIN["t"] + MARGIN["b"]


def base_layout(palette: Palette) -> Layout:
    """What all figures have in common."""
    return {
        "margin": {**MARGIN, "autoexpand": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": palette.muted},
        "showlegend": False,
        "dragmode": "zoom",
        "hoverlabel": {
            "bgcolor": palette.card,
            "bordercolor": palette.line,
            "font": {"family": FONT, "size": 12, "color": palette.text},
        },
    }


def legend(palette: Palette, bottom: float) -> Layout:
    """Names in a line from `bottom` of the paper upwards; a click hides what it names."""
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "xref": "container",
        "y": bottom,
        "yanchor": "bottom",
        "itemwidth": 30,
        "tracegroupgap": 0,
        "bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 11, "color": palette.text},
    }


def time_axis(window: Window, palette: Palette) -> Layout:
    """Seconds from the beginning of the recording over the window."""
    axis = {
        "range": [window.start_s, window.end_s],
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zeroline": False,
        "automargin": False,
        "tickangle": 0,
        "ticksuffix": " s",
        "hoverformat": ".2f",
        "nticks": MOST_TICKS + 1,
    }
    ticks = clock_ticks(window)
    if ticks:
        axis |= {"tickvals": ticks, "ticktext": [clock_text(tick, window.end_s) for tick in ticks]}
    return axis


def value_axis(palette: Palette) -> Layout:
    """A vertical axis that zooming leaves alone."""
    return {
        "gridcolor": palette.line,
        "linecolor": palette.line,
        "zeroline": False,
        "fixedrange": True,
        "automargin": False,
        "nticks": 4,
    }


def clock_ticks(window: Window) -> list[float]:
    """Round times inside a window that is labelled in minutes; none where plotly finds them."""
    if window.end_s < CLOCK_FROM_S:
        return []
    length_s = window.end_s - window.start_s
    step = next((s for s in TIME_STEPS_S if length_s / s <= MOST_TICKS), None)
    if step is None:
        step = HOUR_S * math.ceil(length_s / HOUR_S / MOST_TICKS)
    first, last = math.ceil(window.start_s / step), math.floor(window.end_s / step + 1e-9)
    return [round(i * step, 1) for i in range(first, last + 1)]


def clock_text(time_s: float, end_s: float) -> str:
    """`1:05`, `1:05.5` or `1:00:05`, by the end of the window."""
    minutes, seconds = divmod(round(float(time_s), 1), 60)
    text = f"{seconds:02.0f}" if seconds.is_integer() else f"{seconds:04.1f}"
    if end_s < HOUR_S:
        return f"{minutes:.0f}:{text}"
    return f"{minutes // 60:.0f}:{minutes % 60:02.0f}:{text}"


def axis_id(letters: str, i: int) -> str:
    """`y`, `y2`, `y3` ... for 0, 1, 2 ..."""
    return f"{letters}{i + 1}" if i else letters


def line_trace(curve: Curve, name: str, colour: str, **look: object) -> Trace:
    """A line over time with a name for hovering; points are marked where they are few."""
    x, y = curve
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": name,
        "mode": "lines+markers" if len(x) <= FEW_POINTS else "lines",
        "connectgaps": False,
        "marker": {"size": 4, "color": colour},
        "line": {"color": colour, "width": width_px(curve)},
        **look,
    }


def width_px(curve: Curve) -> float:
    """Of a line; a dense one is thinner."""
    return 2 if len(curve[0]) <= DENSE_POINTS else 1.3


def shape_trace(curve: Curve, colour: str, **look: object) -> Trace:
    """Filled outlines without hovering."""
    x, y = curve
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "none",
        "fill": "toself",
        "fillcolor": colour,
        "hoverinfo": "skip",
        "showlegend": False,
        **look,
    }


def hatched(curve: Curve, palette: Palette) -> Trace:
    """What should not be read."""
    pattern = {
        "shape": "/",
        "fgcolor": palette.muted,
        "bgcolor": palette.unread,
        "size": 8,
        "solidity": 0.16,
    }
    return shape_trace(curve, palette.unread, fillpattern=pattern)


def words_trace(curve: Curve, texts: Sequence[str]) -> Trace:
    """Unseen points that say something on hover."""
    x, y = curve
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "markers",
        "marker": {"opacity": 0},
        "text": list(texts),
        "hovertemplate": "%{text}<extra></extra>",
        "showlegend": False,
    }


def row_title(text: str, top: float, palette: Palette) -> Layout:
    """A title over the left edge of a row whose upper end is at `top` of the paper."""
    return {
        "text": text,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": top,
        "yref": "paper",
        "yanchor": "bottom",
        "yshift": 3,
        "showarrow": False,
        "align": "left",
        "font": {"size": 12, "color": palette.text},
    }


def coloured(text: str, colour: str) -> str:
    """A name in its own colour, for a title."""
    return f'<span style="color:{colour}">{text}</span>'


def _note(text: str, domain: Sequence[float], palette: Palette) -> Layout:
    return {
        "text": text,
        "x": 0.5,
        "xref": "paper",
        "y": sum(domain) / 2,
        "yref": "paper",
        "showarrow": False,
        "font": {"color": palette.muted},
    }


def _nothing(window: Window, yaxis: str) -> Trace:
    """A row without a trace would have no axis."""
    return words_trace(([window.start_s], [None]), [""]) | {"xaxis": "x", "yaxis": yaxis}


def absent(
    name: FigureName | OtherName, title: str, reason: str, palette: Palette, window: Window
) -> Figure:
    """A figure that says why it has nothing to draw."""
    row = Row("", EMPTY_PX, {}, (), note=reason)
    _, layout, height_px = rows_over_time([row], window, palette)
    return Figure(name, title, f"{title}: {reason}.", [], layout, height_px, reason)
