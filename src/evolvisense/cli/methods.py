"""`evolvisense methods`: how a report was made, for a paper."""

from __future__ import annotations

from pathlib import Path

import typer
from pydantic import ValidationError

from evolvisense.report import Report
from evolvisense.report.methods import bibtex, methods_text

UNUSABLE = 2


def print_methods(path: Path, *, references: bool) -> int:
    """Print the paragraph, or its references as BibTeX; the exit status."""
    try:
        report = Report.model_validate_json(path.read_bytes())
    except OSError as error:
        typer.echo(f"cannot read {path}: {error.strerror}", err=True)
        return UNUSABLE
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        typer.echo(
            f"{path} is not a report of this version ({where}: {first['msg']}): write it with "
            "evolvisense analyze FILE --json",
            err=True,
        )
        return UNUSABLE
    typer.echo(bibtex(report) if references else methods_text(report))
    return 0
