"""The page, the docs and the probes."""

from __future__ import annotations

import asyncio
import html
import re
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from evolvisense.report.html import plotly_path
from evolvisense.server.errors import ErrorAnswer, error_answer
from evolvisense.server.service import service_of

WEB = Path(__file__).resolve().parent.parent / "web"
READY_RETRY_S = 1
DAY_S = 24 * 3600
INCLUDE = re.compile(r"\{\{> (views/[a-z][a-z-]*\.html)\}\}")
"""Stands in a page for the text of that file below WEB; included files include nothing."""

router = APIRouter()


class FreshFiles(StaticFiles):
    """Files that browsers ask about each time, so that an update never mixes old and new."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with its cache header."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> dict[str, str]:
    """Always 200."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Whether an analysis can begin",
    responses={503: {"model": ErrorAnswer, "description": "Not yet, or never: the log says why."}},
)
async def readyz(request: Request) -> Response:
    """200 when the models are loaded and the queue can be used."""
    service = service_of(request)
    if (failure := service.failure) is not None:
        return error_answer(
            request, 503, failure.code, "the models cannot be loaded; the log says why"
        )
    again = {"Retry-After": str(READY_RETRY_S)}
    if not service.is_ready:
        return error_answer(request, 503, "starting", "the models are being loaded", again)
    if service.closing:
        return error_answer(request, 503, "stopping", "the server is being stopped", again)
    counts = await asyncio.to_thread(service.store.counts)
    return JSONResponse({"status": "ready", "queued": counts.queued, "running": counts.running})


@router.get("/", include_in_schema=False)
async def index(request: Request) -> HTMLResponse:
    """The page for people."""
    settings = service_of(request).settings
    return _page(
        "index.html",
        {
            "max_upload_bytes": str(settings.max_upload_bytes),
            "plotly_version": version("plotly"),
            "version": version("evolvisense"),
        },
    )


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """The interface for programs, drawn from /openapi.json without anything from elsewhere."""
    return _page("docs.html", {"version": version("evolvisense")})


@router.get("/static/plotly.min.js", include_in_schema=False)
async def plotly_js(request: Request) -> FileResponse:
    """Plotly's own JavaScript, out of the installed package, which is not imported."""
    is_pinned = request.query_params.get("v") == version("plotly")
    kept = f"max-age={365 * DAY_S}, immutable" if is_pinned else f"max-age={DAY_S}"
    return FileResponse(
        plotly_path(), media_type="text/javascript", headers={"Cache-Control": f"public, {kept}"}
    )


def _page(name: str, values: dict[str, str]) -> HTMLResponse:
    text = INCLUDE.sub(lambda found: _text(found[1]), _text(name))
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", html.escape(value))
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


def _text(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")
