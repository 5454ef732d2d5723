"""The service on Ray Serve: replicas that answer HTTP and replicas that analyse, on one queue.

    evolvisense serve --ray local
    serve run evolvisense.ray.serve:application servers=2 most_servers=8 most_workers=64

Every node has the same EVOLVISENSE_* environment. Settings do not travel through Ray, for they hold
secrets; neither do videos and reports, which are files of the shared folder.

The only module beside `ray/engine.py` that imports Ray, and nothing imports it at start.
"""

# Ray is an extra: where it is not installed its types are unknown.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportUntypedFunctionDecorator=false, reportUntypedClassDecorator=false

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any

import ray
from ray import serve
from ray.serve.config import AutoscalingContext
from ray.serve.schema import LoggingConfig

from evolvisense.service.logs import configure_logs
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.replicas import Scale, require_shareable
from evolvisense.service.settings import Settings

# Much of what Ray takes and gives has no type.
_ray: Any = ray
_serve: Any = serve

NAME = "evolvisense"
LOCAL = "local"
STORE_BYTES = 100 * 2**20
"""Ray's store for values that travel; here none do."""
WANTED = "wanted"
SERVER_CPUS = 0.5
"""Of a replica that only answers: it waits for disks and for the database."""
MOST_OPEN_REQUESTS = 1000
LOOK_S = 5.0
STEP_DOWN_S = 300.0
"""So long fewer replicas have to be enough before one is ended."""
ENDING_S = 20.0
"""What a replica needs beyond the grace of its jobs."""


def run(
    address: str, host: str, port: int, scale: Scale, listen: Callable[[], threading.Event]
) -> None:
    """Serve on a Ray of this machine alone (`local`), the one that runs here (`auto`), or that at
    an address, until the event is set that `listen` gives; Ray has set its signal handlers by then.

    Raises ConnectionError where there is none, and as `application`.
    """
    cluster: dict[str, Any] = {"address": address}
    if address == LOCAL:
        cluster |= {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    _ray.init(**cluster)
    try:
        ended = listen()
        _serve.start(proxy_location="EveryNode", http_options={"host": host, "port": port})
        _serve.run(application(scale), name=NAME, route_prefix="/")
        ended.wait()
        _serve.delete(NAME)
        if address == LOCAL:
            _serve.shutdown()
    finally:
        _ray.shutdown()


def application(scale: Scale) -> serve.Application:
    """The application; `scale` comes from `args` of a Serve configuration.

    Raises InvalidOptionError where several replicas could not share queue and files.
    """
    settings = Settings()
    require_shareable(settings, scale)
    logs = LoggingConfig(enable_access_log=False)  # EdgeMiddleware logs requests, with their ids
    servers = _serve.deployment(
        _server_of(scale),
        name="server",
        ray_actor_options={"num_cpus": max(SERVER_CPUS, scale.own_workers)},
        max_ongoing_requests=MOST_OPEN_REQUESTS,
        autoscaling_config={
            "min_replicas": scale.servers,
            "max_replicas": scale.most_servers,
            "target_ongoing_requests": scale.requests_each,
        },
        graceful_shutdown_timeout_s=settings.shutdown_grace_s + ENDING_S,
        logging_config=logs,
    )
    if scale.most_workers == 0:
        return servers.bind()
    workers = _serve.deployment(
        Workers,
        name="workers",
        ray_actor_options={"num_cpus": scale.videos_each},
        autoscaling_config={
            "min_replicas": scale.workers,
            "max_replicas": scale.most_workers,
            "metrics_interval_s": LOOK_S,
            "look_back_period_s": 2 * LOOK_S,
            "upscale_delay_s": 0.0,
            "downscale_delay_s": STEP_DOWN_S,
            "policy": {"policy_function": f"{__name__}:enough_for_the_queue"},
        },
        graceful_shutdown_timeout_s=settings.shutdown_grace_s + ENDING_S,
        logging_config=logs,
    )
    return servers.bind(workers.bind(scale))  # bound, so that both belong to the application


def _server_of(scale: Scale) -> type:
    """The deployment whose replicas answer HTTP with the app of `evolvisense serve`."""

    def build() -> Any:  # noqa: ANN401 - an ASGI application
        from evolvisense.service.http.app import create_app  # noqa: PLC0415 - workers need no HTTP

        settings = _settings(scale, scale.own_workers)
        # Opened here and not by the app: what is wrong is then told as the reason of this replica.
        workplace = Runtime(settings.workplace())
        return create_app(settings, open_workplace=lambda: workplace)

    return _serve.ingress(build)()


class Workers:
    """A replica that analyses what is in the queue, and answers nobody."""

    def __init__(self, scale: Scale) -> None:
        self._settings = _settings(scale, scale.videos_each)
        self._each = scale.videos_each
        self._workplace = Runtime(self._settings.workplace())

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Replicas that would have something to do."""
        unfinished = await asyncio.to_thread(self._workplace.store.in_flight)
        return {WANTED: float(math.ceil(unfinished / self._each))}

    def check_health(self) -> None:
        """Raise RuntimeError where the models cannot be loaded: Ray Serve makes another replica."""
        if (broken := self._workplace.pool.broken) is not None:
            raise RuntimeError(f"the models cannot be loaded: {broken.code}: {broken.detail}")

    def __del__(self) -> None:
        """Running jobs may end for a while, the others go back to the queue."""
        if hasattr(self, "_workplace"):  # not where its making failed
            self._workplace.close(self._settings.shutdown_grace_s)


def enough_for_the_queue(context: AutoscalingContext) -> tuple[int, dict[str, Any]]:
    """How many `Workers` there should be: one for each job that waits or runs, within the bounds.

    All replicas look at one queue; the one that saw most in it is believed.
    """
    seen = (context.aggregated_metrics or {}).get(WANTED) or {}
    wanted = math.ceil(max(seen.values(), default=context.target_num_replicas))
    least, most = context.capacity_adjusted_min_replicas, context.capacity_adjusted_max_replicas
    return max(least, min(most, wanted)), {}


def _settings(scale: Scale, workers: int) -> Settings:
    """Of this replica, from its own environment."""
    settings = Settings(workers=workers)
    require_shareable(settings, scale)
    configure_logs(settings.log_format, settings.log_level)
    return settings
