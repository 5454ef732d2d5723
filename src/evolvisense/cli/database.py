"""The server's database, opened by commands, and how they end where it cannot be used."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError
from rich.console import Console

from evolvisense.errors import EvolviSenseError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evolvisense.service.settings import Settings

FAILED = 1
UNUSABLE = 2
"""Exit status where settings, folder or database cannot be used."""

_errors = Console(stderr=True, highlight=False)


@contextmanager
def server_database(
    settings: Settings, *, is_paired: bool = True, makes_folder: bool = True
) -> Generator[Engine]:
    """The database that the settings name, closed at the end.

    Args:
        settings: of the server.
        is_paired: whether a database that does not belong to the data folder is refused.
        makes_folder: whether the data folder is made where there is none; for SQLite it always is,
            because the database lies in it.

    Raises:
        EvolviSenseError: where folder or database cannot be used.
    """
    from evolvisense.service.queue.database import open_database  # noqa: PLC0415 - slow to import
    from evolvisense.service.queue.files import prepare_folder  # noqa: PLC0415
    from evolvisense.service.queue.pairing import refuse_other  # noqa: PLC0415

    if makes_folder or not settings.database_url:
        prepare_folder(settings.data_dir)
    engine = open_database(settings.queue_url)
    try:
        if is_paired:
            refuse_other(engine, settings.data_dir)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def errors_end_the_command() -> Generator[None]:
    """Print errors of settings, folder and database, and leave with the status UNUSABLE."""
    try:
        yield
    except ValidationError as error:
        # pydantic's own text holds the value, which may be a secret.
        for wrong in error.errors(include_input=False, include_url=False):
            print_error(f"setting {'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}")
        raise typer.Exit(UNUSABLE) from error
    except (EvolviSenseError, OSError) as error:
        print_error(str(error))
        raise typer.Exit(UNUSABLE) from error


def print_error(text: str) -> None:
    """One line in red on standard error."""
    _errors.print(text, style="red", markup=False, soft_wrap=True)
