"""One and two workers of one machine; beside them, what the machine itself gives to two."""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import clip
from benchmarks.end_to_end import decode
from benchmarks.machine import Row
from benchmarks.scaling.commands import BatchRun, failed, faults, run_batch
from benchmarks.scaling.corpus import FOLDER, corpus

DECODES = 3


def measure(files: int) -> tuple[dict[str, Any], list[Row]]:
    inputs = [str(corpus(files))]
    runs = {n: run_batch(inputs, FOLDER / f"local-{n}", "--workers", str(n)) for n in (1, 2)}
    wrong = faults(runs[2].out, runs[1].out)
    return (
        {str(n): figures(run) for n, run in runs.items()},
        [
            Row("files", f"{runs[1].files}, of which {failed(runs[1].out)} fail, as they should"),
            Row(
                "two copies of a decoder against one, the machine alone", f"{_two_at_once():.2f} x"
            ),
            *table(runs, "this machine"),
            Row(
                "... cores in use, mean",
                ", ".join(f"{run.cpu_s / run.seconds:.2f} with {n}" for n, run in runs.items()),
            ),
            Row(
                "... memory of all its processes, most",
                ", ".join(f"{run.peak_mb:.0f} MB with {n}" for n, run in runs.items()),
            ),
            Row("... results of the two", "; ".join(wrong) or "identical bytes"),
        ],
    )


def table(runs: dict[int, BatchRun], where: str) -> list[Row]:
    """Rate of each number of workers and the efficiency of two."""
    rows = [
        Row(
            f"{where}, {n} worker{'s' if n > 1 else ''}",
            f"{run.files_per_min:.0f} files a minute ({run.seconds:.0f} s)",
        )
        for n, run in runs.items()
    ]
    gain = runs[1].seconds / runs[2].seconds
    return [*rows, Row(f"{where}, efficiency of two workers", f"{gain / 2:.0%} ({gain:.2f} x)")]


def figures(run: BatchRun) -> dict[str, object]:
    return {**asdict(run), "out": str(run.out), "files_per_min": run.files_per_min}


def _two_at_once() -> float:
    """How much more two processes decode than one: 2 where cores share nothing."""
    path = clip.ten_seconds()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(_decoding, [path, path], chunksize=1)  # both have imported by then
        one = pool.map(_decoding, [path], chunksize=1)[0]
        two = max(pool.map(_decoding, [path, path], chunksize=1))
    return 2 * one / two


def _decoding(path: Path) -> float:
    began_s = time.perf_counter()
    for _ in range(DECODES):
        decode(path, sound=True, threads=1)
    return time.perf_counter() - began_s
