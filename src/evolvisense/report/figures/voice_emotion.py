"""What listeners would hear in the voice, over windows of speech."""

from __future__ import annotations

import numpy as np

from evolvisense.report.clock import Clock
from evolvisense.report.figures.figure import Figure
from evolvisense.report.figures.layout import (
    SHARES,
    Row,
    absent,
    line_trace,
    rows_over_time,
)
from evolvisense.report.figures.palette import DASHES, STACK, Palette
from evolvisense.report.figures.series import TIME_DECIMALS, Window, numbers
from evolvisense.report.voice_parts import VoiceEmotionColumns
from evolvisense.report.words import CANNOT_TELL, WITHHELD
from evolvisense.types.arrays import F64

TITLE = "Heard in the voice"
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
        return absent("voice_emotion", TITLE, why, palette, window)
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
        TITLE,
        "Probability over time that listeners would hear each of seven expressions in the voice, "
        f"and that they would call it aroused, over {len(begin)} windows of speech; learnt from "
        "acted speech.",
        data,
        layout,
        height_px,
    )
