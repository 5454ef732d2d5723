"""Thousands of damaged files through both endpoints of a real server."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import code_of_legacy, code_of_v1, is_fault
from trials.clips import small_clips
from trials.ledger import leftovers
from trials.mutations import damaged
from trials.paths import WORK
from trials.process import Server, serving, wait_until
from trials.rows import Row, listed, lost_of, p50_p95, quantile

FILES, QUICK_FILES = 5000, 150
CLIENTS = 4
JOB_WALL_S = 60
MAX_DURATION_S = 60
"""A damaged timestamp may announce hours of silence, which would be read to the limit."""
FINDINGS = WORK / "reliability" / "findings"


@dataclass(frozen=True)
class Fuzzed:
    """What became of the files."""

    codes: Counter[str]
    seconds: tuple[float, ...]
    """Of each file, from sending to the answer."""
    faulty: tuple[str, ...]
    """Number, mutation and code of files for which the server blames itself, or gave no answer."""
    deaths: int
    """Worker processes that had to be started anew."""
    crashes: int
    """Of the HTTP process."""
    tracebacks: int
    left: tuple[str, ...]


def fuzz(server: Server, sources: Sequence[Path], files: int) -> Fuzzed:
    """Send files 0 to `files`, the even ones to /analyze-video/, the odd ones to /v1/analyses."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    pid = server.pid
    restarts = server.metric("evolvisense_worker_restarts_total")

    def one(number: int) -> tuple[str, float, str]:
        file = damaged(number, sources)
        began_s = time.monotonic()
        ask = code_of_v1 if number % 2 else code_of_legacy
        try:
            code = ask(client, file.data)
        except (httpx.HTTPError, ValueError, KeyError, TimeoutError) as error:
            code = f"0 no_answer {error!r}"
        about = f"{number} {file.source} {file.mutation}: {code}"
        if is_fault(code):
            (FINDINGS / f"{number}-{file.source}").write_bytes(file.data)
        return code, time.monotonic() - began_s, about

    with server.client() as client, ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(one, range(files)))
    is_up = server.is_alive and server.pid == pid
    return Fuzzed(
        codes=Counter(code for code, _, _ in found),
        seconds=tuple(seconds for _, seconds, _ in found),
        faulty=tuple(about for code, _, about in found if is_fault(code)),
        deaths=round(server.metric("evolvisense_worker_restarts_total") - restarts) if is_up else 0,
        crashes=0 if is_up else 1,
        tracebacks=server.faults(),
        left=_left(server) if is_up else (),
    )


def run(quick: bool) -> list[Row]:
    """The trial."""
    files = QUICK_FILES if quick else FILES
    limits = {"job_wall_s": JOB_WALL_S, "max_duration_s": MAX_DURATION_S}
    with serving(WORK / "reliability" / "fuzz", **limits) as server:
        sources = small_clips()
        began_s = time.monotonic()
        found = fuzz(server, sources, files)
        minutes = (time.monotonic() - began_s) / 60
    often = f"{files:,} files of {len(sources)} sources"
    return [
        Row(
            "damaged files to /analyze-video/ and /v1/analyses by turns: bit flips, truncations, "
            "pieces swapped, repeated, removed, zeroed or turned to noise, header fields, splices",
            often,
            f"{found.crashes} server crashes, {len(found.faulty)} answers that blame the server, "
            f"{found.tracebacks} tracebacks in its log, {found.deaths} worker deaths caught; "
            f"{minutes:.0f} minutes",
            lost_of(found.faulty),
            not (found.crashes or found.faulty or found.tracebacks),
        ),
        Row("... how they were answered", often, listed(found.codes.items(), files)),
        Row(
            f"... bounded time: here a job may take {JOB_WALL_S} s, a video {MAX_DURATION_S} s",
            often,
            f"{p50_p95(found.seconds)}, p99.9 {quantile(found.seconds, 0.999):.2f} s, "
            f"longest {max(found.seconds):.2f} s, {CLIENTS} clients at once",
            held=max(found.seconds) < 2 * JOB_WALL_S,
        ),
        Row("... files left behind", often, lost_of(found.left), held=not found.left),
    ]


def _left(server: Server) -> tuple[str, ...]:
    """What is still there a moment after the last answer."""
    try:
        wait_until(lambda: not leftovers(server.data), "no file is left", patience_s=10)
    except TimeoutError:
        return tuple(leftovers(server.data))
    return ()
