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
from typing import IO

import httpx
import pytest

from evolvisense.cli.serve import invitation
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
def process(
    data_dir: Path,
    *arguments: str,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "evolvisense.cli", *arguments]
    environ = environment(data_dir)
    with subprocess.Popen(command, env=environ, stdout=stdout, stderr=stderr) as started:
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


def test_without_keys_others_need_the_token_that_it_prints(tmp_path: Path, silent_video: Path):
    port = free_port()
    command = ("serve", "--host", "0.0.0.0", "--port", str(port), "--workers", "1")
    out, log = tmp_path / "out.txt", tmp_path / "log.txt"
    with (
        out.open("wb") as printed,
        log.open("wb") as logged,
        process(tmp_path, *command, stdout=printed, stderr=logged) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        wait_for(client)
        (token,) = re.findall(rf"http://127\.0\.0\.1:{port}/\?token=(\S+)", out.read_text())
        assert client.get("/v1/limits").status_code == 401
        assert client.get("/").status_code == 401
        with silent_video.open("rb") as file:
            assert client.post("/analyze-video/", files={"file": file}).status_code == 401
        assert client.get(f"/?token={token}", follow_redirects=True).status_code == 200
        with silent_video.open("rb") as file:
            assert client.post("/analyze-video/", files={"file": file}).status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
        assert client.get("/healthz", headers={"Host": "192.0.2.7:7860"}).status_code == 200
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    assert out.read_text().count(token) == 1
    assert token not in log.read_text()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "http://127.0.0.1:7860/?token=abc\n"),
        ("::", "http://127.0.0.1:7860/?token=abc\n"),
        ("192.0.2.7", "http://192.0.2.7:7860/?token=abc\n"),
        ("2001:db8::1", "http://[2001:db8::1]:7860/?token=abc\n"),
        ("video.example.org", "http://video.example.org:7860/?token=abc\n"),
    ],
)
def test_the_address_that_is_printed_can_be_opened(host: str, shown: str):
    assert shown in invitation(host, 7860, "abc")


def test_with_all_keys_revoked_nobody_is_served(tmp_path: Path):
    created = run(tmp_path, "keys", "create", "--name", "me")
    revoked = run(tmp_path, "keys", "revoke", created.stdout.split("_")[1])
    assert "no key is left" in revoked.stderr
    port = free_port()
    command = ("serve", "--host", "0.0.0.0", "--port", str(port), "--workers", "0")
    out = tmp_path / "out.txt"
    with (
        out.open("wb") as printed,
        process(tmp_path, *command, stdout=printed),
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        wait_for(client)
        assert client.get("/v1/limits").status_code == 401
    assert "token=" not in out.read_text()


def test_several_servers_share_no_token_but_keys(tmp_path: Path):
    done = run(tmp_path, "serve", "--host", "0.0.0.0", "--ray", "local")
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
