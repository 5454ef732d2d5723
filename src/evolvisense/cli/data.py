"""`evolvisense data`: the data folder of the server and its database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from evolvisense.cli.database import (
    FAILED,
    UNUSABLE,
    errors_end_the_command,
    print_error,
    server_database,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evolvisense.service.settings import Settings

SHOWN_IDS = 20

data_app = typer.Typer(
    help="The server's data folder and its database. Stop servers and workers before.",
    no_args_is_help=True,
)


@data_app.command("check")
def check_command() -> None:
    """Say whether folder and database belong together, and which analyses only the folder has.

    The exit status is 1 where they do not, or where there are such analyses.
    """
    with errors_end_the_command():
        from evolvisense.service.queue.pairing import inspect_pair  # noqa: PLC0415

        with _opened() as (settings, engine):
            state = inspect_pair(engine, settings.data_dir)
    typer.echo(f"folder    {state.root}")
    typer.echo(f"database  {state.database}, id {state.database_id[:8]}")
    typer.echo(f"analyses  {state.known} with files here, {state.missing} without any")
    typer.echo(f"unknown   files of {len(state.unknown)} analyses are in the folder only")
    for job_id in state.unknown[:SHOWN_IDS]:
        typer.echo(f"  {job_id}")
    if not state.fits:
        print_error(state.refusal())
    raise typer.Exit(0 if state.fits and not state.unknown else FAILED)


@data_app.command("adopt")
def adopt_command(
    owner: Annotated[
        str,
        typer.Option(
            metavar="KEY_ID",
            help="Key that the analyses belong to from now on; without it, whoever has the id of "
            "one reaches it.",
        ),
    ] = "",
) -> None:
    """Import what the folder holds and the database does not know, and give the folder to it.

    Reports and overlays become analyses that have succeeded; recordings that were not analysed yet
    become analyses that have failed (`database_lost`), and are deleted. Options, keys and webhooks
    of the old database are not in the folder, and are lost. May be run again.
    """
    with errors_end_the_command():
        from evolvisense.service.queue.migration import adopt  # noqa: PLC0415

        with _alone() as (settings, engine):
            _require_key(engine, owner)
            done = adopt(
                engine, settings.data_dir, owner=owner, retention_s=settings.report_retention_s
            )
    typer.echo(
        f"{done.reports} reports imported, {done.lost} analyses had not ended and have failed; "
        f"{done.files_deleted} files of earlier tries deleted"
    )


@data_app.command("reset")
def reset_command(
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete them; without it, only count.")
    ] = False,
) -> None:
    """Delete reports and recordings that the database does not know, and give the folder to it.

    Baselines and the audit log are left alone.
    """
    with errors_end_the_command():
        from evolvisense.service.queue.migration import reset  # noqa: PLC0415
        from evolvisense.service.queue.pairing import inspect_pair  # noqa: PLC0415

        with _alone() as (settings, engine):
            if not yes:
                state = inspect_pair(engine, settings.data_dir)
                print_error(
                    f"this would delete the files of {len(state.unknown)} analyses in "
                    f"{settings.data_dir}: run it again with --yes"
                )
                raise typer.Exit(UNUSABLE)
            count = reset(engine, settings.data_dir)
    typer.echo(f"{count} files deleted; the folder belongs to this database now")


@data_app.command("move")
def move_command(
    to: Annotated[
        str, typer.Option(metavar="URL", help="New database, such as postgresql+psycopg://...")
    ],
) -> None:
    """Copy the queue with its keys to another, empty database, and give the folder to that.

    Then set EVOLVISENSE_DATABASE_URL to it. The old database stays as it is, and is refused. Where
    this was interrupted, run it again.
    """
    with errors_end_the_command():
        from evolvisense.service.queue.database import open_database  # noqa: PLC0415
        from evolvisense.service.queue.migration import move  # noqa: PLC0415
        from evolvisense.service.queue.pairing import require_pair  # noqa: PLC0415

        with _alone() as (settings, old):
            require_pair(old, settings.data_dir)
            new = open_database(to)
            try:
                done = move(old, new, settings.data_dir)
            finally:
                new.dispose()
            shown = new.url.render_as_string(hide_password=True)
    rows = ", ".join(f"{count} {table}" for table, count in done.rows.items())
    typer.echo(
        f"copied: {rows}\nNow set EVOLVISENSE_DATABASE_URL to {shown}. The old database is refused "
        "from now on; delete it when the new one has proved itself."
    )


@contextmanager
def _opened() -> Generator[tuple[Settings, Engine]]:
    """Settings and the database that they name, which may belong to another folder."""
    from evolvisense.service.settings import Settings  # noqa: PLC0415

    settings = Settings()
    with server_database(settings, is_paired=False) as engine:
        yield settings, engine


@contextmanager
def _alone() -> Generator[tuple[Settings, Engine]]:
    """The same, while no server and no worker uses the folder."""
    from evolvisense.service.queue.pairing import FolderLock  # noqa: PLC0415
    from evolvisense.service.settings import Settings  # noqa: PLC0415

    lock = FolderLock(Settings().data_dir, alone=True)
    try:
        with _opened() as opened:
            yield opened
    finally:
        lock.close()


def _require_key(engine: Engine, owner: str) -> None:
    from evolvisense.service.access.keys import ApiKeys  # noqa: PLC0415

    if owner and all(record.id != owner for record in ApiKeys(engine).list()):
        print_error(f"no key has the id {owner!r}: `evolvisense keys list` shows all")
        raise typer.Exit(UNUSABLE)
