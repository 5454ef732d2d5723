"""Seconds of /analyze-video/ for a clip of ten seconds, for 1, 4 and 16 clients at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from benchmarks import clip
from trials.answers import analyze_video
from trials.clips import small_clip
from trials.paths import WORK
from trials.process import Server, serving
from trials.rows import Row, lost_of, p50_p95

CLIENTS = (1, 4, 16)
REQUESTS, QUICK_REQUESTS = 40, 4
QUEUE_SIZE = 32
"""Enough for all of them to wait."""


def measured(server: Server, data: bytes, clients: int, requests: int) -> tuple[list[float], int]:
    """Seconds of the 200s, and how many were none."""

    def one(_: int) -> float | None:
        with server.client() as client:
            began_s = time.monotonic()
            answer = analyze_video(client, data)
            seconds = time.monotonic() - began_s
        return seconds if answer.status_code == httpx.codes.OK else None

    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(one, range(requests)))
    served = [seconds for seconds in found if seconds is not None]
    return served, requests - len(served)


def run(quick: bool) -> list[Row]:
    """The trial."""
    path: Path = small_clip() if quick else clip.ten_seconds()
    data = path.read_bytes()
    rows: list[Row] = []
    with serving(WORK / "reliability" / "latency", queue_size=QUEUE_SIZE) as server:
        measured(server, data, 2, 4)  # both workers have worked
        for clients in CLIENTS:
            requests = max(clients, QUICK_REQUESTS) if quick else max(REQUESTS, 4 * clients)
            began_s = time.monotonic()
            seconds, refused = measured(server, data, clients, requests)
            per_minute = 60 * requests / (time.monotonic() - began_s)
            name = "1 client" if clients == 1 else f"{clients} clients at once"
            rows.append(
                Row(
                    f"{name}, {path.name}, defaults (every 10th frame, 50 at most)",
                    f"{requests} requests",
                    f"{p50_p95(seconds)}, longest {max(seconds):.2f} s; {per_minute:.0f} a minute",
                    lost_of(["not answered"] * refused),
                    not refused,
                )
            )
    return rows
