"""Refuses requests that are addressed to another host, or sent by a page of another origin.

Hosts: `evolvisense.service.access.hosts` says which ones this server answers to.

Origins: CORS only hides a response from a page, after the work has been done, and does not apply to
WebSockets. So the origin is checked before the body is read, for every method that changes
something and for every WebSocket. Browsers send `Origin` and `Sec-Fetch-Site`, which a page cannot
change.

    Origin                    Sec-Fetch-Site               passes
    none                      none, same-origin or absent  yes: this page, or no browser
    the host of the request   none, same-origin or absent  yes
    one of CORS_ORIGINS       anything                     yes
    anything else                                          no: 403 origin_refused
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from evolvisense.service.access.hosts import AllowedHosts
from evolvisense.service.http.errors import (
    SAFE_METHODS,
    HostNotAllowedError,
    OriginRefusedError,
    refuse,
)
from evolvisense.service.http.middleware import EdgeMiddleware

LONGEST_SHOWN = 100
"""Characters of a host or an origin in an error message."""


class HostMiddleware:
    """The outermost part of the app: refuses requests to other hosts before anything reads them."""

    def __init__(self, app: ASGIApp, hosts: AllowedHosts) -> None:
        self._app, self._hosts = app, hosts
        self._refused = EdgeMiddleware(_refuse)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        server = scope.get("server")
        if self._hosts.allows(host_of(HTTPConnection(scope)), server[0] if server else None):
            await self._app(scope, receive, send)
        else:
            await self._refused(scope, receive, send)


def host_of(connection: HTTPConnection) -> str | None:
    """The Host header; None where there is none or more than one."""
    given = connection.headers.getlist("host")
    return given[0] if len(given) == 1 else None


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    host = host_of(HTTPConnection(scope))
    said = "no host" if host is None else f"the host {host[:LONGEST_SHOWN]!r}"
    error = HostNotAllowedError(
        f"the request names {said}, by which this server is not known; its operator adds the name "
        "to EVOLVISENSE_ALLOWED_HOSTS"
    )
    await refuse(scope, receive, send, error)


OWN_SITE = frozenset({"same-origin", "none"})
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class OriginMiddleware:
    """Refuses writes and WebSockets of pages that are not allowed."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        """`allowed` are the origins of EVOLVISENSE_CORS_ORIGINS."""
        self._app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        kind = scope["type"]
        is_checked = kind == "websocket" or (kind == "http" and scope["method"] not in SAFE_METHODS)
        if not is_checked or may_send(HTTPConnection(scope), self._allowed):
            await self._app(scope, receive, send)
            return
        origin = HTTPConnection(scope).headers.get("origin")
        who = "another site" if origin is None else f"the origin {origin[:LONGEST_SHOWN]!r}"
        error = OriginRefusedError(
            f"pages of {who} may not send to this server; its operator adds their origin to "
            "EVOLVISENSE_CORS_ORIGINS (behind a proxy, the proxy has to pass the Host header on)"
        )
        # The page's author may read why; nothing else is in it.
        await refuse(scope, receive, send, error, {"Access-Control-Allow-Origin": "*"})


def may_send(connection: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether a request that changes something, or a WebSocket, comes from a page that may.

    Args:
        connection: the request; what did not come from a browser has neither of the headers.
        allowed: origins besides the server's own; `*` allows every page.
    """
    headers = connection.headers
    origins = headers.getlist("origin")
    if len(origins) > 1:
        return False
    origin = origins[0] if origins else None
    if "*" in allowed or (origin is not None and origin.lower() in allowed):
        return True
    if not all(site in OWN_SITE for site in headers.getlist("sec-fetch-site")):
        return False
    return origin is None or is_same_origin(origin, headers, connection.scope["scheme"])


def is_same_origin(origin: str, headers: Mapping[str, str], scheme: str) -> bool:
    """Whether an origin is the server's own, by the Host header.

    Behind a proxy with TLS the scheme that arrives here is http, so a page of https counts as well.
    """
    try:
        page, own = urlsplit(origin), urlsplit(f"//{headers.get('host', '')}")
        if page.scheme not in ("http", "https") or not page.hostname:
            return False
        if page.scheme == "http" and scheme in ("https", "wss"):
            return False
        default = DEFAULT_PORTS[page.scheme]
        return (page.hostname, page.port or default) == (own.hostname, own.port or default)
    except ValueError:
        return False  # no address at all, such as http://[
