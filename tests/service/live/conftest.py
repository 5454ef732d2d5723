"""A bare application with the live routes on a socket, and clients that speak with it."""

from __future__ import annotations

import json
import struct
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, WebSocket
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from evolvisense.sandbox import Files, Limits, Sandbox
from evolvisense.service.live import Authorize, LivePool, LiveSettings, Opening, live_routes
from evolvisense.service.live.pool import new_sandbox
from tests.factory.patience import PATIENCE_S

SCRIPTED = "tests.service.live.scripted:serve"
LIMITS = Limits(memory_bytes=1024**3, cpu_s=20.0, wall_s=20.0)
ANSWER_S = 60.0
MANY_FPS = 1e6


def scripted(target: str = SCRIPTED, limits: Limits = LIMITS) -> Sandbox:
    # Its gates are files in pytest's folders.
    shared = [Path(tempfile.gettempdir())]
    return Sandbox(target, limits, name="scripted", files=Files(readable=shared, writable=shared))


@dataclass(frozen=True)
class Client:
    """A client of `WS /v1/live`."""

    socket: ClientConnection

    def tell(self, message: object) -> None:
        self.socket.send(json.dumps(message))

    def configure(self, **options: object) -> dict[str, Any]:
        self.tell({"type": "configure", **options})
        return self.hear()

    def picture(self, command: bytes | str, time_s: float = 0.0) -> None:
        data = command.encode() if isinstance(command, str) else command
        self.socket.send(struct.pack(">Bd", 1, time_s) + data)

    def sound(self, pcm16: bytes, time_s: float = 0.0) -> None:
        self.socket.send(struct.pack(">Bd", 2, time_s) + pcm16)

    def hear(self) -> dict[str, Any]:
        return json.loads(self.socket.recv(ANSWER_S))

    def rest(self) -> tuple[list[dict[str, Any]], int]:
        """What comes until the server closes, and the close code."""
        messages: list[dict[str, Any]] = []
        with pytest.raises(ConnectionClosed) as closed:
            self._hear_all(messages)
        assert closed.value.rcvd is not None
        return messages, closed.value.rcvd.code

    def _hear_all(self, messages: list[dict[str, Any]]) -> None:
        while True:
            messages.append(self.hear())


@dataclass(frozen=True)
class Live:
    """A server that runs."""

    port: int
    pool: LivePool

    @contextmanager
    def client(self, path: str = "/v1/live") -> Iterator[Client]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        with connect(address, max_size=None, compression=None) as socket:
            yield Client(socket)

    def legacy(self) -> AbstractContextManager[Client]:
        return self.client("/ws/emotion-stream/")

    def wait_for_streams(self, count: int) -> None:
        while self.pool.streams != count:
            time.sleep(0.005)


async def let_in(_websocket: WebSocket, _opening: Opening) -> str:
    return "somebody"


@contextmanager
def serving(
    settings: LiveSettings, pool: LivePool, authorize: Authorize = let_in
) -> Iterator[Live]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)
    app.include_router(live_routes(settings, pool, authorize))
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="on", ws_ping_interval=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield Live(server.servers[0].sockets[0].getsockname()[1], pool)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


Start = Callable[..., AbstractContextManager[Live]]


@pytest.fixture
def start() -> Start:
    """Starts a server with scripted processes; keywords are settings."""

    def begin(
        new_process: Callable[[], Sandbox] = scripted,
        authorize: Authorize = let_in,
        linger_s: float = 60.0,
        **options: Any,
    ) -> AbstractContextManager[Live]:
        settings = LiveSettings(**{"max_fps": MANY_FPS, **options})
        pool = LivePool(settings, new_process, linger_s=linger_s)
        return serving(settings, pool, authorize)

    return begin


@pytest.fixture(scope="session")
def shared_live() -> Iterator[Live]:
    settings = LiveSettings(max_fps=MANY_FPS)
    with serving(settings, LivePool(settings, scripted)) as live:
        yield live


@pytest.fixture
def live(shared_live: Live) -> Iterator[Live]:
    """The scripted server of all tests with default settings; no stream may be left."""
    yield shared_live
    shared_live.wait_for_streams(0)


@pytest.fixture(scope="session")
def real_live() -> Iterator[Live]:
    """A server with the shipped models."""
    settings = LiveSettings()
    with serving(settings, LivePool(settings, new_sandbox)) as live:
        yield live
