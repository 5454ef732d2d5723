"""Clients that send a byte now and then, and clients that never end their headers."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import analyze_video
from trials.clips import small_clip
from trials.ledger import leftovers
from trials.paths import WORK
from trials.process import Server, serving
from trials.rows import NOTHING, Row, p50_p95

REQUESTS, QUICK_REQUESTS = 20, 4
BODIES = (5, 20, 63, 200)
QUICK_BODIES = (20, 100)
HEADERS = 500
DRIP_S = 0.5
SETTLE_S = 6.0
"""The normal client comes so long after the slow ones."""
BOUNDARY = "slow"
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
    f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
)
PART = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="file"; filename="a.webm"\r\n'
    "Content-Type: video/webm\r\n\r\n"
)


@dataclass(frozen=True)
class Served:
    """What a normal client met meanwhile."""

    codes: Counter[int]
    seconds: tuple[float, ...]
    """Of the answers that were 200."""


@contextmanager
def dripping(
    server: Server,
    sockets: int,
    *,
    path: str = "/analyze-video/",
    headers_only: bool = False,
    settle_s: float = SETTLE_S,
) -> Generator[list[socket.socket]]:
    """So many connections, each sending a byte every DRIP_S; they are closed with the block."""
    begin = "POST / HTTP/1.1\r\nX-Slow: " if headers_only else HEAD.format(path=path) + PART
    with ExitStack() as stack:
        opened: list[socket.socket] = []
        for _ in range(sockets):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
            one.sendall(begin.encode())
            opened.append(one)
        stop = threading.Event()
        thread = threading.Thread(target=_drip, args=(opened, stop), daemon=True)
        thread.start()
        time.sleep(settle_s)
        try:
            yield opened
        finally:
            stop.set()
            thread.join()


def ask(server: Server, clip: Path, requests: int) -> Served:
    """A client without any haste: one request after the other."""
    codes: Counter[int] = Counter()
    seconds: list[float] = []
    data = clip.read_bytes()
    with server.client() as client:
        for _ in range(requests):
            began_s = time.monotonic()
            answer = analyze_video(client, data)
            codes[answer.status_code] += 1
            if answer.status_code == httpx.codes.OK:
                seconds.append(time.monotonic() - began_s)
    return Served(codes, tuple(seconds))


def run(quick: bool) -> list[Row]:
    """The trial."""
    requests = QUICK_REQUESTS if quick else REQUESTS
    clip = small_clip()
    rows: list[Row] = []
    with serving(WORK / "reliability" / "slow_upload") as server:
        alone = ask(server, clip, requests)
        rows.append(_row("nobody else, to compare with", requests, alone))
        most = f"the server takes 64 uploads at once; the normal client comes after {SETTLE_S:g} s"
        for sockets in QUICK_BODIES if quick else BODIES:
            for path in ("/analyze-video/", "/v1/analyses"):
                with dripping(server, sockets, path=path):
                    found = ask(server, clip, requests)
                what = f"{sockets} uploads to {path} that send a byte every {DRIP_S:g} s ({most})"
                rows.append(_row(what, requests, found))
        with dripping(server, HEADERS, headers_only=True):
            found = ask(server, clip, requests)
        rows.append(_row(f"{HEADERS} connections that never end their headers", requests, found))
        left = leftovers(server.data)
    rows.append(
        Row(
            "... after all of them",
            "1 time",
            f"files left behind: {len(left)}; tracebacks: {server.faults()}",
            held=not left and not server.faults(),
        )
    )
    return rows


def _drip(opened: list[socket.socket], stop: threading.Event) -> None:
    """Send a byte on each until all are closed or it is enough."""
    alive = list(opened)
    while alive and not stop.wait(DRIP_S):
        for one in list(alive):
            try:
                one.send(b"x")
            except OSError:  # the server has closed it
                alive.remove(one)


def _row(what: str, requests: int, found: Served) -> Row:
    refused = requests - found.codes[200]
    codes = ", ".join(f"{code} {number} times" for code, number in sorted(found.codes.items()))
    times = f"; {p50_p95(found.seconds)}" if found.seconds else ""
    lost = NOTHING if not refused else f"{refused} requests refused"
    return Row(what, f"{requests} requests of a normal client", codes + times, lost, not refused)
