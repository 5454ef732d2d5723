"""`evolvisense serve --ray`."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import typer

from evolvisense.cli.serve import errors, require_keys
from evolvisense.errors import EvolviSenseError
from evolvisense.extras import sentence

if TYPE_CHECKING:
    from types import FrameType

    from evolvisense.service.replicas import Scale
    from evolvisense.service.settings import Settings

RAY_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # otherwise Ray reports its use to its makers
    "RAY_worker_niceness": "0",  # otherwise replicas wait behind everything else on the machine
}
"""For a Ray that is started here, unless the operator says otherwise."""


def run_on_ray(address: str, host: str, port: int, scale: Scale, settings: Settings) -> None:
    """Serve on the Ray at `address` (see `ray_serve.run`) until interrupted.

    Leaves with status 2 where that cannot be, or would be open to strangers.
    """
    from evolvisense.service.replicas import require_shareable  # noqa: PLC0415

    require_keys(host, settings)
    os.environ.update({k: v for k, v in RAY_ENVIRONMENT.items() if k not in os.environ})
    try:
        require_shareable(settings, scale)
        from evolvisense.ray.serve import run  # noqa: PLC0415 - Ray need not be installed

        run(address, host, port, scale, _interruption)
    except ImportError as error:
        _leave(f"{sentence('ray', '--ray', 'ray')} ({error})", error)
    except ConnectionError as error:
        _leave(f"there is no Ray at {address!r}: {error}", error)
    except EvolviSenseError as error:
        _leave(str(error), error)


def _interruption() -> threading.Event:
    """Is set by SIGTERM and SIGINT from now on."""
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return ended


def _leave(text: str, error: Exception) -> None:
    errors.print(text, markup=False, highlight=False)
    raise typer.Exit(2) from error
