"""The engine of a cluster: Ray (extra `[ray]`) places the same workers on all its nodes.

Ray does what it is good at: it knows the nodes, starts actors and tells of their death. Which actor
gets which task, and what becomes of a task whose actor died, is decided in `ray_crew`.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from evolvisense.batch.engine import Task, leave_tasks
from evolvisense.batch.local import WorkerRules
from evolvisense.batch.outcome import Outcome
from evolvisense.errors import EngineUnavailableError
from evolvisense.extras import sentence
from evolvisense.ray.workers import RaySettings, WorkerGroup

AUTO = "auto"
ADDRESS_VARIABLE = "RAY_ADDRESS"
CONNECT_S = 5.0
NO_REPORT = {"RAY_USAGE_STATS_ENABLED": "0"}
"""Ray would otherwise report its use to its makers, from every cluster that it starts."""
NOT_LAST = ("RAY_worker_niceness", "0")
"""Ray's own 15 on top of the sandbox's would let any other program stop a cluster of our own."""
OBJECT_STORE_BYTES = 200 * 1024**2
"""Of a cluster that is started here: it holds a few results at a time."""


class RayEngine:
    """Analyses on a Ray cluster.

    `address`: of the cluster; "auto" is the one that runs on this machine or that RAY_ADDRESS
    names, and otherwise one that is started here and ends with the work. A program that is
    connected already stays so and uses that cluster. All nodes must see the files under the same
    paths or URLs and have the same packages. The rest as in RaySettings.
    Raises EngineUnavailableError without Ray, InvalidOptionError for what cannot be.
    """

    def __init__(
        self,
        address: str = AUTO,
        actors: int | None = None,
        *,
        cpus: float = 1.0,
        attempts: int = 3,
        rules: WorkerRules | None = None,
    ) -> None:
        self._address = address
        self._settings = RaySettings(actors, cpus, attempts, rules or WorkerRules())
        self._ray = _import_ray()

    def run(
        self, tasks: Iterator[Task], *, stop_tasks: Callable[[], None] = leave_tasks
    ) -> Iterator[Outcome]:
        """As `Engine.run` has it. Raises EngineUnavailableError where the cluster cannot be used.

        At most one task for each worker is taken from `tasks` and not given back as an outcome.
        """
        with _connected(self._ray, self._address):
            crew = WorkerGroup(self._ray, tasks, self._settings)
            try:
                yield from crew.outcomes()
            finally:
                stop_tasks()
                crew.stop()


def _import_ray() -> Any:  # noqa: ANN401 - optional, so it has no types for us
    os.environ.update(NO_REPORT)
    os.environ.setdefault(*NOT_LAST)
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise EngineUnavailableError(sentence("ray", "--ray", "ray")) from error


@contextmanager
def _connected(ray: Any, address: str) -> Generator[None]:  # noqa: ANN401
    """A connection for as long as it is needed; one that was there before stays."""
    if ray.is_initialized():
        yield
        return
    _require_listener(os.environ.get(ADDRESS_VARIABLE, AUTO) if address == AUTO else address)
    quiet: Mapping[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        try:
            ray.init(address=address, **quiet)
        except ValueError as error:
            raise EngineUnavailableError(f"{address} is no address of Ray: {error}") from error
        except ConnectionError as error:
            if address != AUTO:
                raise EngineUnavailableError(f"no Ray cluster is at {address}: {error}") from error
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                **quiet,
            )
        yield
    finally:
        ray.shutdown()


def _require_listener(address: str) -> None:
    """Raise EngineUnavailableError where nobody listens; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if "://" in address or not host or not port.isdecimal():
        return  # "auto", or an address that Ray has its own words about
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise EngineUnavailableError(f"no Ray cluster is at {address}: {error}") from error
