"""The page, the docs and the probes."""

from __future__ import annotations

import asyncio
import html
import importlib.util
import re
import secrets
from importlib.metadata import version
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from evolvisense.service.http import guides
from evolvisense.service.http.callers import VISITOR_COOKIE, visitor_of
from evolvisense.service.http.context import service_of
from evolvisense.service.http.errors import ErrorAnswer, error_answer

WEB = Path(__file__).resolve().parents[2] / "web"
PLOTLY = WEB / "vendor" / "plotly-cartesian.min.js"
READY_RETRY_S = 1
SWAGGER_PACKAGE = "fastapi-offline"
"""Carries the files of Swagger UI 5."""
NEEDED = {"parquet": "pyarrow"}
"""Packages that formats of the report need beyond those of the server."""
DAY_S = 24 * 3600
VISITOR_BYTES = 32
VISITOR_S = 400 * DAY_S
"""The longest that browsers keep a cookie."""
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
    await asyncio.to_thread(service.store.require_columns)
    counts = await asyncio.to_thread(service.store.counts)
    return JSONResponse({"status": "ready", "queued": counts.queued, "running": counts.running})


@router.get("/", include_in_schema=False)
async def index(request: Request) -> HTMLResponse:
    """The page for people."""
    settings = service_of(request).settings
    page = _page(
        "index.html",
        {
            "max_upload_bytes": str(settings.max_upload_bytes),
            "missing_formats": " ".join(_missing_formats()),
            "plotly_version": version("plotly"),
            "version": version("evolvisense"),
        },
    )
    gate = request.app.state.gate
    if not visitor_of(request) and not await asyncio.to_thread(gate.requires_keys):
        # What a browser without a key keeps on the server, its baselines, belongs to this.
        page.set_cookie(
            VISITOR_COOKIE,
            secrets.token_urlsafe(VISITOR_BYTES),
            max_age=VISITOR_S,
            httponly=True,
            samesite="strict",
            secure=request.scope["scheme"] == "https",
        )
    return page


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """Swagger UI: every route can be tried from here; nothing is loaded from elsewhere."""
    values = {"version": version("evolvisense"), "swagger_version": version(SWAGGER_PACKAGE)}
    return _page("docs.html", values, {"guides": guides.links()})


@router.get("/docs/reference", include_in_schema=False)
async def reference() -> HTMLResponse:
    """All routes with their parameters, bodies and answers as one page to read."""
    return _page("reference.html", {"version": version("evolvisense")})


@router.get("/docs/guides/{name}", include_in_schema=False)
async def guide(name: str) -> HTMLResponse:
    """One of the guides of docs/."""
    if name not in guides.GUIDES:
        raise HTTPException(404)
    body = await asyncio.to_thread(guides.render, name)
    parts = {"guides": guides.links(), "body": body}
    return _page("guide.html", {"title": guides.GUIDES[name]}, parts)


@router.get("/static/swagger-ui-bundle.js", include_in_schema=False)
async def swagger_js(request: Request) -> FileResponse:
    """Swagger UI's own JavaScript, out of the installed package, which is not imported."""
    return _packaged(request, SWAGGER_PACKAGE, _swagger("swagger-ui-bundle.js"), "text/javascript")


@router.get("/static/swagger-ui.css", include_in_schema=False)
async def swagger_css(request: Request) -> FileResponse:
    """Swagger UI's styles, from the same place."""
    return _packaged(request, SWAGGER_PACKAGE, _swagger("swagger-ui.css"), "text/css")


@router.get("/static/plotly.min.js", include_in_schema=False)
async def plotly_js(request: Request) -> FileResponse:
    """Plotly's bundle of cartesian plots, a third of the whole (web/vendor/README.md)."""
    return _packaged(request, "plotly", PLOTLY, "text/javascript")


def _packaged(request: Request, package: str, path: Path, media_type: str) -> FileResponse:
    """A file of another package: kept for a year where `?v=` names the installed version."""
    is_pinned = request.query_params.get("v") == version(package)
    kept = f"max-age={365 * DAY_S}, immutable" if is_pinned else f"max-age={DAY_S}"
    headers = {"Cache-Control": f"public, {kept}"}
    return FileResponse(path, media_type=media_type, headers=headers)


def _missing_formats() -> list[str]:
    """Formats of the report that this installation cannot write; the page does not offer them."""
    return [name for name, package in NEEDED.items() if importlib.util.find_spec(package) is None]


def _swagger(name: str) -> Path:
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {SWAGGER_PACKAGE} is not installed")
    return Path(spec.origin).parent / "static" / name


def _page(name: str, values: dict[str, str], parts: dict[str, str] | None = None) -> HTMLResponse:
    """A page of web/ with `values` (text, escaped) and `parts` (HTML made here) filled in."""
    text = INCLUDE.sub(lambda found: _text(found[1]), _text(name))
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", html.escape(value))
    for key, part in (parts or {}).items():
        text = text.replace("{{" + key + "}}", part)
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


def _text(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")
