"""The indicators with their intervals, and over time where the recording is long enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolvisense.report.figures.layout import (
    MARGIN,
    TITLE_PX,
    Row,
    absent,
    hatched,
    line_trace,
    rows_over_time,
    shape_trace,
)
from evolvisense.report.figures.rulers import ROW_PX, Mark, Ruler, rulers_layout, rulers_panel
from evolvisense.report.figures.series import Cells, Curve, Window, boxes
from evolvisense.report.figures.style import Figure, Palette, Trace
from evolvisense.report.indicator_parts import (
    IndicatorBlock,
    IndicatorPart,
    WindowPart,
    WindowScore,
)
from evolvisense.report.words import CANNOT_TELL, WHY_MISSING, WITHHELD, Clock
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import IndicatorName

TITLE = "Indicators"
OVER_TIME_PX = 64
PALE = 0.3
RANKS = (0.0, 100.0)
MIDDLE = 50.0
MOST_REASONS = 3


def indicators_figure(
    block: IndicatorBlock, clock: Clock, window: Window, palette: Palette
) -> Figure:
    """Four ranks on 0-100 with 90 % intervals; below them the same over windows of time."""
    if all(score.no_score_reason == "withheld" for score in block.scores):
        return absent("indicators", TITLE, WITHHELD, palette, window)
    rulers = [_ruler(score) for score in block.scores]
    if block.windows:
        rows = [_over_time(block.windows, s.name, clock, palette) for s in block.scores]
        free_px = ROW_PX * len(rulers) + TITLE_PX
        data, layout, height_px = rows_over_time(rows, window, palette, free_px=free_px)
        inside_px = height_px - MARGIN["t"] - MARGIN["b"]
        share = (free_px - TITLE_PX) / inside_px
        panel = rulers_panel(rulers, (), palette, top_share=share, axis=len(rows))
        notes = [*layout["annotations"], *panel.layout.pop("annotations")]
        layout |= panel.layout | {"hovermode": "closest", "annotations": notes}
        data = [*data, *panel.data]
    else:
        panel = rulers_panel(rulers, (), palette)
        layout, height_px = rulers_layout(panel, palette)
        data = panel.data
    return Figure("indicators", TITLE, _describe(block), data, layout, height_px)


def why_no_score(score: IndicatorPart, most: int = MOST_REASONS) -> str:
    """In words, at most so many reasons; empty where there is a score."""
    if score.score is not None:
        return ""
    if score.no_score_reason == "withheld":
        return WITHHELD
    missing = sorted(
        (c for c in score.contributions if c.missing_reason and c.weight),
        key=lambda c: -abs(c.weight),
    )
    reasons = dict.fromkeys(WHY_MISSING[c.missing_reason] for c in missing if c.missing_reason)
    return f"{CANNOT_TELL}: {'; '.join(list(reasons)[:most]) or 'too little evidence'}"


def mark_of(score: IndicatorPart) -> Mark | None:
    """The score as a mark of a ruler."""
    low, high = score.interval_low, score.interval_high
    if score.score is None:
        return None
    return Mark(score.score, None if low is None or high is None else (low, high))


def _ruler(score: IndicatorPart) -> Ruler:
    mark = mark_of(score)
    note = why_no_score(score)
    if mark is not None and mark.interval is None:
        note = "too short for an interval"
    return Ruler(score.name.capitalize(), *RANKS, [mark], middle=MIDDLE, note=note)


def _over_time(
    windows: Sequence[WindowPart], name: IndicatorName, clock: Clock, palette: Palette
) -> Row:
    """One indicator over windows that overlap: each stands for the time around its middle."""
    found = [next(s for s in window.scores if s.name == name) for window in windows]
    cells = _cells(windows, clock)

    def column(field: str) -> F64:
        values = [getattr(score, field) for score in found]
        return np.array([np.nan if v is None else v for v in values], np.float64)

    scores = column("score")
    low, high = column("interval_low"), column("interval_high")
    nothing = cells.spans(np.isnan(scores))
    texts = [_told(score, window, clock) for score, window in zip(found, windows, strict=True)]
    x, y = cells.line(np.where(np.isnan(scores), MIDDLE, scores), 1)
    traces: list[Trace] = [
        hatched(boxes(nothing, *RANKS), palette),
        shape_trace(cells.ribbon(low, high, 1), palette.accent, opacity=PALE),
        line_trace(cells.line(scores, 1), name, palette.accent, hoverinfo="skip")
        | {"mode": "lines+markers"},
        _hovering((x, y), texts),
    ]
    axis = {"range": [-3, 103], "tickvals": [0, 50, 100]}
    title = f"<b>{name.capitalize()}</b> over time"
    if nothing:
        title = f"<b>{name.capitalize()}</b>; {CANNOT_TELL}, hatched"
    return Row(title, OVER_TIME_PX, axis, traces)


def _cells(windows: Sequence[WindowPart], clock: Clock) -> Cells:
    begin = clock.of(np.array([w.start_s for w in windows], np.float64))
    end = clock.of(np.array([w.end_s for w in windows], np.float64))
    middle = (begin + end) / 2
    between = (middle[:-1] + middle[1:]) / 2
    left = np.maximum(np.append(begin[:1], between), begin)
    right = np.minimum(np.append(between, end[-1:]), end)
    return Cells(slice(0, len(windows)), np.arange(len(windows)), middle, left, right)


def _hovering(curve: Curve, texts: Sequence[str]) -> Trace:
    x, y = curve
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "mode": "markers",
        "marker": {"opacity": 0, "size": 12},
        "text": list(texts),
        "hovertemplate": "%{text}<extra></extra>",
    }


def _told(score: WindowScore, window: WindowPart, clock: Clock) -> str:
    begin, end = window.start_s - clock.origin_s, window.end_s - clock.origin_s
    when = f"{begin:.0f} to {end:.0f} s"
    if score.score is None:
        why = WITHHELD if score.no_score_reason == "withheld" else "too little evidence"
        return f"{score.name}, {when}: {CANNOT_TELL}, {why}"
    if score.interval_low is None or score.interval_high is None:
        return f"{score.name}, {when}: {score.score:.0f}"
    interval = f"{score.interval_low:.0f} to {score.interval_high:.0f}"
    return f"{score.name}, {when}: {score.score:.0f} ({interval})"


def _describe(block: IndicatorBlock) -> str:
    told = ", ".join(
        f"{s.name} {CANNOT_TELL if s.score is None else f'{s.score:.0f}'}" for s in block.scores
    )
    over_time = f", and over {len(block.windows)} windows of time" if block.windows else ""
    return f"Four indicators as ranks from 0 to 100 with 90 % intervals{over_time}: {told}."
