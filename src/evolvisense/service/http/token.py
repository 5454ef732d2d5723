"""The token of a server that has no keys but listens to others: made at the start, printed once.

As Jupyter does: `http://host:7860/?token=...` opened in a browser leaves a cookie and leads to the
address without the token, so that the page works and the token stays in no history. Programs send
it as they would send a key. It ends with the process, or when the first key is made.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from evolvisense.service.http.errors import (
    SAFE_METHODS,
    RequestRefusedError,
    UnauthenticatedError,
    error_answer,
)
from evolvisense.service.http.origins import OWN_SITE

TOKEN_BYTES = 32
COOKIE = "evolvisense-token"
PARAMETER = "token"
OPEN = frozenset({"/healthz", "/readyz"})
"""Answered without the token."""
WANTED = (
    "open the address with `?token=` that the server printed at its start, or send that token as "
    "`Authorization: Bearer ...` or `X-Api-Key: ...`"
)
PAGES = frozenset({"/", "/docs"})
"""Where people look: they get a form instead of an error for programs."""

_FORM = """<!doctype html><html lang="en"><meta charset="utf-8"><title>EvolviSense: token</title>
<meta name="viewport" content="width=device-width">
<style>:root{{color-scheme:light dark}}
body{{font:1rem/1.5 system-ui;max-width:34rem;margin:3rem auto;padding:0 1rem}}
input{{font:inherit;width:100%;box-sizing:border-box}}button{{font:inherit}}</style>
<main><h1>A token is needed</h1><p>{reason}The server printed an address with a token when it was
started. Open that address, or enter the token here.</p><form action="/" method="get">
<p><label>Token <input name="token" type="password" autocomplete="off" required></label></p>
<p><button>Open</button></p></form></main></html>"""

_STEP = """<!doctype html><html lang="en"><meta charset="utf-8"><title>EvolviSense</title>
<meta http-equiv="refresh" content="0; url={address}"><a href="{address}">EvolviSense</a></html>"""


class StartToken:
    """A random text, and the cookie that stands for it."""

    def __init__(self) -> None:
        self.text = secrets.token_urlsafe(TOKEN_BYTES)
        self._cookie = hashlib.sha256(f"cookie {self.text}".encode()).hexdigest()

    def __repr__(self) -> str:
        return "StartToken()"  # never in a log

    def is_text(self, given: str) -> bool:
        """Whether that is the token."""
        return hmac.compare_digest(given.encode(errors="replace"), self.text.encode())

    def is_in_cookies(self, connection: HTTPConnection) -> bool:
        """Whether the request brings the cookie that the token was exchanged for."""
        given = connection.cookies.get(_cookie_name(connection), "")
        return hmac.compare_digest(given.encode(errors="replace"), self._cookie.encode())

    def exchanged(self, connection: HTTPConnection) -> Response:
        """The answer to a visit with the token: a cookie, and the address without the token."""
        pairs = parse_qsl(connection.url.query, keep_blank_values=True)
        rest = urlencode([(name, value) for name, value in pairs if name != PARAMETER])
        path = connection.scope["path"]
        address = f"{path}?{rest}" if rest else path
        if connection.headers.get("sec-fetch-site", "none") in OWN_SITE:
            answer: Response = RedirectResponse(address, 303)
        else:
            # Somebody followed a link of another site: a browser would not send the new cookie
            # along with a redirect, which still counts as that site's. The page's own step does.
            answer = HTMLResponse(_STEP.format(address=html.escape(address)))
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            _cookie_name(connection),
            self._cookie,
            httponly=True,
            samesite="strict",
            secure=connection.scope["scheme"] == "https",
        )
        return answer


class TokenMiddleware:
    """While the token counts, nothing is answered without it but OPEN and what asks for it."""

    def __init__(self, app: ASGIApp, token: StartToken) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. A live stream may bring the token in its first message instead."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        gate = scope["app"].state.gate
        if not await gate.wants_token():
            await self._app(scope, receive, send)
            return
        is_page = scope["path"] in PAGES and scope["method"] == "GET"
        given = connection.query_params.get(PARAMETER) if is_page else None
        if given is not None and self._token.is_text(given):
            answer: Response = self._token.exchanged(connection)
        elif gate.holds_token(connection):
            await self._app(scope, receive, send)
            return
        else:
            answer = _refusal(connection, gate.require_pace_of, given, is_page=is_page)
        await answer(scope, receive, send)


def _refusal(
    connection: HTTPConnection,
    require_pace: Callable[[HTTPConnection], None],
    given: str | None,
    *,
    is_page: bool,
) -> Response:
    try:
        require_pace(connection)
        raise UnauthenticatedError(WANTED)
    except RequestRefusedError as error:
        if is_page and isinstance(error, UnauthenticatedError):
            reason = "" if given is None else "That is not the token of this start. "
            return HTMLResponse(_FORM.format(reason=reason), 401, {"Cache-Control": "no-store"})
        connection.state.body_unread = connection.scope["method"] not in SAFE_METHODS
        return error_answer(connection, error.status, error.code, str(error), error.headers())


def _cookie_name(connection: HTTPConnection) -> str:
    """Browsers share cookies between the ports of a host: each server there has its own name."""
    port = connection.headers.get("host", "").rpartition("]")[2].partition(":")[2]
    return f"{COOKIE}-{port}" if port.isdigit() else COOKIE
