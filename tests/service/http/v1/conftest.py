"""A server whose analyses find what a test has put there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.report import Report, to_json
from evolvisense.service.http.callers import VISITOR_COOKIE
from evolvisense.service.http.context import AnalysisService
from tests.factory.faces import Painted
from tests.factory.flow import analyze_painted
from tests.factory.patience import PATIENCE_S
from tests.factory.quick_server import quick_gate, running

VISITOR = "0123456789abcdef0123456789abcdef"
"""The secret of one browser, which keeps its cookie over restarts of the server."""


@dataclass(frozen=True)
class Shelf:
    """A running server; `put` gives it a report as that of an analysis."""

    client: httpx.Client
    service: AnalysisService
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def put(self, report: Report, *, key: str = "", **options: Any) -> str:
        """The id of an analysis with that report."""
        (self.folder / "report.json").write_text(to_json(report))
        answer = self.client.post(
            "/v1/analyses",
            files={"file": f"video {next(self.numbers)}".encode()},
            data={"options": json.dumps(options)},
            headers={"Prefer": "wait=60"} | self.key(key),
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    @staticmethod
    def key(key: str) -> dict[str, str]:
        return {"X-Api-Key": key} if key else {}

    def get(self, path: str, *, key: str = "", **params: Any) -> httpx.Response:
        return self.client.get(path, params=params, headers=self.key(key))

    def add(self, name: str, analysis: str, *, key: str = "", **more: Any) -> httpx.Response:
        return self.client.post(
            f"/v1/baselines/{name}/recordings",
            json={"analysis": analysis, **more},
            headers=self.key(key),
        )


OpenShelf = Callable[..., AbstractContextManager[Shelf]]


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with quick_gate(tmp_path_factory.mktemp("gate")) as folder:
        yield folder


@pytest.fixture
def open_shelf(tmp_path: Path, findings: Path) -> OpenShelf:
    """Starts a server of one's own with the given settings for a block."""

    @contextmanager
    def opened(**settings: Any) -> Iterator[Shelf]:
        with (
            running(tmp_path / "data", shutdown_grace_s=0, **settings) as found,
            httpx.Client(base_url=found.url, timeout=PATIENCE_S) as client,
        ):
            client.cookies.set(VISITOR_COOKIE, VISITOR)
            yield Shelf(client, found.service, findings)

    return opened


@pytest.fixture(scope="session")
def shared_shelf(tmp_path_factory: pytest.TempPathFactory, findings: Path) -> Iterator[Shelf]:
    with (
        running(tmp_path_factory.mktemp("data")) as found,
        httpx.Client(base_url=found.url, timeout=PATIENCE_S) as client,
    ):
        client.cookies.set(VISITOR_COOKIE, VISITOR)
        yield Shelf(client, found.service, findings)


@pytest.fixture
def shelf(shared_shelf: Shelf) -> Iterator[Shelf]:
    """The server of tests with default settings; each begins without baselines."""
    yield shared_shelf
    for one in shared_shelf.client.get("/v1/baselines").json()["baselines"]:
        shared_shelf.client.delete(f"/v1/baselines/{one['name']}")


@pytest.fixture(scope="session")
def talk() -> Report:
    """Two people, and a voice."""
    first, second = Painted(80, 100, emotion="happy"), Painted(240, 120, side_px=64)
    scenes = [(i / 25, [first, second] if i < 30 else [first]) for i in range(50)]
    return analyze_painted(scenes, [(0.1, 0.9), (1.2, 1.8)])
