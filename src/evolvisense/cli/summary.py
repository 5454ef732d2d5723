"""A report as a few lines for a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from evolvisense.cli.people import describe
from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.schema import Person, VoiceMeasures

_console = Console(highlight=False)


def print_summary(report: Report, path: Path) -> None:
    """What was seen and heard in one file; the legacy block last and marked."""
    table = Table(title=escape(str(path)), title_justify="left", show_header=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    media = report.media
    table.add_row(
        "Video",
        f"{media.duration_s:.2f} s, {media.video.width_px} x {media.video.height_px}, "
        f"{media.video.codec}",
    )
    analysed = len(report.frames.number)
    with_face = int((report.frames.faces > 0).sum())
    table.add_row("Frames", f"{analysed} analysed, {with_face} with a face")
    for person in report.people:
        table.add_row(
            _person_name(person, len(report.people)), describe(person, report.options.frame_skip)
        )
    table.add_row("Voice", _voice(report))
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


def _voice(report: Report) -> str:
    if report.voice is None:
        return f"none ({(report.voice_absent_reason or '').replace('_', ' ')})"
    measures = report.voice.measures
    return f"{measures.speech_s:.1f} s of speech, {_pitch(measures)}"


def _pitch(measures: VoiceMeasures) -> str:
    if measures.f0_median_hz is None or measures.f0_sd_st is None:
        return f"too little voiced speech ({measures.voiced_s:.1f} s) to describe its pitch"
    return f"pitch {measures.f0_median_hz:.0f} Hz (SD {measures.f0_sd_st:.1f} semitones)"


def _legacy(report: Report) -> str:
    scores = report.v1.mental_health
    return (
        f"depression {scores.depression:.1f}, stress {scores.stress:.1f}, anxiety "
        f"{scores.anxiety:.1f} - formula of the old service, not a measurement"
    )
