"""A real server in a thread: uploads that stream and clients that leave need a socket."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.sandbox import Files
from evolvisense.service.http.app import create_app
from evolvisense.service.http.connections import GuardedServer
from evolvisense.service.http.context import AnalysisService
from evolvisense.service.queue.messages import ANALYSIS_TARGET
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.settings import Settings
from tests.factory.patience import PATIENCE_S

WORKERS = "tests.factory.workers"
GATE = "EVOLVISENSE_TEST_GATE"
UNLIMITED = {"rate_per_minute": 0, "caller_share": 1.0}
"""All tests come from one address."""


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    port: int
    settings: Settings
    client: httpx.Client
    service: AnalysisService

    def post(self, path: Path, url: str = "/analyze-video/", **fields: object) -> httpx.Response:
        with path.open("rb") as file:
            return self.client.post(
                url,
                files={"file": ("../../name of the client.mp4", file)},
                data={k: str(v) for k, v in fields.items()},
            )

    def submit(self, path: Path, options: str = "{}", **headers: str) -> httpx.Response:
        with path.open("rb") as file:
            return self.client.post(
                "/v1/analyses", files={"file": file}, data={"options": options}, headers=headers
            )

    def ended(self, address: str) -> dict[str, Any]:
        """The analysis at an address once it has ended."""
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            found = self.client.get(address).json()
            if found["state"] not in ("queued", "running"):
                return found
            assert time.monotonic() < deadline_s
            time.sleep(0.02)

    def leftovers(self) -> list[Path]:
        """Uploads, half-written files and media."""
        incoming = self.service.files.open_incoming()
        media = self.settings.data_dir / "media"
        return [p for p in (*incoming.iterdir(), *media.iterdir()) if p.is_file()]


Start = Callable[..., AbstractContextManager[Running]]


@contextmanager
def _running(
    data_dir: Path, *, until_ready: bool = True, worker: str | None = None, **settings: object
) -> Iterator[Running]:
    chosen = Settings.model_validate({"data_dir": data_dir, "workers": 1, **UNLIMITED, **settings})
    target = ANALYSIS_TARGET if worker is None else f"{WORKERS}:{worker}"
    gates = [Path(os.environ[GATE])] if GATE in os.environ else []
    place = chosen.workplace(target, Files(readable=gates, writable=gates))
    app = create_app(chosen, open_workplace=lambda: Runtime(place))
    server = GuardedServer(app, chosen)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
            while until_ready and client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            yield Running(port, chosen, client, app.state.service)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that workers of the factory look into; a file `go` lets them work."""
    folder = tmp_path / "gate"
    folder.mkdir()
    monkeypatch.setenv(GATE, str(folder))
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a server with the given settings for a block, which begins once it is ready.

    `worker` names a function of tests/factory/workers.py.
    """
    return lambda **options: _running(tmp_path / "data", **options)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with _running(tmp_path_factory.mktemp("data"), workers=2, queue_size=8) as running:
        yield running


@pytest.fixture
def server(shared_server: Running) -> Iterator[Running]:
    """The server of all tests with default settings; nothing may be left of an upload."""
    yield shared_server
    assert shared_server.leftovers() == []
    assert shared_server.service.store.in_flight() == 0
