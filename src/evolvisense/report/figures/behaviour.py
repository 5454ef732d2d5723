"""What a face does over time: smile, eyes with blinks, mouth, speaking, head."""

from __future__ import annotations

import numpy as np

from evolvisense.report.figures.layout import (
    EMPTY_PX,
    SHARES,
    Row,
    coloured,
    hatched,
    line_trace,
    rows_over_time,
    shape_trace,
    width_px,
)
from evolvisense.report.figures.person import Seen
from evolvisense.report.figures.series import TIME_DECIMALS, boxes, numbers
from evolvisense.report.figures.style import Figure, Trace
from evolvisense.report.words import CANNOT_TELL, WHY_ABSENT, Clock
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import MAX_FRAME_S, AbsentReason

TITLE = "Face and head"
ROW_PX = 64
HEAD_PX = 84
STRIP_PX = 16
LEAST_MOUTH = 0.3
LEAST_HEAD_DEG = 15.0
LEAST_SPEED_DEG_S = 30.0
BLINK_HEIGHT = 1.14
BLINK_PX, FEW_BLINKS = 9, 40
PALE = 0.25


def behaviour_figure(seen: Seen, clock: Clock, points: int) -> Figure:
    """Rows of one person; what cannot be told says why."""
    rows = [_smile(seen), _eyes(seen, clock, points), _mouth(seen), _speaking(seen), *_head(seen)]
    data, layout, height_px = rows_over_time(rows, seen.window, seen.palette)
    return Figure("behaviour", TITLE, _describe(seen), data, layout, height_px)


def _smile(seen: Seen) -> Row:
    title = "<b>Smile</b>"
    smile = seen.person.timeline.smile
    if smile is None:
        return _untold(title, "engine_reads_no_actions")
    return Row(title, ROW_PX, SHARES, _measure(seen, smile, "smile", (-0.03, 1.03), ".0%"))


def _eyes(seen: Seen, clock: Clock, points: int) -> Row:
    person, openness = seen.person, seen.person.timeline.eye_openness
    title = "<b>Eyes open</b>"
    if openness is None:
        return _untold(f"{title}, blinks", person.blinks_absent_reason)
    axis = SHARES | {"range": [-0.03, 1.25]}
    traces = _measure(seen, openness, "eyes open", (-0.03, 1.25), ".0%")
    if person.blinks is None:
        why = f"blinks: {CANNOT_TELL}, {WHY_ABSENT[person.blinks_absent_reason or 'no_voice']}"
        note = {"text": why, "x": 0, "xref": "paper", "xanchor": "left", "y": BLINK_HEIGHT}
        look = {"showarrow": False, "font": {"size": 10, "color": seen.palette.muted}}
        return Row(title, ROW_PX, axis, traces, annotations=[note | look])
    spans = [(b.start_s - clock.origin_s, b.end_s - clock.origin_s, b.depth) for b in person.blinks]
    shown = [s for s in spans if s[1] >= seen.window.start_s and s[0] <= seen.window.end_s]
    if len(shown) > points:
        return Row(f"{title}; zoom in for blinks", ROW_PX, axis, traces)
    marks: Trace = {
        "type": "scatter",
        "x": numbers(np.array([(start + end) / 2 for start, end, _ in shown]), TIME_DECIMALS),
        "y": [BLINK_HEIGHT] * len(shown),
        "text": [
            f"of {end - start:.2f} s, lids closed by {depth:.0%}" for start, end, depth in shown
        ],
        "name": "blink",
        "mode": "markers",
        "marker": {
            "symbol": "triangle-down",
            "size": BLINK_PX if len(shown) <= FEW_BLINKS else BLINK_PX / 2,
            "color": seen.palette.text,
        },
        "hovertemplate": "%{text}",
        "showlegend": False,
    }
    told = "\u25be blink" if person.blinks else "no blink seen"
    return Row(f"{title}, {told}", ROW_PX, axis, [*traces, marks])


def _mouth(seen: Seen) -> Row:
    title, opening = "<b>Mouth opening</b>", seen.person.timeline.mouth_opening
    if opening is None:
        return _untold(title, "engine_reads_no_actions")
    top = max(LEAST_MOUTH, float(np.nanmax(opening))) * 1.05
    traces = _measure(seen, opening, "mouth opening", (-0.03 * top, top), ".2f")
    return Row(title, ROW_PX, {"range": [-0.03 * top, top], "nticks": 3}, traces)


def _speaking(seen: Seen) -> Row:
    person = seen.person
    answers = np.array(person.timeline.speaking)
    if (answers == "unknown").all():
        return _untold("<b>Speaking</b>", person.speaking_unknown_reason)
    yes = seen.cells.spans(seen.most(answers == "yes"))
    no = seen.cells.spans(seen.most(answers == "no"))
    unknown = seen.cells.spans(seen.most(answers == "unknown"))
    palette = seen.palette
    traces = [
        *seen.unread(0, 1),
        shape_trace(boxes(yes, 0, 1), palette.accent),
        shape_trace(boxes(no, 0.44, 0.56), palette.line),
        hatched(boxes(unknown, 0, 1), palette),
    ]
    words = "<b>Speaking</b>, filled; silent, thin"
    title = f"{words}; {CANNOT_TELL}, hatched" if unknown else words
    return Row(title, STRIP_PX, {"range": [0, 1], "visible": False}, traces)


def _head(seen: Seen) -> list[Row]:
    timeline, palette = seen.person.timeline, seen.palette
    pitch, yaw = timeline.pitch_deg, timeline.yaw_deg
    if pitch is None or yaw is None:
        return [_untold("<b>Head</b>", "engine_reads_no_actions")]
    low = min(-LEAST_HEAD_DEG, float(min(pitch.min(), yaw.min())) * 1.1)
    high = max(LEAST_HEAD_DEG, float(max(pitch.max(), yaw.max())) * 1.1)
    turns = [("right", yaw, palette.accent, "solid"), ("up", pitch, palette.second, "6px 3px")]
    traces = list(seen.unread(low, high))
    for name, values, colour, dash in turns:
        curve = seen.cells.line(seen.cells.mean(seen.column(values)), 1)
        look = {"line": {"color": colour, "width": width_px(curve), "dash": dash}, "mode": "lines"}
        hover = {"hovertemplate": "%{y:+.0f}\u00b0"}
        traces.append(line_trace(curve, f"head {name}", colour, **hover) | look)
    names = " ".join(coloured(f"<b>+{name}</b>", colour) for name, _, colour, _ in turns)
    axis = {"range": [low, high], "zeroline": True, "zerolinecolor": palette.muted}
    rows = [Row(f"<b>Head</b>, degrees: {names} (dashed)", HEAD_PX, axis, traces)]
    return [*rows, *_head_speed(seen, pitch, yaw)]


def _head_speed(seen: Seen, pitch_deg: F64, yaw_deg: F64) -> list[Row]:
    """None where the recording has too few frames a second for it."""
    timeline = seen.person.timeline
    if seen.person.measures.head_speed_deg_s is None or timeline.roll_deg is None:
        return []
    turns = [np.asarray(t, np.float64) for t in (pitch_deg, yaw_deg, timeline.roll_deg)]
    steps_s = np.diff(np.asarray(timeline.time_s, np.float64))
    moved = np.linalg.norm(np.diff(np.stack(turns), axis=1), axis=0)
    known = (steps_s > 0) & (steps_s <= MAX_FRAME_S)
    speed = np.full(len(turns[0]), np.nan)
    speed[1:][known] = moved[known] / steps_s[known]
    if not known.any():
        return []
    top = max(LEAST_SPEED_DEG_S, float(np.nanpercentile(speed, 99.5)) * 1.05)
    bounds = (-0.03 * top, top)
    traces = _measure(seen, speed, "head speed", bounds, ".0f", " \u00b0/s")
    return [
        Row("<b>Head speed</b>, \u00b0/s", ROW_PX, {"range": list(bounds), "nticks": 3}, traces)
    ]


def _measure(
    seen: Seen,
    values: F64,
    name: str,
    bounds: tuple[float, float],
    form: str,
    unit: str = "",
) -> list[Trace]:
    """The mean in its pale range."""
    column, colour = seen.column(values), seen.palette.accent
    traces = list(seen.unread(*bounds))
    if seen.cells.is_merged():
        ribbon = seen.cells.ribbon(seen.cells.lowest(column), seen.cells.highest(column))
        traces.append(shape_trace(ribbon, colour, opacity=PALE))
    hover = {"hovertemplate": f"%{{y:{form}}}{unit}"}
    return [*traces, line_trace(seen.cells.line(seen.cells.mean(column)), name, colour, **hover)]


def _untold(title: str, reason: AbsentReason | None) -> Row:
    return Row(title, EMPTY_PX, {}, (), note=f"{CANNOT_TELL}: {WHY_ABSENT[reason or 'no_voice']}")


def _describe(seen: Seen) -> str:
    person = seen.person
    blinks = "blinks cannot be told" if person.blinks is None else f"{len(person.blinks)} blinks"
    return (
        f"Smile, openness of the eyes ({blinks}), opening of the mouth, speaking and head pose of "
        f"person {person.id} over time."
    )
