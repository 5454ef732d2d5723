"""`evolvisense baseline`: a person's own recordings to compare with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

baseline_app = typer.Typer(
    help="Your own recordings to compare with: feature values only, kept on this machine.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the baseline.")]


@baseline_app.command("add")
def add_command(
    name: Name,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Videos, or reports that `analyze --json` wrote."),
    ],
    task: Annotated[
        str | None,
        typer.Option(
            help="What was done and with which device, such as 'diary, phone': only recordings "
            "with the same label are compared."
        ),
    ] = None,
    recorded: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Day of the recording; the day the file was last changed, if not given.",
        ),
    ] = None,
) -> None:
    """Keep the feature values of recordings; no media, no file name, no scores.

    A baseline is used from three recordings on two days on.
    """
    from evolvisense.cli import baseline  # noqa: PLC0415 - see `app`

    day = None if recorded is None else recorded.date()
    raise typer.Exit(baseline.add(name, files, task=task, recorded=day))


@baseline_app.command("show")
def show_command(name: Name) -> None:
    """Print what is kept."""
    from evolvisense.cli import baseline  # noqa: PLC0415

    raise typer.Exit(baseline.show(name))


@baseline_app.command("clear")
def clear_command(name: Name) -> None:
    """Delete everything that is kept under a name."""
    from evolvisense.cli import baseline  # noqa: PLC0415

    raise typer.Exit(baseline.clear(name))
