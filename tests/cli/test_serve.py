"""`evolvisense serve` and `evolvisense worker` as processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.factory.patience import PATIENCE_S


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "EVOLVISENSE_DATA_DIR": str(data_dir), **more}


def run(data_dir: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evolvisense.cli", *arguments],
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@contextmanager
def process(data_dir: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "evolvisense.cli", *arguments]
    with subprocess.Popen(command, env=environment(data_dir, **more)) as started:
        try:
            yield started
        finally:
            started.kill()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(client: httpx.Client) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_without_keys_it_does_not_listen_to_others(tmp_path: Path):
    done = run(tmp_path, "serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "REFUSED" in done.stderr
    assert "evolvisense keys create" in done.stderr
    assert "EVOLVISENSE_ALLOW_ANONYMOUS=1" in done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_queue_that_cannot_be_used_is_told(tmp_path: Path, host: str):
    done = run(tmp_path, "serve", "--host", host, EVOLVISENSE_DATABASE_URL="mysql://x/y")
    assert done.returncode == 2
    assert "mysql" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"EVOLVISENSE_WORKERS": "many"}, "EVOLVISENSE_WORKERS"),
        ({"EVOLVISENSE_CONFIG": "/nothing.toml"}, "/nothing.toml"),
        ({"EVOLVISENSE_PROFILE": "strict", "EVOLVISENSE_ALLOW_ANONYMOUS": "1"}, "keys"),
        ({"EVOLVISENSE_WEBHOOK_SECRETS": "whsec_hunter2"}, "WEBHOOK_SECRETS"),
    ],
)
def test_wrong_settings_are_told_without_their_values(
    tmp_path: Path, settings: dict[str, str], hint: str
):
    done = run(tmp_path, "serve", **settings)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_server_with_keys_and_a_worker_elsewhere(tmp_path: Path, silent_video: Path):
    created = run(
        tmp_path, "keys", "create", "--name", "me", "--scope", "analyze", "--scope", "read"
    )
    found = re.search(r"evs_\w+[\w-]+", created.stdout)
    assert found is not None
    port = free_port()
    serve = ("serve", "--host", "0.0.0.0", "--port", str(port), "--workers", "0")
    headers = {"X-Api-Key": found[0], "Prefer": "wait=60"}
    with (
        process(tmp_path, *serve) as server,
        process(tmp_path, "worker", "--workers", "1") as worker,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, headers=headers
        ) as client,
    ):
        wait_for(client)
        with silent_video.open("rb") as file:
            answer = client.post("/v1/analyses", files={"file": file})
        assert answer.json()["state"] == "succeeded"
        for one in (worker, server):
            one.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert server.wait(60) in (0, -signal.SIGTERM)
    assert not list((tmp_path / "media").iterdir())
    assert not list((tmp_path / "incoming").iterdir())
