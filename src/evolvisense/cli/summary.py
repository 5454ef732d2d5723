"""A report as a few lines for a terminal, in the order of `report.summary`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.indicator_parts import BaselinePart, IndicatorBlock, IndicatorPart
from evolvisense.report.summary_parts import PersonSummary
from evolvisense.report.words import FEATURE_NAMES, WHY_MISSING, WITHHELD, clock_of, span
from evolvisense.types.indicators import MissingReason

MOST_MOMENTS = 5
"""Shown; the report has up to ten."""

SHOWN_CONTRIBUTIONS = 3
SMALL_CONTRIBUTION = 0.05
"""Of S; less than this moves a score by one point at most."""


def indicator_lines(score: IndicatorPart) -> str:
    """Score with its interval and what made it, or how much evidence it lacks."""
    return "\n".join(line for line in (_score(score), _made_of(score)) if line)


def missing_lines(indicators: IndicatorBlock) -> list[str]:
    """What did not count in any indicator, by the reason."""
    missing: dict[MissingReason, dict[str, None]] = {}
    for score in indicators.scores:
        for part in score.contributions:
            if part.missing_reason is not None and part.weight:
                names = missing.setdefault(part.missing_reason, {})
                names[FEATURE_NAMES[part.feature]] = None
    return [f"{', '.join(names)}: {WHY_MISSING[reason]}" for reason, names in missing.items()]


def baseline_lines(baseline: BaselinePart | None) -> list[str]:
    """What differs reliably from the person's own recordings."""
    if baseline is None:
        return []
    if not baseline.is_used:
        wanted = (
            f"{baseline.missing_recordings} more recordings"
            if baseline.missing_recordings
            else (f"recordings on {baseline.missing_days} more days")
        )
        return [f"the baseline is not used yet: it needs {wanted}"]
    changed = [c for c in baseline.changes if c.is_reliable]
    against = f"against {baseline.recordings} recordings on {baseline.days} days"
    if not changed:
        return [f"nothing beyond chance {against}"]
    return [
        f"{FEATURE_NAMES[c.feature]} {c.change:+.2f} (from {c.baseline_mean:.2f}) {against}"
        for c in changed
    ]


def _score(score: IndicatorPart) -> str:
    if score.no_score_reason == "withheld":
        return WITHHELD
    covered = f"{score.coverage:.0%} of the evidence"
    if score.score is None:
        return f"cannot tell: {covered}, half is needed"
    if score.interval_low is None or score.interval_high is None:
        return f"{score.score:.0f}, interval unknown ({covered})"
    return (
        f"{score.score:.0f} (90 %: {score.interval_low:.0f}-{score.interval_high:.0f}; {covered})"
    )


def _made_of(score: IndicatorPart) -> str:
    if score.score is None:
        return ""
    counting = [(c, c.contribution) for c in score.contributions if c.contribution is not None]
    strongest = sorted(counting, key=lambda pair: -abs(pair[1]))[:SHOWN_CONTRIBUTIONS]
    return ", ".join(
        f"{FEATURE_NAMES[c.feature]} {part:+.2f}"
        for c, part in strongest
        if abs(part) >= SMALL_CONTRIBUTION
    )


_console = Console(highlight=False)


def print_summary(report: Report, path: Path) -> None:
    """What was seen and heard, the moments, the indicators; the legacy block last and marked."""
    table = Table(title=escape(str(path)), title_justify="left", show_header=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    summary = report.summary
    table.add_row("Summary", f"[bold]{escape(summary.headline)}[/bold]")
    for person in summary.people:
        table.add_row(_name(person, len(summary.people)), _lines(_seen(person)))
    if summary.voice:
        table.add_row("Voice", _lines(value.text() for value in summary.voice))
    if report.moments:
        table.add_row("Moments", _lines(_moments(report)))
    for title, line in _indicators(report):
        table.add_row(title, escape(line))
    if summary.recording:
        table.add_row("Recording", _lines(value.text() for value in summary.recording))
    table.add_row("File", escape(_file(report)))
    for limit in summary.limits:
        table.add_row("[yellow]Note[/yellow]", escape(limit))
    table.add_row("Legacy v1", f"[dim]{_legacy(report)}[/dim]")
    table.add_row("Took", f"{report.timings_s['total']:.2f} s")
    _console.print(table)
    _console.print()


def print_limits() -> None:
    """The text that stands wherever scores stand."""
    _console.print(Panel(LIMITS_NOTICE, title="What these numbers are not"))


def _lines(lines: Iterator[str]) -> str:
    return escape("\n".join(lines))


def _name(person: PersonSummary, count: int) -> str:
    if count == 1:
        return "Face"
    return f"Person {person.person_id}{' (main)' if person.is_main else ''}"


def _seen(person: PersonSummary) -> Iterator[str]:
    """One line for each value that is known, and one for each reason why others are not."""
    missing: dict[str, list[str]] = {}
    for value in person.values:
        if value.missing is None:
            yield value.text()
        else:
            missing.setdefault(value.missing, []).append(value.title)
    for why, titles in missing.items():
        yield f"{', '.join(titles)}: cannot tell, {why}."


def _moments(report: Report) -> Iterator[str]:
    clock = clock_of(report)
    for moment in report.moments[:MOST_MOMENTS]:
        start_s, end_s = clock.of(np.array([moment.start_s, moment.end_s])).tolist()
        yield f"{span(start_s, end_s)}  {moment.sentence}"


def _indicators(report: Report) -> Iterator[tuple[str, str]]:
    block = report.indicators
    if all(score.score is None for score in block.scores):
        yield "Indicators", report.summary.indicators
    else:
        for score in block.scores:
            yield score.name.capitalize(), indicator_lines(score)
        if missing := missing_lines(block):
            yield "Not counted", "\n".join(missing)
    for change in baseline_lines(block.baseline):
        yield "Change", change


def _file(report: Report) -> str:
    media = report.media
    if media.video is None:
        codec = "" if media.audio is None else f", {media.audio.codec}"
        return f"{media.duration_s:.2f} s of sound without frames{codec}"
    video = media.video
    analysed, with_face = len(report.frames.number), int((report.frames.faces > 0).sum())
    return (
        f"{media.duration_s:.2f} s, {video.width_px} x {video.height_px}, {video.codec}; "
        f"{analysed} frames analysed, {with_face} with a face"
    )


def _legacy(report: Report) -> str:
    if report.v1 is None:
        return WITHHELD
    scores = report.v1.mental_health
    return (
        f"depression {scores.depression:.1f}, stress {scores.stress:.1f}, anxiety "
        f"{scores.anxiety:.1f} - formula of the old service, not a measurement"
    )
