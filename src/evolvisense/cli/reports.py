"""Reports that a command reads."""

from __future__ import annotations

from pathlib import Path

import typer
from pydantic import ValidationError

from evolvisense.report import Report

UNUSABLE = 2


def read_report(path: Path) -> Report:
    """The report of a JSON file. Raises typer.Exit with status 2 after saying what is wrong."""
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        typer.echo(f"cannot read {path}: {error.strerror}", err=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        typer.echo(
            f"{path} is not a report of this version ({where}: {first['msg']}): write it with "
            "evolvisense analyze FILE --json",
            err=True,
        )
    raise typer.Exit(UNUSABLE)
