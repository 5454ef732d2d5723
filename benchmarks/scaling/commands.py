"""`evolvisense batch` as a person runs it: in a process of its own, with time, memory, results."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from trials.paths import ROOT
from trials.proc import process_tree

SAMPLE_S = 0.25
SOME_FAILED = 1
TABLES = ("frames", "voice", "summary", "failures")


@dataclass(frozen=True)
class BatchRun:
    """One run of the command, start of Python and writing of the tables included."""

    out: Path
    seconds: float
    files: int
    cpu_s: float
    """User and system time of all its processes; on Ray of the command alone."""
    peak_mb: float
    """Most memory of all its processes together, pages that they share counted once; on Ray that
    of the command alone."""

    @property
    def files_per_min(self) -> float:
        return 60 * self.files / self.seconds


def run_batch(
    inputs: list[str],
    out: Path,
    *options: str,
    while_running: Callable[[int], None] = lambda _: None,
) -> BatchRun:
    """Run it into an emptied folder; `while_running` is told again and again how many are done.

    No other process below this one may end in the meantime.
    """
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "evolvisense", "batch", *inputs, "--out", str(out), *options]
    began_s, began_cpu_s = time.perf_counter(), _cpu_s()
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        memory = _Memory(process.pid)
        said: list[str] = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        reader.start()
        while process.poll() is None:
            memory.look()
            while_running(len(ledger(out)))
            time.sleep(SAMPLE_S)
        reader.join()
        seconds = time.perf_counter() - began_s
    if process.returncode not in (0, SOME_FAILED):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said[-5:]}")
    cpu_s = _cpu_s() - began_cpu_s
    return BatchRun(out, seconds, len(_lines(out / "files.jsonl")), cpu_s, memory.most_mb)


def ledger(out: Path) -> list[str]:
    """Names of the files whose analysis was finished, in that order."""
    return [json.loads(line)["file"] for line in _lines(out / "ledger.jsonl")]


def faults(out: Path, reference: Path) -> list[str]:
    """What is not as it has to be: every file once, everything as in the reference."""
    found = [f"{name} was analysed {n} times" for name, n in Counter(ledger(out)).items() if n > 1]
    files = Counter(json.loads(line)["file"] for line in _lines(out / "files.jsonl"))
    found += [f"{name} is there {n} times" for name, n in files.items() if n > 1]
    ended = [*_column(out, "summary"), *_column(out, "failures")]
    if sorted(ended) != sorted(files):
        found.append(f"{len(files)} files have {len(ended)} ends")
    for table in TABLES:
        ours, theirs = (
            {p.name: p.read_bytes() for p in (folder / table).glob("*.parquet")}
            for folder in (out, reference)
        )
        if ours != theirs:
            found.append(f"the table {table} differs")
    return found


def failed(out: Path) -> int:
    """Files that could not be analysed."""
    return len(_column(out, "failures"))


def _cpu_s() -> float:
    """Of all processes that have ended below this one."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _column(out: Path, table: str) -> list[str]:
    return pq.read_table(out / table, columns=["file"])["file"].to_pylist()


def _lines(path: Path) -> list[str]:
    """Whole lines of a file that may be growing, or not be there yet."""
    if not path.is_file():
        return []
    return path.read_text("utf-8").rpartition("\n")[0].splitlines()


class _Memory:
    """Proportional set size of a process and all that descend from it, at its most."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.most_mb = 0.0

    def look(self) -> None:
        now_kb = 0
        try:
            for pid in process_tree(self._pid):
                now_kb += _pss_kb(pid)
        except OSError:
            return  # one of them has ended in the meantime; the next look counts
        self.most_mb = max(self.most_mb, now_kb / 1024)


def _pss_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
