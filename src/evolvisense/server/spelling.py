"""The same route, spelled differently: HEAD where GET is answered, and a slash at the end."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
