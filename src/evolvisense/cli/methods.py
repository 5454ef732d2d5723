"""`evolvisense methods`: how a report was made, for a paper."""

from __future__ import annotations

from pathlib import Path

import typer

from evolvisense.cli.reports import read_report
from evolvisense.report.methods import bibtex, methods_text


def print_methods(path: Path, *, references: bool) -> None:
    """Print the paragraph, or its references as BibTeX."""
    report = read_report(path)
    typer.echo(bibtex(report) if references else methods_text(report))
