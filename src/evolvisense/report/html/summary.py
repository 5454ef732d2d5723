"""The answer: what was seen and heard, and the telling stretches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evolvisense.report.html.markup import Markup, element, section, table
from evolvisense.report.parts import ReportData
from evolvisense.report.summary_parts import SummaryValue
from evolvisense.report.words import clock_of, span


def summary_section(report: ReportData) -> Markup:
    """Headline, values, moments and the sentence about indicators."""
    summary = report.summary
    rows = [
        (title, value.title, value.text()) for title, value in _values(report) if value.is_known
    ]
    absent = [f"{value.title}: {value.missing}" for _, value in _values(report) if value.missing]
    clock = clock_of(report)
    moments = [
        (span(*clock.of(np.array([m.start_s, m.end_s])).tolist()), m.sentence)
        for m in report.moments
    ]
    marks = [
        (span(*clock.of(np.array([m.start_s, m.end_s])).tolist()), m.label())
        for m in sorted(report.marks, key=lambda mark: mark.start_s)
    ]
    return section(
        "What was seen and heard",
        element("p", summary.headline, class_="answer"),
        table(("Of", "Value", "In words"), rows) if rows else "",
        element("p", f"Cannot tell: {'; '.join(absent)}.", class_="muted") if absent else "",
        table(("Time", "Moment"), moments, "Telling moments") if moments else "",
        table(("Time", "Note"), marks, "Marks") if marks else "",
        element("p", summary.indicators),
    )


def _values(report: ReportData) -> Iterator[tuple[str, SummaryValue]]:
    summary = report.summary
    for person in summary.people:
        name = "Face" if len(summary.people) == 1 else f"Person {person.person_id}"
        yield from ((name, value) for value in person.values)
    yield from (("Voice", value) for value in summary.voice)
    yield from (("Recording", value) for value in summary.recording)
