"""Facial actions over time as a heat map; left and right are one row unless they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from evolvisense.errors import InvalidOptionError
from evolvisense.report.figures.layout import Row, absent, rows_over_time
from evolvisense.report.figures.person import Seen
from evolvisense.report.figures.series import TIME_DECIMALS, numbers
from evolvisense.report.figures.style import Figure, Layout, Trace
from evolvisense.report.parts import Person
from evolvisense.report.words import WHY_ABSENT
from evolvisense.types.arrays import F64

TITLE = "Facial actions"
MOST_MOVING = 12
DIFFER = 0.1
"""Left and right are rows of their own where they differ by more than this on average, 0-1."""
ROW_PX = 30
LABEL_PX = 16
"""Of each row, for its name."""


def actions_figure(seen: Seen, names: Sequence[str]) -> Figure:
    """Strength of facial actions, 0-1: those named, or those that move most.

    Raises InvalidOptionError for an action that is not there.
    """
    actions = seen.person.timeline.actions
    if actions is None:
        why = WHY_ABSENT["engine_reads_no_actions"]
        return absent("actions", TITLE, why, seen.palette, seen.window)
    known = actions_of(seen.person)
    if unknown := [name for name in names if name not in known]:
        raise InvalidOptionError(f"there is no facial action {', '.join(unknown)}")
    named = {action_name(name): np.asarray(actions[name], np.float64) for name in names}
    shown = named or most_moving(seen.person)
    columns = [seen.cells.mean(seen.column(values)) for values in shown.values()]
    labels = list(shown)
    heat: Trace = {
        "type": "heatmap",
        "x": numbers(np.append(seen.cells.left_s, seen.cells.right_s[-1:]), TIME_DECIMALS),
        "y": labels,
        "z": [numbers(column, 2) for column in columns],
        "zmin": 0,
        "zmax": 1,
        "ygap": LABEL_PX,
        "colorscale": [list(stop) for stop in zip((0, 0.3, 1), seen.palette.heat, strict=True)],
        "colorbar": _scale(),
        "hoverongaps": False,
        "hovertemplate": "%{y}: %{z:.0%}<extra></extra>",
    }
    axis: Layout = {
        "type": "category",
        "range": [len(labels) - 0.5 + 0.1, -0.75],
        "visible": False,
    }
    notes = [_label(label, i, seen) for i, label in enumerate(labels)]
    row = Row("", ROW_PX * len(labels) + 10, axis, [heat], annotations=notes)
    data, layout, height_px = rows_over_time([row], seen.window, seen.palette)
    return Figure(
        "actions",
        TITLE,
        f"Strength of {len(labels)} facial actions of person {seen.person.id} over time: "
        f"{'; '.join(labels)}.",
        data,
        layout,
        height_px,
    )


def actions_of(person: Person) -> list[str]:
    """Names of the actions; `_neutral` is a remainder of MediaPipe's, not an action."""
    return [name for name in person.timeline.actions or {} if not name.startswith("_")]


def most_moving(person: Person) -> dict[str, F64]:
    """The rows whose values differ most over time, the strongest first: values (M,) by label."""
    rows = joined(person)
    spread = {label: float(np.std(values)) for label, values in rows.items()}
    return {
        label: rows[label] for label in sorted(rows, key=lambda one: -spread[one])[:MOST_MOVING]
    }


def joined(person: Person) -> dict[str, F64]:
    """Strength (M,) of every action by its label; left and right as their mean where they agree."""
    actions = {
        name: np.asarray(values, np.float64)
        for name, values in (person.timeline.actions or {}).items()
        if not name.startswith("_")
    }
    rows: dict[str, F64] = {}
    for name, values in actions.items():
        base = re.sub("(Left|Right)$", "", name)
        left, right = actions.get(f"{base}Left"), actions.get(f"{base}Right")
        if base == name or left is None or right is None or _differ(left, right):
            rows[action_name(name)] = values
        else:
            rows[action_name(base)] = (left + right) / 2
    return rows


def _differ(left: F64, right: F64) -> bool:
    return len(left) > 0 and float(np.abs(left - right).mean()) > DIFFER


def action_name(action: str) -> str:
    """`mouthSmileLeft` as "mouth smile, left"."""
    words = re.sub("[A-Z]", lambda letter: f" {letter[0].lower()}", action)
    return re.sub(" (left|right)$", r", \1", words)


def _label(label: str, i: int, seen: Seen) -> Layout:
    return {
        "text": label,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": i - 0.5 + LABEL_PX / ROW_PX / 2,
        "yanchor": "bottom",
        "yshift": -4,
        "showarrow": False,
        "font": {"size": 11, "color": seen.palette.text},
    }


def _scale() -> Layout:
    return {
        "orientation": "h",
        "x": 1,
        "xanchor": "right",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 4,
        "xpad": 0,
        "len": 0.3,
        "thickness": 8,
        "outlinewidth": 0,
        "tickvals": [0, 0.5, 1],
        "ticktext": ["0", "50 %", "100 %"],
        "ticklabelposition": "outside top",
        "tickfont": {"size": 10},
    }
