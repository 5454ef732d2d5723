"""The application: settings in, routes and nets around them out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from evolvisense.sandbox import REQUIRED
from evolvisense.service.access.hosts import AllowedHosts
from evolvisense.service.http import (
    analyses,
    baselines,
    events,
    facts,
    figures,
    legacy,
    metrics,
    openapi,
    pages,
    results,
    submit,
)
from evolvisense.service.http.callers import CallerIdentifier
from evolvisense.service.http.context import AnalysisService
from evolvisense.service.http.errors import install_error_handlers
from evolvisense.service.http.live import authorize, live_settings
from evolvisense.service.http.metrics import ServerMetrics
from evolvisense.service.http.middleware import EdgeMiddleware, SpellingMiddleware
from evolvisense.service.http.origins import HostMiddleware, OriginMiddleware
from evolvisense.service.http.token import StartToken, TokenMiddleware
from evolvisense.service.live import LivePool, live_routes
from evolvisense.service.live.pool import new_sandbox
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.settings import Settings

ROUTERS = (
    legacy.router,
    submit.router,
    analyses.router,
    events.router,
    results.router,
    results.overlay_router,
    figures.router,
    figures.comparison_router,
    baselines.router,
    facts.router,
    metrics.router,
    pages.router,
)


LEAST_COMPRESSED_BYTES = 1024


def create_app(
    settings: Settings | None = None,
    *,
    open_workplace: Callable[[], Runtime] | None = None,
    bound: str | None = None,
    token: StartToken | None = None,
) -> FastAPI:
    """The server.

    Args:
        settings: from the environment where none are given.
        open_workplace: gives the queue and the workers at the start, by default those of the
            settings. The app closes them at its end.
        bound: address or name that is listened on, whose name in a Host header is answered; None
            where it is not known.
        token: what everybody needs as long as no key was ever made; None where nothing is needed.
    """
    chosen = settings or Settings()
    opened = open_workplace or (lambda: Runtime(chosen.workplace()))
    required = REQUIRED if chosen.requires_sandbox else ()
    live = LivePool(live_settings(chosen), lambda: new_sandbox(chosen.data_dir, required=required))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        service = AnalysisService(chosen, opened())
        app.state.service = service
        app.state.gate = CallerIdentifier(chosen, service.keys, token)
        app.state.metrics = ServerMetrics(service, live)
        try:
            yield
        finally:
            await live.close()
            await service.close()

    app = FastAPI(
        title="EvolviSense",
        version=version("evolvisense"),
        description="Reads faces and voices in video. Experimental; not a medical device.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(live_routes(live_settings(chosen), live, authorize))
    app.mount("/static", pages.FreshFiles(directory=pages.WEB))
    install_error_handlers(app)
    openapi.describe(app)
    # Innermost: what is sent outside is compressed already. Media, events and parts are left alone.
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_COMPRESSED_BYTES, compresslevel=6)
    # The last one added is the outermost: the host is checked first; refusals and errors behind
    # CORS carry its headers too.
    if token is not None:
        app.add_middleware(TokenMiddleware, token=token)
    app.add_middleware(OriginMiddleware, allowed=chosen.cors_origins)
    app.add_middleware(EdgeMiddleware)
    app.add_middleware(SpellingMiddleware)
    if chosen.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=chosen.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=[
                "Location",
                "Retry-After",
                "X-Request-Id",
                "Idempotency-Replayed",
                "Preference-Applied",
            ],
        )
    app.add_middleware(HostMiddleware, hosts=AllowedHosts(chosen.allowed_hosts, bound=bound))
    return app
