"""`evolvisense audit`: is the record of what was analysed as it was written?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from evolvisense.errors import EvolviSenseError
from evolvisense.service.access.audit import SHA256, inspect

BROKEN = 1
UNUSABLE = 2

audit_app = typer.Typer(no_args_is_help=True)

_console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)


@audit_app.callback()
def audit() -> None:
    """The audit log that a server with the strict profile keeps."""


@audit_app.command("verify")
def verify_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An audit log.")],
    head: Annotated[
        str,
        typer.Option(
            metavar="SHA256",
            help="The last hash that an earlier check printed: shows whether the end was cut off.",
        ),
    ] = "",
) -> None:
    """Check every line of an audit log, and print the hash of its last entry.

    The exit status is 0 for a whole log, 1 for a broken one, 2 where it cannot be read.
    """
    raise typer.Exit(verify(file, head))


def verify(file: Path, head: str) -> int:
    """Check a log and tell; the exit status."""
    if head and not SHA256.fullmatch(head):
        _tell(f"--head: {head!r} is no sha256, which is 64 digits 0-9 and a-f")
        return UNUSABLE
    try:
        reading = inspect(file, head=head)
    except EvolviSenseError as error:
        _tell(str(error))
        return UNUSABLE
    if reading.broken_line is not None:
        _tell(f"line {reading.broken_line}: {reading.why}")
        _tell(f"{_count(reading.entries)} before it, the last with hash {reading.head}")
        return BROKEN
    for line in reading.recovered:
        _say(f"line {line} accounts for an interrupted append before it")
    _say(f"{_count(reading.entries)}, each as it was written; the last has the hash {reading.head}")
    return 0


def _count(entries: int) -> str:
    return f"{entries} entr{'y' if entries == 1 else 'ies'}"


def _say(text: str) -> None:
    _console.print(text, markup=False, soft_wrap=True)


def _tell(text: str) -> None:
    _errors.print(text, style="red", markup=False, soft_wrap=True)
