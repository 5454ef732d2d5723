"""Refuses requests to hosts that this server is not known by: see `evolvisense.access.hosts`."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from evolvisense.access.hosts import AllowedHosts
from evolvisense.server.errors import refuse
from evolvisense.server.middleware import EdgeMiddleware
from evolvisense.server.refusals import HostNotAllowedError

LONGEST_SHOWN = 100


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
