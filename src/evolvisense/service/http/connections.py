"""Connections of the HTTP server: how many there are, and how long each may do nothing.

uvicorn limits neither. Every connection is in one phase:

    opened --> HEAD --headers complete--> BUSY --response sent--> IDLE --first byte--> HEAD ...
                |                           |                       |
         header_s, then closed    request body unread: DRAIN   idle_s, then closed
                                  header_s, then closed

A connection in HEAD or IDLE has no request: where the limit is reached, the oldest of these gives
way to a new one, so that /healthz answers during an attack. Where every connection is BUSY the new
one is answered 503. In any phase, a client that takes nothing of what was sent to it for
`stalled_s` is cut off. WebSockets are BUSY; their idle time is `live_idle_s`.

Guarded by tests/service/http/test_connections.py.

How uvicorn serves the application: limits of connections, WebSockets, shutdown.
"""

from __future__ import annotations

import asyncio
import logging
import math
import resource
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, cast

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from evolvisense.service.settings import Settings

SCAN_S = 0.5
LOG_EVERY_S = 60.0
SPARE_DESCRIPTORS = 256
"""Kept for the database, uploads, the workers' pipes and files that are being sent."""
MOST_BY_DEFAULT = 1000
FEWEST = 16
BUSY_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)

log = logging.getLogger(__name__)


class Phase(Enum):
    """What a connection is doing."""

    HEAD = "head"
    """The headers of a request are not complete."""
    BUSY = "busy"
    """A request is answered, or a WebSocket is open."""
    DRAIN = "drain"
    """The response was sent, the body of the request still arrives."""
    IDLE = "idle"
    """Kept open for the next request."""


@dataclass(frozen=True)
class ConnectionLimits:
    """Numbers of connections, and seconds."""

    most: int
    """Open at the same time."""
    most_per_address: int
    """Of one peer address."""
    header_s: float
    """Until the headers of a request are complete."""
    idle_s: float
    """Between two requests of one connection."""
    stalled_s: float
    """During which a client takes no byte of what was sent to it."""


def limits_from(settings: Settings) -> ConnectionLimits:
    """The limits of the settings, below the number of file descriptors of this process.

    The soft limit of descriptors is raised, up to the hard one, where `max_connections` needs it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections
    if wanted and wanted + SPARE_DESCRIPTORS > soft:
        raised = wanted + SPARE_DESCRIPTORS
        soft = raised if hard == resource.RLIM_INFINITY else min(hard, raised)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    possible = max(FEWEST, min(soft - SPARE_DESCRIPTORS, soft // 2 if not wanted else soft))
    most = min(wanted or MOST_BY_DEFAULT, possible)
    if wanted > most:
        log.warning(
            "max_connections is %d, but this process may open %d files: %d connections are "
            "accepted; raise the limit with `ulimit -n`",
            wanted,
            soft,
            most,
        )
    per_address = settings.max_connections_per_address or max(1, most // 2)
    return ConnectionLimits(
        most=most,
        most_per_address=min(per_address, most),
        header_s=settings.header_timeout_s,
        idle_s=settings.keep_alive_s,
        stalled_s=settings.upload_timeout_s,
    )


class _Connection:
    """One connection and since when it has been in its phase."""

    def __init__(self, transport: asyncio.Transport, address: str, now_s: float) -> None:
        self.transport, self.address = transport, address
        self.phase, self.since_s = Phase.HEAD, now_s
        self.unsent_bytes, self.unsent_since_s = 0, now_s

    @property
    def is_waiting(self) -> bool:
        return self.phase in (Phase.HEAD, Phase.IDLE)


class Connections:
    """All connections of one server; used on its event loop only."""

    def __init__(
        self, limits: ConnectionLimits, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits, self._monotonic = limits, monotonic
        self._open: dict[asyncio.BaseTransport, _Connection] = {}
        self._scan: asyncio.TimerHandle | None = None
        self._last_log_s = -LOG_EVERY_S
        self._unlogged = 0
        self.closed = 0
        """Connections that this has closed or refused since the start."""

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, transport: asyncio.Transport) -> bool:
        """Count a new connection; False where there is no room, and it is being closed.

        Args:
            transport: of the connection, just accepted.

        Returns:
            Whether requests may be read from it.
        """
        peer: tuple[str, int] | str | None = transport.get_extra_info("peername")
        address = peer[0] if isinstance(peer, tuple) else ""  # a Unix socket has none
        if not self._has_room(address):
            self._note("closed a new connection: every one of %d is busy", len(self._open))
            transport.write(BUSY_RESPONSE)
            transport.close()
            # Counted all the same: it holds a descriptor until the client has taken the answer.
            self._add(transport, address).phase = Phase.DRAIN
            return False
        self._add(transport, address)
        return True

    def enter(self, transport: asyncio.BaseTransport, phase: Phase) -> None:
        """Say what a connection is doing now; its time starts again where the phase changes."""
        found = self._open.get(transport)
        if found is not None and found.phase is not phase:
            found.phase, found.since_s = phase, self._monotonic()
            # The order of the dict is the order of waiting.
            self._open[transport] = self._open.pop(transport)

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A connection is closed."""
        self._open.pop(transport, None)

    def scan(self) -> None:
        """Close what has waited too long."""
        now_s = self._monotonic()
        limits = self._limits
        longest = {
            Phase.HEAD: limits.header_s,
            Phase.DRAIN: limits.header_s,
            Phase.IDLE: limits.idle_s,
        }
        for found in list(self._open.values()):
            waited_s = now_s - found.since_s
            if waited_s >= longest.get(found.phase, float("inf")):
                self._close(found, f"{found.phase.value} for {longest[found.phase]:g} s")
                continue
            unsent = found.transport.get_write_buffer_size()
            if unsent == 0 or unsent != found.unsent_bytes:
                found.unsent_bytes, found.unsent_since_s = unsent, now_s
            elif now_s - found.unsent_since_s >= limits.stalled_s:
                self._close(found, f"the client took nothing for {limits.stalled_s:g} s")

    def log_accept_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle errors of the event loop: those of accept() are logged at most once a minute."""
        error = context.get("exception")
        if isinstance(error, OSError) and "accept" in str(context.get("message", "")):
            self._note("no connection can be accepted: %s", error.strerror)
        else:
            loop.default_exception_handler(context)

    def _add(self, transport: asyncio.Transport, address: str) -> _Connection:
        found = _Connection(transport, address, self._monotonic())
        self._open[transport] = found
        if self._scan is None:
            self._schedule()
        return found

    def _has_room(self, address: str) -> bool:
        limits = self._limits
        of_address = [one for one in self._open.values() if one.address == address]
        if len(of_address) >= limits.most_per_address:
            return self._evict(of_address)
        if len(self._open) >= limits.most:
            return self._evict(list(self._open.values()))
        return True

    def _evict(self, candidates: list[_Connection]) -> bool:
        """Close the connection that has waited longest without a request; False without one."""
        oldest = next((one for one in candidates if one.is_waiting), None)
        if oldest is None:
            return False
        self._close(oldest, "it gave way to a new one")
        return True

    def _close(self, found: _Connection, reason: str) -> None:
        self._open.pop(found.transport, None)
        self._note("closed a connection: %s", reason)
        found.transport.abort()

    def _note(self, text: str, *values: object) -> None:
        """Count, and log at most once a minute."""
        self.closed += 1
        now_s = self._monotonic()
        if now_s - self._last_log_s < LOG_EVERY_S:
            self._unlogged += 1
            return
        more = f" ({self._unlogged} more since the last such line)" if self._unlogged else ""
        self._last_log_s, self._unlogged = now_s, 0
        log.warning(text + "%s", *values, more)

    def _schedule(self) -> None:
        self._scan = asyncio.get_running_loop().call_later(SCAN_S, self._scan_again)

    def _scan_again(self) -> None:
        self._scan = None
        self.scan()
        if self._open:
            self._schedule()


class GuardedHttp(H11Protocol):
    """uvicorn's HTTP protocol, which tells `connections` what it is doing."""

    connections_of_server: ClassVar[Connections]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Admit the connection or close it."""
        super().connection_made(transport)
        self._is_admitted = self.connections_of_server.admit(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting the connection."""
        self.connections_of_server.leave(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, and note what follows from it."""
        if not self._is_admitted:
            return
        super().data_received(data)
        self._enter()

    def on_response_complete(self) -> None:
        """Note that the connection waits for its next request."""
        super().on_response_complete()
        self._enter()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over; it stays counted until the WebSocket has ended."""
        self.connections_of_server.enter(self.transport, Phase.BUSY)
        super().handle_websocket_upgrade(event)

    def _enter(self) -> None:
        if self.transport.get_protocol() is not self:
            return  # a WebSocket by now
        self.connections_of_server.enter(self.transport, self._phase())

    def _phase(self) -> Phase:
        cycle = cast("Any", self.cycle)  # None before the first request
        if cycle is not None and not cycle.response_complete:
            return Phase.BUSY
        if self.conn.their_state is h11.SEND_BODY:
            return Phase.DRAIN
        has_begun = cycle is None or bool(self.conn.trailing_data[0])
        return Phase.HEAD if has_begun else Phase.IDLE


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol; counted like the connection that it came from."""

    connections_of_server: ClassVar[Connections]

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting the connection."""
        self.connections_of_server.leave(self.transport)
        super().connection_lost(exc)


def guarded(connections: Connections) -> tuple[type[GuardedHttp], type[GuardedWebSocket]]:
    """The protocol classes of one server, for `http` and `ws` of `uvicorn.Config`."""

    class Http(GuardedHttp):
        connections_of_server = connections

    class WebSocket(GuardedWebSocket):
        connections_of_server = connections

    return Http, WebSocket


class GuardedServer(uvicorn.Server):
    """uvicorn's server with limits of connections; accept() errors are logged once a minute.

    Args:
        app: from `create_app`.
        settings: those that the application was made with.
        host: address to listen on.
        port: port to listen on; 0 chooses a free one.
    """

    def __init__(
        self, app: FastAPI, settings: Settings, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.open_connections = Connections(limits_from(settings))
        http, websocket = guarded(self.open_connections)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=http,
            ws=websocket,
            lifespan="on",
            log_config=None,
            # X-Forwarded-For counts only where a proxy is known to have written it.
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            access_log=False,  # EdgeMiddleware logs requests, without what they carry
            timeout_graceful_shutdown=math.ceil(settings.shutdown_grace_s),
            timeout_keep_alive=math.ceil(settings.keep_alive_s),
            # A little more than a stream takes, so that its own error is read before the close.
            ws_max_size=settings.live_max_frame_bytes * 2 + 64 * 1024,
            ws_per_message_deflate=False,
        )
        super().__init__(config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self.open_connections.log_accept_error)
        await super().startup(sockets)
