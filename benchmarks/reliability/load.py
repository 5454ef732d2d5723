"""200 clients at once for a minute, more than the server can serve."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from trials.clips import small_clip
from trials.ledger import leftovers, note_changes, read_ledger
from trials.paths import WORK
from trials.process import Server, serving, wait_until
from trials.rows import Row, listed, lost_of, p50_p95, quantile

CLIENTS, SECONDS = 200, 60.0
QUICK_CLIENTS, QUICK_SECONDS = 40, 8.0
V1_EVERY = 4
"""Every fourth client submits jobs to /v1/analyses; the others wait on /analyze-video/."""
HANGS_S = 60.0
"""A request without an answer for so long after the end hangs."""
BUSY = (429, 503)


@dataclass
class Met:
    """What the clients met."""

    codes: Counter[str] = field(default_factory=Counter[str])
    served_s: list[float] = field(default_factory=list[float])
    """Seconds of the 200s of /analyze-video/."""
    refused_s: list[float] = field(default_factory=list[float])
    health_s: list[float] = field(default_factory=list[float])
    without_retry: int = 0
    """Refusals without a Retry-After header."""
    accepted: list[str] = field(default_factory=list[str])
    hung: int = 0


def crowd(server: Server, clip: Path, clients: int, seconds: float) -> Met:
    """Everybody asks again as soon as there is an answer, or when Retry-After says so."""
    return asyncio.run(_crowd(server.url, clip.read_bytes(), clients, seconds))


async def _crowd(url: str, data: bytes, clients: int, seconds: float) -> Met:
    met = Met()
    until_s = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_client(url, data, number, until_s, met)) for number in range(clients)
        ]
        group.create_task(_health(url, until_s, met))
    met.hung = sum(task.result() for task in tasks)
    return met


async def _client(url: str, data: bytes, number: int, until_s: float, met: Met) -> int:
    """1 where the last request hung."""
    durable = number % V1_EVERY == 0
    path = "/v1/analyses" if durable else "/analyze-video/"
    timeout_s = until_s - time.monotonic() + HANGS_S
    async with httpx.AsyncClient(base_url=url, timeout=timeout_s) as client:
        while time.monotonic() < until_s:
            began_s = time.monotonic()
            try:
                answer = await client.post(path, files={"file": ("video", data)})
            except httpx.TimeoutException:
                return 1
            except httpx.TransportError as error:
                met.codes[f"0 {type(error).__name__}"] += 1
                continue
            seconds = time.monotonic() - began_s
            met.codes[f"{answer.status_code} {path}"] += 1
            if answer.status_code == httpx.codes.OK:
                met.served_s.append(seconds)
            elif answer.status_code == httpx.codes.ACCEPTED:
                met.accepted.append(answer.json()["id"])
                await asyncio.sleep(1)
            else:
                await _refused(answer, seconds, met)
    return 0


async def _refused(answer: httpx.Response, seconds: float, met: Met) -> None:
    met.refused_s.append(seconds)
    wait = answer.headers.get("Retry-After", "")
    if answer.status_code in BUSY and not wait.isdecimal():
        met.without_retry += 1
    await asyncio.sleep(min(2, int(wait)) if wait.isdecimal() else 1)


async def _health(url: str, until_s: float, met: Met) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=HANGS_S) as client:
        while time.monotonic() < until_s:
            began_s = time.monotonic()
            (await client.get("/healthz")).raise_for_status()
            met.health_s.append(time.monotonic() - began_s)
            await asyncio.sleep(0.2)


def run(quick: bool) -> list[Row]:
    """The trial."""
    clients, seconds = (QUICK_CLIENTS, QUICK_SECONDS) if quick else (CLIENTS, SECONDS)
    clip = small_clip()
    with serving(WORK / "reliability" / "load") as server:
        crowd(server, clip, 4, 3.0)
        note_changes(server.data)
        before = server.resident_mb(), server.open_files()
        met = crowd(server, clip, clients, seconds)
        wait_until(lambda: read_ledger(server.data).all_ended, "all jobs have ended", 900, 0.5)
        wait_until(lambda: server.open_files() < before[1] + clients // 2, "sockets close", 60)
        after = server.resident_mb(), server.open_files()
        ledger = read_ledger(server.data)
        left = leftovers(server.data)
        faults = server.faults()
    lost = ledger.unfinished(met.accepted)
    unexpected = [c for c in met.codes if int(c[:3].split()[0]) not in {200, 202, *BUSY}]
    total = met.codes.total()
    return [
        Row(
            f"{clients} clients for {seconds:g} s, one in {V1_EVERY} at /v1/analyses, the others "
            "at /analyze-video/; each asks again at once, a second after a job was accepted, or "
            "when Retry-After says so (2 s at most)",
            f"{total:,} requests",
            f"answers: {listed(met.codes.items(), total)}; hung: {met.hung}; refusals without "
            f"Retry-After: {met.without_retry}; tracebacks: {faults}",
            lost_of(unexpected),
            not (unexpected or met.hung or met.without_retry or faults),
        ),
        Row(
            "... jobs accepted meanwhile by /v1/analyses",
            f"{len(met.accepted)} jobs",
            f"{len(met.accepted) - len(lost)} succeeded; files left behind: {len(left)}",
            lost_of(lost),
            not (lost or left),
        ),
        Row(
            "... how long answers took",
            f"{len(met.served_s)} analyses, {len(met.refused_s)} refusals",
            f"analyses: {p50_p95(met.served_s)}; refusals: {p50_p95(met.refused_s)}; "
            f"/healthz meanwhile: {p50_p95(met.health_s)}, longest "
            f"{quantile(met.health_s, 1):.2f} s",
        ),
        Row(
            "... memory and open files of all processes before and after",
            "1 time",
            f"{before[0]:.0f} MB, {after[0]:.0f} MB; {before[1]} files, {after[1]} files",
        ),
    ]
