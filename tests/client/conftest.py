"""Clients of both kinds, and a real server whose workers answer at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.client import AsyncClient, Client, Retries
from tests.factory.patience import wait_until
from tests.factory.quick_server import Running, quick_gate, running
from tests.factory.quick_worker import GATE

QUICK = Retries(first_pause_s=0.01)


class Blocking:
    """What asyncio waits for, waited for at once."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self._inner, self._runner = inner, runner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not callable(method):
            return Blocking(method, self._runner)

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


class Waiting(Blocking):
    """An AsyncClient that is used as a Client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.client = AsyncClient(*args, **kwargs)
        super().__init__(self.client, asyncio.Runner())

    def close(self) -> None:
        self._runner.run(self.client.close())
        self._runner.close()


@dataclass
class Faults(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A network with faults; each is used up by one request, in this order.

    `unsent`: the connection fails. `lost`: the request arrives, its answer does not. `cut`: the
    connection breaks after the first event. A response: a proxy answers itself.
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
            if self.cut and b"data:" in piece:
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
            if self.cut and b"data:" in piece:
                raise httpx.ReadError("cut")

    async def aclose(self) -> None:
        await self.inner.aclose()


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that the workers look into; a file `go` lets those go on that wait."""
    with quick_gate(tmp_path_factory.mktemp("gate")) as folder:
        yield folder


@pytest.fixture(scope="session")
def report_json(gate: Path) -> str:
    """What every analysis finds."""
    return (gate / "report.json").read_text()


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path, gate: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Starts a server for a block, each time with the same data."""
    # Other folders of tests have gates of their own, which may have been opened since.
    monkeypatch.setenv(GATE, str(gate))
    return partial(running, tmp_path / "data", shutdown_grace_s=0)


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
def keyed(connect: Connect, start: Start) -> Iterator[Client]:
    """A client with a key, at a server of its own: lists and baselines need one."""
    with start() as server:
        yield connect(server.url, server.service.keys.create("me", ["analyze", "read"])[1])


@pytest.fixture
def video(tmp_path: Path) -> Callable[[str], Path]:
    """A file that tells the worker what to do."""

    def make(text: str) -> Path:
        path = tmp_path / f"{text}.webm"
        path.write_text(text)
        return path

    return make
