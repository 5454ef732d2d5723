"""Figures that compare: two recordings of one person, or one with the person's own recordings.

Whether a difference is real is never said: only whether the intervals overlap, where there are
intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evolvisense.report.figures.indicators import MIDDLE, RANKS, mark_of, why_no_score
from evolvisense.report.figures.layout import absent
from evolvisense.report.figures.person import chosen_person
from evolvisense.report.figures.rulers import MINUS, Mark, Ruler, rulers_layout, rulers_panel
from evolvisense.report.figures.series import Window
from evolvisense.report.figures.style import (
    FEATURE_SCALES,
    PALETTES,
    STACK,
    VOICE_SCALES,
    Figure,
    OtherName,
    Palette,
    Scale,
    Theme,
    shown_unit,
    widened,
)
from evolvisense.report.indicator_parts import ChangePart
from evolvisense.report.parts import ReportData
from evolvisense.report.words import CANNOT_TELL, WITHHELD
from evolvisense.types.scores import Emotion

TITLE = "Change against the personal baseline"
CHANGE_NAMES = ("mean of the own recordings", "this recording")
RELIABLE = "beyond chance"


def changes_of(changes: Sequence[ChangePart], theme: Theme = "light") -> Figure:
    """A circle for the baseline, a diamond for this recording: filled where the change is larger
    than chance explains (reliable change), open where it is not.
    """
    palette = PALETTES[theme]
    if not changes:
        return absent("changes", TITLE, "no feature is known on both sides", palette, Window(0, 1))
    panel = rulers_panel([_change_ruler(change) for change in changes], CHANGE_NAMES, palette)
    layout, height_px = rulers_layout(panel, palette, CHANGE_NAMES)
    reliable = [FEATURE_SCALES[c.feature].label.lower() for c in changes if c.is_reliable]
    return Figure(
        "changes",
        TITLE,
        f"{len(changes)} features against the mean of the person's own recordings; {RELIABLE}: "
        f"{', '.join(reliable) or 'none'}.",
        panel.data,
        layout,
        height_px,
    )


def _change_ruler(change: ChangePart) -> Ruler:
    scale = FEATURE_SCALES[change.feature]
    low, high = widened(scale, (change.baseline_mean, change.value))
    marks = [Mark(change.baseline_mean), Mark(change.value, is_filled=change.is_reliable)]
    sign = f"{change.change:+.{scale.decimals}f}".replace("-", MINUS)
    note = f"{sign}: {RELIABLE if change.is_reliable else 'within chance'}"
    return Ruler(scale.label, low, high, marks, scale.decimals, shown_unit(scale), None, note)


NAMES = ("first", "second")
NO_INTERVAL = "no interval is known"
TITLES: dict[OtherName, str] = {
    "compared_indicators": "Indicators of both recordings",
    "compared_expression": "Mean facial expression of both recordings",
    "compared_voice": "Voice of both recordings",
}

Interval = tuple[float, float]


@dataclass(frozen=True)
class ComparisonRow:
    """One number of both recordings; None where a recording cannot tell it."""

    figure: OtherName
    """The figure that it belongs to."""
    name: str
    """Stable, for programs."""
    label: str
    unit: str
    first: float | None
    second: float | None
    first_interval: Interval | None
    """90 %."""
    second_interval: Interval | None
    note: str
    """Whether the intervals overlap, or why there is nothing to compare."""
    scale: Scale


def comparison_rows(first: ReportData, second: ReportData) -> tuple[ComparisonRow, ...]:
    """Indicators, mean expressions of the main people (percent), measures of the voice."""
    return (*_indicators(first, second), *_expressions(first, second), *_voices(first, second))


def comparison_of(
    first: ReportData, second: ReportData, theme: Theme = "light"
) -> tuple[Figure, ...]:
    """Three figures of the rows of `comparison_rows`: a circle for the first recording, a diamond
    for the second.
    """
    rows, palette = comparison_rows(first, second), PALETTES[theme]
    return tuple(
        _figure(name, [row for row in rows if row.figure == name], palette) for name in TITLES
    )


def _figure(name: OtherName, rows: Sequence[ComparisonRow], palette: Palette) -> Figure:
    panel = rulers_panel([_ruler(row) for row in rows], NAMES, palette)
    layout, height_px = rulers_layout(panel, palette, NAMES)
    compared = sum(row.first is not None and row.second is not None for row in rows)
    return Figure(
        name,
        TITLES[name],
        f"{TITLES[name]}: {compared} of {len(rows)} values are known in both. A difference may be "
        "chance.",
        panel.data,
        layout,
        height_px,
    )


def _ruler(row: ComparisonRow) -> Ruler:
    values = [v for v in (row.first, row.second) if v is not None]
    low, high = widened(row.scale, values)
    marks = [
        None if value is None else Mark(value, interval)
        for value, interval in (
            (row.first, row.first_interval),
            (row.second, row.second_interval),
        )
    ]
    middle = MIDDLE if row.figure == "compared_indicators" else None
    is_told = None in (row.first, row.second) and any(marks)
    note = "" if is_told or row.note == NO_INTERVAL else row.note
    return Ruler(
        row.label, low, high, marks, row.scale.decimals, shown_unit(row.scale), middle, note
    )


def _indicators(first: ReportData, second: ReportData) -> list[ComparisonRow]:
    found: list[ComparisonRow] = []
    for one, other in zip(first.indicators.scores, second.indicators.scores, strict=True):
        marks = (mark_of(one), mark_of(other))
        intervals = (_interval(marks[0]), _interval(marks[1]))
        reasons = [
            f"{which} {why}"
            for which, score in zip(NAMES, (one, other), strict=True)
            if (why := why_no_score(score, most=1))
        ]
        scale = Scale(one.name.capitalize(), "0-100", *RANKS, 0)
        note = "; ".join(reasons) or _overlap(*intervals)
        values = (one.score, other.score)
        found.append(_row("compared_indicators", one.name, scale, values, note, intervals))
    return found


def _interval(mark: Mark | None) -> Interval | None:
    return None if mark is None else mark.interval


def _overlap(first: Interval | None, second: Interval | None) -> str:
    if first is None or second is None:
        return NO_INTERVAL
    is_apart = first[1] < second[0] or second[1] < first[0]
    return "intervals do not overlap" if is_apart else "intervals overlap"


def _expressions(first: ReportData, second: ReportData) -> list[ComparisonRow]:
    one, other = (_means(report) for report in (first, second))
    reasons = [
        f"{which}: {_why_no_expression(report)}"
        for which, report, mean in zip(NAMES, (first, second), (one, other), strict=True)
        if mean is None
    ]
    note = "; ".join(reasons) or NO_INTERVAL
    return [
        _row(
            "compared_expression",
            emotion,
            Scale(emotion.capitalize(), "%", 0, 100, 0),
            (_percent(one, emotion), _percent(other, emotion)),
            note,
        )
        for emotion in STACK
    ]


def _means(report: ReportData) -> Mapping[Emotion, float] | None:
    person = chosen_person(report, None)
    return None if person is None else person.mean_probabilities


def _percent(means: Mapping[Emotion, float] | None, emotion: Emotion) -> float | None:
    return None if means is None else round(100 * means[emotion], 2)


def _why_no_expression(report: ReportData) -> str:
    if report.withheld is not None:
        return WITHHELD
    return "its expression cannot be read" if report.people else "no face was found"


def _voices(first: ReportData, second: ReportData) -> list[ComparisonRow]:
    found: list[ComparisonRow] = []
    for field, scale in VOICE_SCALES.items():
        values = (_measure(first, field), _measure(second, field))
        missing = [which for which, value in zip(NAMES, values, strict=True) if value is None]
        note = f"{' and '.join(missing)}: {CANNOT_TELL}" if missing else NO_INTERVAL
        found.append(_row("compared_voice", field, scale, values, note))
    return found


def _measure(report: ReportData, field: str) -> float | None:
    return None if report.voice is None else getattr(report.voice.measures, field)


def _row(
    figure: OtherName,
    name: str,
    scale: Scale,
    values: tuple[float | None, float | None],
    note: str,
    intervals: tuple[Interval | None, Interval | None] = (None, None),
) -> ComparisonRow:
    return ComparisonRow(
        figure, name, scale.label, scale.unit, *values, *intervals, note=note, scale=scale
    )
