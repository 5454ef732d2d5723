"""`evolvisense keys`: who may use the server."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evolvisense.errors import EvolviSenseError

if TYPE_CHECKING:
    from evolvisense.service.access.keys import ApiKeys
    from evolvisense.service.settings import Settings

FAILED = 1
UNUSABLE = 2
TROUBLE = (EvolviSenseError, ValidationError, OSError)

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
    try:
        with _opened() as (_, keys):
            record, text = keys.create(name, scopes)
    except TROUBLE as error:
        return _refused(error)
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
    try:
        with _opened() as (_, keys):
            records = keys.list()
    except TROUBLE as error:
        return _refused(error)
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
    try:
        with _opened() as (_, keys):
            revoked = keys.revoke(key_id)
            is_last = revoked and not keys.any_active()
    except TROUBLE as error:
        return _refused(error)
    if not revoked:
        _tell(f"no key that is good has the id {key_id}: `evolvisense keys list` shows all")
        return FAILED
    _console.print(f"key {key_id} is revoked", markup=False)
    if is_last:
        _tell("no key is left: a server that needs one serves nobody until there is another")
    return 0


def webhook_secret(key_id: str) -> int:
    """Print the webhook secrets of a key; the exit status."""
    from evolvisense.service.webhooks.signing import owner_secret  # noqa: PLC0415

    try:
        with _opened() as (settings, keys):
            is_known = any(record.id == key_id for record in keys.list())
    except TROUBLE as error:
        return _refused(error)
    if not is_known:
        _tell(f"no key has the id {key_id}: `evolvisense keys list` shows all")
        return FAILED
    if not settings.webhook_secrets:
        _tell("EVOLVISENSE_WEBHOOK_SECRETS is not set: this server sends no webhooks")
        return FAILED
    try:
        secrets = [owner_secret(s.get_secret_value(), key_id) for s in settings.webhook_secrets]
    except ValueError as error:
        return _refused(error)
    for secret in secrets:
        typer.echo(secret)
    return 0


@contextmanager
def _opened() -> Generator[tuple[Settings, ApiKeys], None, None]:
    """The keys of the database that the server's settings name."""
    from evolvisense.service.access.keys import ApiKeys  # noqa: PLC0415 - not for the other commands
    from evolvisense.service.queue.database import open_database  # noqa: PLC0415
    from evolvisense.service.queue.files import prepare_folder  # noqa: PLC0415
    from evolvisense.service.queue.pairing import refuse_other  # noqa: PLC0415
    from evolvisense.service.settings import Settings  # noqa: PLC0415

    settings = Settings()
    if not settings.database_url:
        prepare_folder(settings.data_dir)
    engine = open_database(settings.queue_url)
    try:
        refuse_other(engine, settings.data_dir)
        yield settings, ApiKeys(engine)
    finally:
        engine.dispose()


def _refused(error: Exception) -> int:
    if isinstance(error, ValidationError):
        # pydantic's own text holds the value, which may be a secret.
        for wrong in error.errors(include_input=False, include_url=False):
            _tell(f"setting {'.'.join(str(part) for part in wrong['loc'])}: {wrong['msg']}")
    else:
        _tell(str(error))
    return UNUSABLE


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).date().isoformat()


def _tell(text: str) -> None:
    _errors.print(text, style="red", markup=False, soft_wrap=True)
