"""The server: seconds until it is ready, memory, first request beside the second."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks import clip
from benchmarks.machine import Row
from trials.paths import WORK
from trials.proc import process_tree, status_mb

PATIENCE_S = 60
READY = "/readyz"
POLL_S = 0.05
"""More often, asking would take a share of the two cores that start the server."""


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    video = clip.source_clip() or clip.ten_seconds()
    starts = [_one_start(video) for _ in range(rounds)]
    print(f"server, {rounds} starts, requests with {video.name}:")
    for start in starts:
        print("  " + ", ".join(f"{key} {value:.2f}" for key, value in start.items()))
    middle = {key: statistics.median(start[key] for start in starts) for key in starts[0]}
    rows = [
        Row("server start to ready", f"{middle['ready_s']:.2f} s", "<= 2 s"),
        Row(
            "resident when ready, after two requests (all its processes)",
            f"{middle['ready_mb']:.0f} MB, {middle['worked_mb']:.0f} MB",
            "<= 400 MB per worker",
        ),
        Row(
            f"first request, second ({video.name})",
            f"{middle['first_s']:.2f} s, {middle['second_s']:.2f} s: "
            f"{middle['first_s'] / middle['second_s']:.2f} x",
            "<= 2 x",
        ),
    ]
    return {"starts": starts, "medians": middle}, rows


def _one_start(video: Path) -> dict[str, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "evolvisense.cli", "serve"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    started = time.perf_counter()
    with (
        (WORK / "server.log").open("w") as log,
        subprocess.Popen(command, cwd=WORK, stdout=log, stderr=log) as server,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client,
    ):
        try:
            _wait_until_ready(client, server)
            ready_s = time.perf_counter() - started
            ready_mb = _resident_mb(server.pid)
            first_s, second_s = _request_s(client, video), _request_s(client, video)
            return {
                "ready_s": ready_s,
                "ready_mb": ready_mb,
                "first_s": first_s,
                "second_s": second_s,
                "worked_mb": _resident_mb(server.pid),
            }
        finally:
            server.terminate()


def _wait_until_ready(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    end = time.perf_counter() + PATIENCE_S
    while time.perf_counter() < end:
        if server.poll() is not None:
            break
        try:
            if client.get(READY).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(POLL_S)
    raise RuntimeError(f"the server did not become ready: see {WORK / 'server.log'}")


def _request_s(client: httpx.Client, video: Path) -> float:
    content = video.read_bytes()
    started = time.perf_counter()
    answer = client.post("/analyze-video/", files={"file": (video.name, content)})
    seconds = time.perf_counter() - started
    answer.raise_for_status()
    return seconds


def _resident_mb(pid: int) -> float:
    return sum(status_mb(process, "VmRSS") for process in process_tree(pid))
