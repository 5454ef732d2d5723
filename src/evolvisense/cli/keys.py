"""`evolvisense keys`: who may use the server."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evolvisense.cli.database import (
    FAILED,
    UNUSABLE,
    errors_end_the_command,
    print_error,
    server_database,
)

if TYPE_CHECKING:
    from evolvisense.service.access.keys import ApiKeys
    from evolvisense.service.settings import Settings

PAGE_SCOPES = ("analyze", "read", "live")
"""What somebody needs who works with the page."""

keys_app = typer.Typer(
    help="Keys of the server's API, in the database that its settings name.",
    no_args_is_help=True,
)

_console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="Id of a key, as `list` shows it.")]


@keys_app.command("create")
def create_command(
    name: Annotated[str, typer.Option(help="Whose key it is, for people.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="What it may do; give it several times for several: analyze (submit, cancel and "
            "delete one's own), read (one's own), live (streams), admin (everything). Without it "
            "the three that the page needs: analyze, read, live."
        ),
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once; only a hash of it is kept."""
    raise typer.Exit(create(name, scope or list(PAGE_SCOPES)))


@keys_app.command("list")
def list_command() -> None:
    """Print the keys there are, revoked ones too; not their secrets, which nobody has."""
    raise typer.Exit(show())


@keys_app.command("revoke")
def revoke_command(key_id: KeyId) -> None:
    """Make a key useless for ever. Jobs that it submitted go on."""
    raise typer.Exit(revoke(key_id))


@keys_app.command("webhook-secret")
def webhook_secret_command(key_id: KeyId) -> None:
    """Print the secrets that sign the webhooks of a key's jobs, newest first.

    They are made from EVOLVISENSE_WEBHOOK_SECRETS and the key's id.
    """
    raise typer.Exit(webhook_secret(key_id))


def create(name: str, scopes: list[str]) -> int:
    """Make a key; the exit status. The key alone goes to standard output."""
    with _opened() as (_, keys):
        record, text = keys.create(name, scopes)
    _errors.print(
        f"key {record.id} '{record.name}' ({', '.join(record.scopes)}); "
        "keep what follows, it is not shown again:",
        markup=False,
        soft_wrap=True,
    )
    typer.echo(text)
    return 0


def show() -> int:
    """Print all keys; the exit status."""
    with _opened() as (_, keys):
        records = keys.list()
    table = Table("id", "name", "scopes", "made", "revoked", box=None)
    for record in records:
        table.add_row(
            record.id,
            Text(record.name),
            ", ".join(record.scopes),
            _day(record.created_s),
            "" if record.revoked_s is None else _day(record.revoked_s),
        )
    _console.print(table if records else "there are no keys")
    return 0


def revoke(key_id: str) -> int:
    """Revoke a key; the exit status."""
    with _opened() as (_, keys):
        revoked = keys.revoke(key_id)
        is_last = revoked and not keys.any_active()
    if not revoked:
        print_error(f"no key that is good has the id {key_id}: `evolvisense keys list` shows all")
        return FAILED
    _console.print(f"key {key_id} is revoked", markup=False)
    if is_last:
        print_error("no key is left: a server that needs one serves nobody until there is another")
    return 0


def webhook_secret(key_id: str) -> int:
    """Print the webhook secrets of a key; the exit status."""
    from evolvisense.service.webhooks.signing import owner_secret  # noqa: PLC0415

    with _opened() as (settings, keys):
        is_known = any(record.id == key_id for record in keys.list())
    if not is_known:
        print_error(f"no key has the id {key_id}: `evolvisense keys list` shows all")
        return FAILED
    if not settings.webhook_secrets:
        print_error("EVOLVISENSE_WEBHOOK_SECRETS is not set: this server sends no webhooks")
        return FAILED
    try:
        secrets = [owner_secret(s.get_secret_value(), key_id) for s in settings.webhook_secrets]
    except ValueError as error:
        print_error(str(error))
        return UNUSABLE
    for secret in secrets:
        typer.echo(secret)
    return 0


@contextmanager
def _opened() -> Generator[tuple[Settings, ApiKeys], None, None]:
    """The keys of the database that the server's settings name.

    Leaves with status 2 where settings or database cannot be used.
    """
    from evolvisense.service.access.keys import ApiKeys  # noqa: PLC0415 - not for the other commands
    from evolvisense.service.settings import Settings  # noqa: PLC0415

    with errors_end_the_command():
        settings = Settings()
        with server_database(settings, makes_folder=False) as engine:
            yield settings, ApiKeys(engine)


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).date().isoformat()
