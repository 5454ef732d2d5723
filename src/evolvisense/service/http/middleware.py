"""Headers of every response, the handler of unexpected errors, and equal spellings of a route.

HEAD is answered where GET is, and a slash at the end changes nothing.
"""

from __future__ import annotations

import logging
import os
import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from evolvisense.service.http.errors import error_answer

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # plotly writes its styles into the page
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

SPACE_VARIABLES = ("SPACE_ID", "SPACE_HOST")
"""Hugging Face sets them in its Spaces, which it shows in a frame of its own page."""
SPACE_FRAME = " https://huggingface.co"

PERMISSIONS_POLICY = "camera=(self), microphone=(self)"
"""Whoever frames the page gets neither; a Space hands its own on to the page."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger(__name__)
requests_log = logging.getLogger("evolvisense.requests")


class EdgeMiddleware:
    """Request ids, headers, counting, and `internal_error` for what nobody expected."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        is_space = any(os.environ.get(name) for name in SPACE_VARIABLES)
        self._policy = CONTENT_SECURITY_POLICY + (SPACE_FRAME if is_space else "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        given = request.headers.get("x-request-id", "")
        request_id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        request.state.request_id = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), request_id)
            await send(message)

        began_s = time.perf_counter()
        metrics = request.app.state.metrics
        metrics.in_flight.inc()
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("unexpected error (request %s)", request_id)
            if status:
                raise
            answer = error_answer(
                request,
                500,
                "internal_error",
                "something went wrong here; tell the operator the request id",
            )
            await answer(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began_s
            metrics.in_flight.dec()
            route = getattr(scope.get("route"), "path", "none")
            method = request.method if request.method in METHODS else "other"
            method = "HEAD" if scope.get(IS_HEAD) else method
            metrics.requests.labels(method, route, str(status)).inc()
            metrics.request_s.labels(route).observe(seconds)
            _log_request(request_id, method, route, status, seconds)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        code = 0

        async def receive_noting(message_of: Receive = receive) -> Message:
            nonlocal code
            message = await message_of()
            if message["type"] == "websocket.disconnect":
                code = code or message.get("code", 1005)
            return message

        async def send_noting(message: Message) -> None:
            nonlocal code
            if message["type"] == "websocket.close":
                code = message.get("code", 1000)
            elif message["type"] == "websocket.http.response.start":
                code = message["status"]
            await send(message)

        began_s = time.perf_counter()
        try:
            await self._app(scope, receive_noting, send_noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            _log_request(request_id, "WEBSOCKET", route, code, time.perf_counter() - began_s)

    def _add_headers(self, headers: MutableHeaders, request_id: str) -> None:
        headers["X-Request-Id"] = request_id
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Permissions-Policy"] = PERMISSIONS_POLICY
        headers.setdefault("Content-Security-Policy", self._policy)


def _log_request(request_id: str, method: str, route: str, status: int, seconds: float) -> None:
    about = {
        "request_id": request_id,
        "method": method,
        "route": route,
        "status": status,
        "seconds": round(seconds, 3),
    }
    text = "%(method)s %(route)s %(status)s %(seconds)s s (request %(request_id)s)"
    requests_log.info(text, about, extra=about)


WITH_SLASH = frozenset({"/", "/analyze-video/", "/ws/emotion-stream/"})
"""Addresses of the existing clients that end with a slash; each is a route without it too."""
FILES = "/static/"

IS_HEAD = "evolvisense.is_head"
"""Key of the scope: the request is answered as GET, its body is not sent."""


class SpellingMiddleware:
    """Answers HEAD as GET without the body, and ignores one slash at the end of an address.

    There is no redirect: clients repeat a POST after one without its body, or not at all.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket"):
            scope = _without_slash(scope)
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", IS_HEAD: True}
            send = _without_body(send)
        await self._app(scope, receive, send)


def _without_slash(scope: Scope) -> Scope:
    path: str = scope["path"]
    if not path.endswith("/") or path in WITH_SLASH or path.startswith(FILES):
        return scope
    raw: bytes | None = scope.get("raw_path")
    return {**scope, "path": path[:-1], "raw_path": raw and raw.removesuffix(b"/")}


def _without_body(send: Send) -> Send:
    is_complete = False

    async def send_head(message: Message) -> None:
        nonlocal is_complete
        if message["type"] != "http.response.body":
            await send(message)
        elif not is_complete:
            # A stream of events would not end by itself; `receive` now says that nobody listens.
            is_complete = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_head
