"""One real server in a process of its own for the trials that leave it alive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factory.databases import postgres_url
from trials.process import Server, free_port, serving

__all__ = ["page_port", "postgres_url", "server"]


@pytest.fixture(scope="package")
def page_port() -> int:
    """Where the page of a client is served: another origin than the server's."""
    return free_port()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, page_port: int) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    options = {"cors_origins": f"http://127.0.0.1:{page_port}", "max_duration_s": 60}
    with serving(folder, **options) as running:
        yield running
