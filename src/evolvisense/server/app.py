"""The application: settings in, routes and nets around them out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from evolvisense.server import legacy, pages
from evolvisense.server.errors import install_error_handlers
from evolvisense.server.middleware import EdgeMiddleware
from evolvisense.server.service import AnalysisService
from evolvisense.server.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server; settings come from the environment where none are given."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        service = AnalysisService(chosen)
        app.state.service = service
        try:
            yield
        finally:
            await service.close()

    app = FastAPI(
        title="EvolviSense",
        version=version("evolvisense"),
        description="Reads faces and voices in video. Experimental; not a medical device.",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.include_router(legacy.router)
    app.include_router(pages.router)
    app.mount("/static", pages.FreshFiles(directory=pages.WEB))
    install_error_handlers(app)
    # The last one added is the outermost: refusals and errors carry CORS headers too.
    app.add_middleware(EdgeMiddleware)
    if chosen.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=chosen.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-Id"],
        )
    return app
