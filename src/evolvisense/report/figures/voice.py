"""The voice over time: pitch and level, speech shaded, syllables marked; vocal expression."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolvisense.report.figures.layout import (
    EMPTY_PX,
    SHARES,
    Row,
    absent,
    line_trace,
    rows_over_time,
    shape_trace,
)
from evolvisense.report.figures.series import TIME_DECIMALS, Cells, Window, boxes, cells_of, numbers
from evolvisense.report.figures.style import DASHES, STACK, Figure, Palette, Trace
from evolvisense.report.voice_parts import Voice, VoiceEmotionColumns
from evolvisense.report.words import CANNOT_TELL, WITHHELD, Clock
from evolvisense.types.arrays import F64

TITLE = "Voice"
PITCH_PX, LEVEL_PX = 110, 100
SILENCE_DBFS = -90.0
"""The level is drawn down to here."""
LEAST_SPAN = 10.0
"""Hz or dB between the lowest and the highest value of a plot."""
PALE = 0.25


def voice_figure(
    voice: Voice, clock: Clock, window: Window, points: int, palette: Palette
) -> Figure:
    """F0 and level as means in a pale range, over the stretches of speech."""
    cells = cells_of(clock.of(np.asarray(voice.timeline.time_s, np.float64)), window, points)
    f0_hz = np.asarray(voice.timeline.f0_hz, np.float64)
    level_dbfs = np.maximum(np.asarray(voice.timeline.level_dbfs, np.float64), SILENCE_DBFS)
    speech = [(s.start_s - clock.origin_s, s.end_s - clock.origin_s) for s in voice.segments]
    rows = [
        _row(
            "<b>Pitch</b> (F0), Hz; speech shaded", cells, f0_hz, speech, palette, PITCH_PX, " Hz"
        ),
        _row("<b>Level</b>, dBFS", cells, level_dbfs, speech, palette, LEVEL_PX, " dBFS"),
    ]
    rows[1] = _with_syllables(rows[1], voice, clock, window, points, palette)
    data, layout, height_px = rows_over_time(rows, window, palette)
    return Figure("voice", TITLE, _describe(voice), data, layout, height_px)


def _row(
    title: str,
    cells: Cells,
    values: F64,
    speech: list[tuple[float, float]],
    palette: Palette,
    height_px: int,
    unit: str,
) -> Row:
    mean = cells.mean(values)
    if not np.isfinite(mean).any():
        return Row(title, EMPTY_PX, {}, (), note=f"{CANNOT_TELL}: nothing is voiced here")
    low, high = cells.lowest(values), cells.highest(values)
    bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
    margin = max(top - bottom, LEAST_SPAN) * 0.1
    bottom, top = bottom - margin, max(top, bottom + LEAST_SPAN) + margin
    name = title.removeprefix("<b>").split("<")[0].lower()
    traces: list[Trace] = [shape_trace(boxes(speech, bottom, top), palette.speech)]
    if cells.is_merged():
        traces.append(shape_trace(cells.ribbon(low, high, 1), palette.accent, opacity=PALE))
    hover = {"hovertemplate": "%{y:.0f}" + unit}
    traces.append(line_trace(cells.line(mean, 1), name, palette.accent, **hover))
    return Row(title, height_px, {"range": [bottom, top]}, traces)


def _with_syllables(
    row: Row, voice: Voice, clock: Clock, window: Window, points: int, palette: Palette
) -> Row:
    times = clock.of(np.asarray(voice.syllables_s, np.float64))
    times = times[(times >= window.start_s) & (times <= window.end_s)]
    if not len(times) or row.note:
        return row
    if len(times) > points:
        return replace(row, title=f"{row.title}; zoom in for syllables")
    bottom, top = row.axis["range"]
    ticks: Trace = {
        "type": "scatter",
        "x": numbers(times, TIME_DECIMALS),
        "y": [round(bottom + 0.06 * (top - bottom), 2)] * len(times),
        "mode": "markers",
        "marker": {"symbol": "line-ns", "size": 8, "line": {"color": palette.text, "width": 1.5}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return replace(row, title=f"{row.title}, \u2502 syllable", traces=[*row.traces, ticks])


def _describe(voice: Voice) -> str:
    measures = voice.measures
    pitch = (
        "no pitch was found"
        if measures.f0_median_hz is None
        else f"median pitch {measures.f0_median_hz:.0f} Hz"
    )
    return (
        f"Pitch and level of the voice over time: {len(voice.segments)} stretches of speech, "
        f"{measures.speech_s:.1f} s together; {pitch}."
    )


EMOTION_TITLE = "Heard in the voice"
TOO_LITTLE = "too little speech"
HEIGHT_PX = 170
AROUSAL_PX = 64


def voice_emotion_figure(
    emotion: VoiceEmotionColumns | None,
    clock: Clock,
    window: Window,
    palette: Palette,
    *,
    is_withheld: bool,
) -> Figure:
    """Probabilities of the seven expressions and of an aroused voice; a point for each window of
    speech, at its middle. There are few: all inside the window are drawn.
    """
    if emotion is None or not len(emotion.start_s):
        why = WITHHELD if is_withheld else f"{CANNOT_TELL}: {TOO_LITTLE}"
        return absent("voice_emotion", EMOTION_TITLE, why, palette, window)
    begin, end = (
        clock.of(np.asarray(times, np.float64)) for times in (emotion.start_s, emotion.end_s)
    )
    gaps = np.flatnonzero(begin[1:] > end[:-1]) + 1
    times = numbers(np.insert((begin + end) / 2, gaps, end[gaps - 1]), TIME_DECIMALS)

    def curve(values: F64) -> tuple[list[float | None], list[float | None]]:
        return times, numbers(np.insert(np.asarray(values, np.float64), gaps, np.nan), 4)

    hover = {"hovertemplate": "%{y:.0%}"}
    lines = [
        line_trace(
            curve(emotion.probabilities[name]),
            name,
            palette.emotions[name],
            **hover,
            line={"color": palette.emotions[name], "width": 2, "dash": DASHES[name]},
        )
        for name in STACK
    ]
    arousal = line_trace(curve(emotion.arousal), "aroused", palette.accent, **hover)
    rows = [
        Row("", HEIGHT_PX, SHARES, lines),
        Row("<b>Aroused</b>", AROUSAL_PX, SHARES, [arousal | {"showlegend": False}]),
    ]
    data, layout, height_px = rows_over_time(rows, window, palette, has_legend=True)
    layout["hoverdistance"] = -1  # windows are far apart
    return Figure(
        "voice_emotion",
        EMOTION_TITLE,
        "Probability over time that listeners would hear each of seven expressions in the voice, "
        f"and that they would call it aroused, over {len(begin)} windows of speech; learnt from "
        "acted speech.",
        data,
        layout,
        height_px,
    )
