"""Live streams: a camera's pictures are answered while it runs.

`protocol`: what is said, and the settings. `stream`: `WS /v1/live`. `legacy`: the contract of the
existing clients. `door`: a connection and how it ends. `pacing`: how fast one may send.
`pool`: the places and the process that analyses; `link`: the way to it.
"""

from __future__ import annotations

from fastapi import APIRouter, WebSocket

from evolvisense.service.live.legacy import serve_legacy
from evolvisense.service.live.pool import LivePool
from evolvisense.service.live.protocol import Authorize, EndOfStreamError, LiveSettings, Opening
from evolvisense.service.live.stream import serve_stream

__all__ = [
    "Authorize",
    "EndOfStreamError",
    "LivePool",
    "LiveSettings",
    "Opening",
    "live_routes",
]


def live_routes(settings: LiveSettings, pool: LivePool, authorize: Authorize) -> APIRouter:
    """The two WebSocket routes; the pool is closed by whoever made it."""
    router = APIRouter()

    @router.websocket("/v1/live")
    async def live(websocket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        await serve_stream(websocket, settings, pool, authorize)

    @router.websocket("/ws/emotion-stream")
    @router.websocket("/ws/emotion-stream/")
    async def emotion_stream(websocket: WebSocket) -> None:  # pyright: ignore[reportUnusedFunction]
        await serve_legacy(websocket, settings, pool, authorize)

    return router
