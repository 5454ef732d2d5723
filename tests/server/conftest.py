"""A real server in a thread: uploads that stream and clients that leave need a socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn

from evolvisense.server import Settings, create_app
from evolvisense.server.service import AnalysisService


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

    def leftovers(self) -> list[Path]:
        assert self.settings.temp_dir is not None
        return list(self.settings.temp_dir.iterdir())


Start = Callable[..., AbstractContextManager[Running]]


@contextmanager
def _running(temp_dir: Path, *, until_ready: bool = True, **settings: object) -> Iterator[Running]:
    chosen = Settings.model_validate({"temp_dir": temp_dir, "workers": 2, **settings})
    app = create_app(chosen)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            while until_ready and client.get("/readyz").status_code != 200:
                time.sleep(0.05)
            yield Running(port, chosen, client, app.state.service)
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a server with the given settings for a block, which begins once it is ready."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    return lambda **options: _running(folder, **options)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with _running(tmp_path_factory.mktemp("uploads"), queue_size=8) as running:
        yield running


@pytest.fixture
def server(shared_server: Running) -> Iterator[Running]:
    """The server of all tests with default settings; nothing may be left of an upload."""
    yield shared_server
    assert shared_server.leftovers() == []
    assert shared_server.service.in_flight == 0
