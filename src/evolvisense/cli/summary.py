"""A report as a few lines for a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from evolvisense.cli.indicators import baseline_lines, indicator_lines, missing_lines
from evolvisense.cli.people import describe
from evolvisense.cli.voice import voice_lines
from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.schema import Person
from evolvisense.report.words import WITHHELD

_console = Console(highlight=False)


def print_summary(report: Report, path: Path) -> None:
    """Indicators first, then what was seen and heard; the legacy block last and marked."""
    table = Table(title=escape(str(path)), title_justify="left", show_header=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    media = report.media
    if media.video is None:
        codec = "" if media.audio is None else f", {media.audio.codec}"
        table.add_row("Sound", f"{media.duration_s:.2f} s without a picture{codec}")
    else:
        table.add_row(
            "Video",
            f"{media.duration_s:.2f} s, {media.video.width_px} x {media.video.height_px}, "
            f"{media.video.codec}",
        )
        analysed = len(report.frames.number)
        with_face = int((report.frames.faces > 0).sum())
        table.add_row("Frames", f"{analysed} analysed, {with_face} with a face")
    for score in report.indicators.scores:
        table.add_row(score.name.capitalize(), indicator_lines(score))
    if missing := missing_lines(report.indicators):
        table.add_row("Not counted", "\n".join(missing))
    for change in baseline_lines(report.indicators.baseline):
        table.add_row("Change", change)
    for person in report.people:
        table.add_row(
            _person_name(person, len(report.people)), describe(person, report.options.frame_skip)
        )
    table.add_row("Voice", voice_lines(report))
    for warning in report.warnings:
        table.add_row("[yellow]Note[/yellow]", warning.message)
    table.add_row("Legacy v1", f"[dim]{_legacy(report)}[/dim]")
    table.add_row("Took", f"{report.timings_s['total']:.2f} s")
    _console.print(table)
    _console.print()


def print_limits() -> None:
    """The text that stands wherever scores stand."""
    _console.print(Panel(LIMITS_NOTICE, title="What these numbers are not"))


def _person_name(person: Person, count: int) -> str:
    if count == 1:
        return "Face"
    return f"Person {person.id}{' (main)' if person.is_main else ''}"


def _legacy(report: Report) -> str:
    if report.v1 is None:
        return WITHHELD
    scores = report.v1.mental_health
    return (
        f"depression {scores.depression:.1f}, stress {scores.stress:.1f}, anxiety "
        f"{scores.anxiety:.1f} - formula of the old service, not a measurement"
    )
