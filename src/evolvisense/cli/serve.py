"""`evolvisense serve` and `evolvisense worker`."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError
from rich.console import Console

from evolvisense.cli.database import server_database
from evolvisense.errors import EvolviSenseError

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from evolvisense.service.queue.runtime import Runtime
    from evolvisense.service.settings import Settings

errors = Console(stderr=True)
log = logging.getLogger(__name__)


def read_settings(**given: object) -> Settings:
    """The settings with what the command line says; leaves with status 2 where they are wrong."""
    from evolvisense.service.settings import Settings  # noqa: PLC0415 - the other commands need no web server

    try:
        return Settings.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in one["loc"]).upper()
            errors.print(f"{f'EVOLVISENSE_{name}: ' if name else ''}{one['msg']}", markup=False)
        raise typer.Exit(2) from error
    except FileNotFoundError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error


def require_keys(host: str, settings: Settings) -> None:
    """Leave with status 2 where servers on several machines would be open to strangers."""
    if not is_open_without_keys(host, settings):
        return
    errors.print(
        f"REFUSED: {host} is open to others, and there are no keys.\n"
        "  evolvisense keys create --name NAME --scope analyze --scope read\n"
        "                                   makes one; then start again\n"
        "  EVOLVISENSE_ALLOW_ANONYMOUS=1    serves everybody who reaches this address\n"
        "  --host 127.0.0.1                 serves this machine alone",
        markup=False,
    )
    raise typer.Exit(2)


def is_open_without_keys(host: str, settings: Settings) -> bool:
    """Whether strangers can reach `host` and no key was ever made.

    Leaves with status 2 where the database cannot be used.
    """
    from evolvisense.service.access.hosts import is_loopback  # noqa: PLC0415

    if is_loopback(host) or settings.allow_anonymous:
        return False
    from evolvisense.service.access.keys import ApiKeys  # noqa: PLC0415

    with _told(), server_database(settings) as engine:
        keys = ApiKeys(engine)
        has_keys = keys.any_made()
        if has_keys and not keys.any_active():
            errors.print(
                "WARNING: all keys are revoked, so nobody is served until "
                "`evolvisense keys create` makes another",
                markup=False,
            )
    return not has_keys


def check_sandbox(settings: Settings) -> None:
    """Warn where the server runs as root; leave with status 2 where the sandbox is not complete.

    The latter only where the settings require a complete one.
    """
    if os.geteuid() == 0:
        log.warning(
            "the server runs as root: run it as an ordinary user, so that a fault in it or in a "
            "video decoder does less harm"
        )
    if not settings.requires_sandbox:
        return
    from evolvisense.sandbox import REQUIRED, check  # noqa: PLC0415
    from evolvisense.service.queue.files import prepare_folder  # noqa: PLC0415

    try:
        prepare_folder(settings.data_dir)
        check.require(REQUIRED, settings.data_dir)
    except EvolviSenseError as error:
        errors.print(
            f"REFUSED: {error}\n"
            "  EVOLVISENSE_REQUIRE_SANDBOX=0     starts all the same; docs/threat-model.md says "
            "what that means",
            markup=False,
            highlight=False,
        )
        raise typer.Exit(2) from error


def run_server(host: str, port: int, settings: Settings) -> None:
    """Serve until interrupted. Leaves with status 2 where the queue cannot be used.

    Where strangers can reach it and there are no keys, a token is made, and the address that
    contains it is printed once the server listens.
    """
    from evolvisense.service.logs import configure_logs  # noqa: PLC0415

    wants_token = is_open_without_keys(host, settings)
    configure_logs(settings.log_format, settings.log_level)
    check_sandbox(settings)
    workplace = _opened(settings)
    # Imported only now: its second passes while the workers load their models.
    from evolvisense.service.http.app import create_app  # noqa: PLC0415
    from evolvisense.service.http.connections import GuardedServer  # noqa: PLC0415
    from evolvisense.service.http.token import StartToken  # noqa: PLC0415

    token = StartToken() if wants_token else None
    app = create_app(settings, open_workplace=lambda: workplace, bound=host, token=token)

    class Server(GuardedServer):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if token is not None and self.started:
                typer.echo(invitation(host, port, token.text))

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit:
                app.state.service.begin_closing()
            super().handle_exit(sig, frame)

    Server(app, settings, host=host, port=port).run()


def invitation(host: str, port: int, token: str) -> str:
    """What is printed where a token was made: an address to open, and how to be rid of it."""
    from evolvisense.service.access.hosts import EVERY_INTERFACE  # noqa: PLC0415

    is_everywhere = host in EVERY_INTERFACE
    shown = "127.0.0.1" if is_everywhere else f"[{host}]" if ":" in host else host
    elsewhere = (
        " (from another machine: the same with this machine's address)" if is_everywhere else ""
    )
    return (
        "There are no keys, so a token was made for this start. Open this address in a browser"
        f"{elsewhere}:\n\n    http://{shown}:{port}/?token={token}\n\n"
        "Programs send the token as `Authorization: Bearer ...`. `evolvisense keys create` makes "
        "keys instead, which last."
    )


def _opened(settings: Settings) -> Runtime:
    """Queue and workers; leaves with status 2 where they cannot be used."""
    from evolvisense.service.queue.runtime import Runtime  # noqa: PLC0415

    with _told():
        return Runtime(settings.workplace())


@contextmanager
def _told() -> Generator[None]:
    """Leave with status 2 and a sentence where the queue cannot be used."""
    try:
        yield
    except EvolviSenseError as error:
        errors.print(f"{error} ({error.code})", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from error


def run_worker(settings: Settings) -> None:
    """Work on the queue until interrupted; running jobs may end, then the others go back."""
    from evolvisense.service.logs import configure_logs  # noqa: PLC0415

    configure_logs(settings.log_format, settings.log_level)
    check_sandbox(settings)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    workplace = _opened(settings)
    stop.wait()
    workplace.close(settings.shutdown_grace_s)
