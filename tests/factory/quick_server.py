"""A real server in a thread; by default its workers look at no video, see `quick_worker`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from evolvisense.report import to_json
from evolvisense.sandbox import Files
from evolvisense.service.http.app import create_app
from evolvisense.service.http.connections import GuardedServer
from evolvisense.service.http.context import AnalysisService
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.settings import Settings
from evolvisense.types.job import Job
from tests.factory.faces import Painted
from tests.factory.flow import analyze_painted
from tests.factory.patience import PATIENCE_S, wait_until
from tests.factory.quick_worker import GATE, TARGET


@contextmanager
def quick_gate(folder: Path) -> Iterator[Path]:
    """Writes what the workers find into the folder that they look into."""
    report = analyze_painted([(i / 25, [Painted(80, 100)]) for i in range(5)])
    (folder / "report.json").write_text(to_json(report))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(GATE, str(folder))
        yield folder


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
def running(
    data_dir: Path, port: int = 0, *, target: str = TARGET, **settings: object
) -> Iterator[Running]:
    """A server for a block; `stop` ends it earlier, as SIGTERM does. `target` is the workers'."""
    chosen = Settings.model_validate(
        {"data_dir": data_dir, "workers": 1, "rate_per_minute": 0, "caller_share": 1.0, **settings}
    )
    gates = [Path(os.environ[GATE])] if GATE in os.environ else []
    place = chosen.workplace(target, Files(readable=gates))
    app = create_app(chosen, open_workplace=lambda: Runtime(place))
    server = GuardedServer(app, chosen, port=port)
    thread = threading.Thread(target=server.run)
    thread.start()

    def stop() -> None:
        if thread.is_alive():
            app.state.service.begin_closing()
            server.should_exit = True
            thread.join(PATIENCE_S)

    try:
        wait_until(lambda: server.started or not thread.is_alive())
        bound = server.servers[0].sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{bound}"
        wait_until(lambda: httpx.get(f"{url}/readyz", timeout=PATIENCE_S).status_code == 200)
        yield Running(url, app.state.service, stop)
    finally:
        stop()
