"""How uvicorn serves the application: limits of connections, WebSockets, shutdown."""

from __future__ import annotations

import asyncio
import math
import socket

import uvicorn
from fastapi import FastAPI

from evolvisense.server.connections import Connections, guarded, limits_from
from evolvisense.server.settings import Settings


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
