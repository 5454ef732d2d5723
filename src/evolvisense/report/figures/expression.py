"""Facial expression over time, a row for each or all stacked: strong where it may be read, pale and
hatched where not.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evolvisense.report.figures.layout import (
    SHARES,
    Row,
    absent,
    coloured,
    hatched,
    line_trace,
    rows_over_time,
    shape_trace,
    width_px,
    words_trace,
)
from evolvisense.report.figures.person import Seen, likeliest
from evolvisense.report.figures.series import TIME_DECIMALS, boxes, numbers
from evolvisense.report.figures.style import STACK, EmotionsAs, Figure, Trace
from evolvisense.report.words import WHY_UNCERTAIN, WITHHELD
from evolvisense.types.arrays import F64, Bools
from evolvisense.types.scores import Emotion

TITLE = "Facial expression"
HEIGHT_PX = 220
ROW_PX = 38
"""Of one expression of seven."""
NAMED = 3
"""Expressions that pointing names."""
LEAST_NAMED = 0.005
PALE = 0.35


def expression_figure(seen: Seen, emotions_as: EmotionsAs) -> Figure:
    """Probabilities of the seven expressions of one person, 0-1."""
    person = seen.person
    if person.timeline.probabilities is None:
        return absent("expression", TITLE, WITHHELD, seen.palette, seen.window)
    is_certain = seen.most(seen.is_certain)
    strong = _means(seen, seen.is_certain, is_certain)
    uncertain = seen.cells.spans(seen.is_there & ~is_certain)
    rows = (
        [_stack(seen, strong, uncertain)]
        if emotions_as == "areas"
        else list(_multiples(seen, strong, uncertain))
    )
    data, layout, height_px = rows_over_time(
        rows, seen.window, seen.palette, has_legend=emotions_as == "areas"
    )
    drawn = "on top of each other" if emotions_as == "areas" else "in a row each"
    return Figure(
        "expression",
        TITLE,
        f"Probabilities of seven facial expressions of person {person.id} over time, {drawn}; "
        f"hatched where they should not be read. {likeliest(person)}".strip(),
        data,
        layout,
        height_px,
    )


def _stack(seen: Seen, strong: dict[Emotion, F64], uncertain: list[tuple[float, float]]) -> Row:
    traces = [
        *seen.unread(0, 1),
        hatched(boxes(uncertain, 0, 1), seen.palette),
        *_areas(seen, strong),
        _words(seen, strong),
    ]
    return Row("", HEIGHT_PX, SHARES | {"tickvals": [0, 0.25, 0.5, 0.75, 1]}, traces)


def _multiples(
    seen: Seen, strong: dict[Emotion, F64], uncertain: list[tuple[float, float]]
) -> Iterator[Row]:
    """A row for each expression: strong where it may be read, pale over all frames."""
    pale = _means(seen, np.ones(seen.person.frames, np.bool_), np.ones(len(seen.cells), np.bool_))
    for emotion in STACK:
        colour, curve = seen.palette.emotions[emotion], seen.cells.line(strong[emotion])
        look = {"hoverinfo": "skip", "legendgroup": emotion}
        below = look | {"mode": "lines", "opacity": PALE}
        traces = [
            *seen.unread(0, 1),
            hatched(boxes(uncertain, 0, 1), seen.palette),
            line_trace(seen.cells.line(pale[emotion]), emotion, colour, **below),
            line_trace(curve, emotion, colour, **look),
        ]
        if emotion == STACK[0]:
            traces.append(_words(seen, strong))
        title = f"<b>{coloured(emotion, colour)}</b>"
        yield Row(title, ROW_PX, SHARES | {"tickvals": [0, 1]}, traces)


def _means(seen: Seen, frames: Bools, cells: Bools) -> dict[Emotion, F64]:
    """Of each expression the mean (K,) of these frames (M,) in these cells (K,); else NaN."""
    probabilities = seen.person.timeline.probabilities or {}
    found: dict[Emotion, F64] = {}
    for name in STACK:
        column = seen.column(np.where(frames, probabilities[name], np.nan))
        found[name] = np.where(cells, seen.cells.mean(column), np.nan)
    return found


def _areas(seen: Seen, strong: dict[Emotion, F64]) -> list[Trace]:
    floor, traces = np.zeros(len(seen.cells)), list[Trace]()
    for emotion in STACK:
        ceiling = floor + strong[emotion]
        curve = seen.cells.ribbon(floor, ceiling)
        edge = {"color": seen.palette.card, "width": width_px(curve) / 4}
        look = {"name": emotion, "mode": "lines", "line": edge, "showlegend": True}
        traces.append(shape_trace(curve, seen.palette.emotions[emotion], **look))
        floor = ceiling
    return traces


def _words(seen: Seen, strong: dict[Emotion, F64]) -> Trace:
    """What pointing tells: the likeliest expressions, or why there are none."""
    reasons = np.array([*seen.person.timeline.uncertain, "not seen"])[seen.rows]
    reasons = reasons[seen.cells.samples][seen.cells.first]
    there = seen.is_there
    shares = np.stack([strong[name] for name in STACK], axis=1)
    order = np.argsort(-shares, axis=1)[:, :NAMED]
    texts: list[str] = []
    for cell, (reason, is_there) in enumerate(zip(reasons.tolist(), there.tolist(), strict=True)):
        if np.isfinite(shares[cell, 0]):
            named = [(STACK[int(i)], float(shares[cell, i])) for i in order[cell]]
            texts.append("<br>".join(f"{name} {v:.0%}" for name, v in named if v >= LEAST_NAMED))
        elif is_there:
            texts.append(f"not to be read: {WHY_UNCERTAIN.get(reason, 'mostly uncertain')}")
        else:
            texts.append("this face is not seen")
    places = numbers(seen.cells.time_s, TIME_DECIMALS)
    return words_trace((places, [0.5] * len(texts)), texts)
