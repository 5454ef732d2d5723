"""Clients of both kinds, and a real server whose workers answer at once."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from evolvisense.client import AsyncClient, Client, Retries
from evolvisense.jobs.records import Job
from evolvisense.report import to_json
from evolvisense.server import Settings, create_app
from evolvisense.server.service import AnalysisService
from tests.factory.faces import Painted
from tests.factory.flow import analyze_painted
from tests.factory.quick_worker import GATE, TARGET

QUICK = Retries(first_pause_s=0.01)


class Waiting:
    """An AsyncClient that is used as a Client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.client = AsyncClient(*args, **kwargs)
        self._runner = asyncio.Runner()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            return self._items(found) if inspect.isasyncgen(found) else self._runner.run(found)

        return call

    def _items(self, items: Any) -> Iterator[Any]:
        try:
            while True:
                try:
                    yield self._runner.run(anext(items))
                except StopAsyncIteration:
                    return
        finally:
            self._runner.run(items.aclose())

    def close(self) -> None:
        self._runner.run(self.client.close())
        self._runner.close()


@dataclass
class Faults(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A network with faults; each is used up by one request, in this order.

    `unsent`: the connection fails. `lost`: the request arrives, its answer does not. `cut`: the
    connection breaks after the first piece of the answer. A response: a proxy answers itself.
    """

    planned: list[str | httpx.Response] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sync, self._async = httpx.HTTPTransport(), httpx.AsyncHTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._note(request)
        if isinstance(fault, httpx.Response):
            self.bodies.append(request.read())
            return fault
        response = self._sync.handle_request(request)
        if fault == "lost":
            response.close()
            raise httpx.ReadError("lost", request=request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        stream = CutStream(response.stream, cut=fault == "cut")
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._note(request)
        if isinstance(fault, httpx.Response):
            self.bodies.append(await request.aread())
            return fault
        response = await self._async.handle_async_request(request)
        if fault == "lost":
            await response.aclose()
            raise httpx.ReadError("lost", request=request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = AsyncCutStream(response.stream, cut=fault == "cut")
        return httpx.Response(response.status_code, headers=response.headers, stream=stream)

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()

    def _note(self, request: httpx.Request) -> str | httpx.Response:
        self.requests.append(request)
        fault = self.planned.pop(0) if self.planned else ""
        if fault == "unsent":
            raise httpx.ConnectError("unsent", request=request)
        return fault


@dataclass
class CutStream(httpx.SyncByteStream):
    inner: httpx.SyncByteStream
    cut: bool

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.inner:
            yield piece
            if self.cut:
                raise httpx.ReadError("cut")

    def close(self) -> None:
        self.inner.close()


@dataclass
class AsyncCutStream(httpx.AsyncByteStream):
    inner: httpx.AsyncByteStream
    cut: bool

    async def __aiter__(self) -> Any:
        async for piece in self.inner:
            yield piece
            if self.cut:
                raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        await self.inner.aclose()


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    url: str
    service: AnalysisService
    stop: Callable[[], None]

    def jobs(self) -> tuple[Job, ...]:
        return self.service.store.list_page(
            owner=None, state=None, submission=None, after=None, limit=100
        )[0]


@contextmanager
def running(data_dir: Path, port: int = 0, **settings: object) -> Iterator[Running]:
    """A server for a block; `stop` ends it earlier, as SIGTERM does."""
    chosen = Settings.model_validate({"data_dir": data_dir, "workers": 1, **settings})
    app = create_app(chosen, target=TARGET)
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, lifespan="on", timeout_graceful_shutdown=5)
    )
    thread = threading.Thread(target=server.run)
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            app.state.service.begin_closing()
            server.should_exit = True
            thread.join(60)

    try:
        wait_until(lambda: server.started or not thread.is_alive())
        bound = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{bound}"
        wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 200)
        yield Running(url, app.state.service, stop)
    finally:
        stop()


def wait_until(is_true: Callable[[], object]) -> None:
    deadline_s = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.fixture(scope="session")
def report_json() -> str:
    """What every analysis finds."""
    return to_json(analyze_painted([(i / 25, [Painted(80, 100)]) for i in range(5)]))


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory, report_json: str) -> Iterator[Path]:
    """The folder that the workers look into; a file `go` lets those go on that wait."""
    folder = tmp_path_factory.mktemp("gate")
    (folder / "report.json").write_text(report_json)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GATE, str(folder))
        yield folder


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path, gate: Path) -> Start:
    """Starts a server for a block, each time with the same data."""
    return partial(running, tmp_path / "data")


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
def server(shared_server: Running, gate: Path) -> Iterator[Running]:
    """The server of most tests, without jobs."""
    yield shared_server
    (gate / "go").unlink(missing_ok=True)
    for job in shared_server.jobs():
        shared_server.service.remove(job.id)
    wait_until(lambda: shared_server.service.pool.busy == 0)


Connect = Callable[..., Client]


@pytest.fixture(params=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients of one kind; an AsyncClient comes in the clothes of a Client."""
    made: list[Any] = []

    def make(*args: Any, **kwargs: Any) -> Any:
        kind = Client if request.param == "blocking" else Waiting
        made.append(kind(*args, **{"retries": QUICK, **kwargs}))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Connect, server: Running) -> Client:
    return connect(server.url)


@pytest.fixture
def video(tmp_path: Path) -> Callable[[str], Path]:
    """A file that tells the worker what to do."""

    def make(text: str) -> Path:
        path = tmp_path / f"{text}.webm"
        path.write_text(text)
        return path

    return make
