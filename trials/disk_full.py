"""The disk of a server fills up, with jobs waiting, and has space again later.

The data directory is a small tmpfs, which only root may mount.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import analyze_video, ended, submit, submitted
from trials.clips import small_clip
from trials.ledger import (
    Ledger,
    leftovers,
    missing_reports,
    note_changes,
    read_ledger,
)
from trials.paths import WORK
from trials.process import Server, serving, wait_until
from trials.rows import Row, listed, lost_of

SIZE = "24m"
MAX_UPLOAD_BYTES = 1024**2
ROUNDS, QUICK_ROUNDS = 10, 2
FULL_S = 12.0
REQUESTS = 8
BALLAST = "ballast"
BLOCK = 64 * 1024


@dataclass(frozen=True)
class Filled:
    """What happened while the disk was full and afterwards."""

    codes: Counter[int]
    """Answers to uploads while it was full."""
    health: Counter[int]
    """Answers of /healthz meanwhile."""
    ledger: Ledger
    accepted: tuple[str, ...]
    after: str
    """State of a job that was sent when there was space again."""
    left: tuple[str, ...]
    missing: tuple[str, ...]
    is_alive: bool


def is_possible() -> bool:
    """Whether a tmpfs can be mounted here."""
    folder = WORK / "reliability" / "mount"
    try:
        with small_disk(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    """A tmpfs of SIZE at that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_and_free(server: Server, clip: Path, rounds: int, full_s: float = FULL_S) -> Filled:
    """Each round: jobs are accepted, the disk fills, uploads are refused, there is space again."""
    note_changes(server.data)
    codes: Counter[int] = Counter()
    health: Counter[int] = Counter()
    accepted: list[str] = []
    data = clip.read_bytes()
    with server.client() as client, ThreadPoolExecutor(REQUESTS) as pool:
        for _ in range(rounds):
            accepted += [submitted(client, clip) for _ in range(4)]
            _fill(server.data / BALLAST)
            until_s = time.monotonic() + full_s
            while time.monotonic() < until_s:
                answers = list(pool.map(lambda n: _send(client, data, n), range(REQUESTS)))
                codes.update(answer.status_code for answer in answers)
                accepted += [a.json()["id"] for a in answers if a.status_code == 202]
                health[client.get("/healthz").status_code] += 1
                _fill(server.data / BALLAST)
                time.sleep(0.5)
            (server.data / BALLAST).unlink()
            wait_until(lambda: read_ledger(server.data).all_ended, "all jobs have ended", 180)
        after = str(ended(client, submitted(client, clip))["state"])
    ledger = read_ledger(server.data)
    return Filled(
        codes,
        health,
        ledger,
        tuple(accepted),
        after,
        tuple(leftovers(server.data)),
        tuple(missing_reports(server.data, ledger)),
        server.is_alive,
    )


def run(quick: bool) -> list[Row]:
    """The trial."""
    if not is_possible():
        return [Row("a full disk", "0", "not tried: no tmpfs can be mounted here", "-", held=False)]
    rounds = QUICK_ROUNDS if quick else ROUNDS
    folder = WORK / "reliability" / "disk_full"
    options = {"max_upload_bytes": MAX_UPLOAD_BYTES, "min_free_bytes": 0, "workers": 1}
    (folder / "data").mkdir(parents=True)
    with small_disk(folder / "data"), serving(folder, **options) as server:
        found = fill_and_free(server, small_clip(), rounds)
        early = _early(server, small_clip())
    lost = found.ledger.unfinished(found.accepted) + list(found.missing)
    unexpected = set(found.codes) - {200, 202, 507}
    answers = listed([(str(code), n) for code, n in found.codes.items()], found.codes.total())
    return [
        Row(
            f"a data directory of {SIZE} is filled to the last block, {FULL_S:g} s each time, "
            "with jobs waiting and running, and freed again",
            f"{rounds} times, {found.codes.total()} uploads meanwhile",
            f"answers: {answers}; /healthz: {_all(found.health)}; {len(found.accepted)} jobs were "
            f"accepted, {len(found.accepted) - len(lost)} of them succeeded when there was space, "
            f"ended twice: {len(found.ledger.not_once())}; files left behind: {len(found.left)}; "
            f"a job sent afterwards {found.after}",
            lost_of(lost),
            not (lost or unexpected or found.left or found.ledger.not_once())
            and 507 in found.codes
            and found.after == "succeeded",
        ),
        Row(
            "uploads for which there is no space above `min_free_bytes`",
            f"{early.total()} uploads",
            f"answers: {_all(early)}",
            held=set(early) == {507},
        ),
    ]


def _send(client: httpx.Client, data: bytes, number: int) -> httpx.Response:
    return analyze_video(client, data) if number % 2 else submit(client, data)


def _fill(path: Path) -> None:
    """Make the file so large that nothing more fits."""
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(BLOCK))
        except OSError:
            return


def _early(server: Server, clip: Path) -> Counter[int]:
    """Answers where less is free than an upload may take."""
    with (server.data / BALLAST).open("wb") as ballast:
        disk = os.statvfs(server.data)
        free = disk.f_bavail * disk.f_frsize
        ballast.write(bytes(max(0, free - MAX_UPLOAD_BYTES // 2)))
    with server.client() as client:
        answers = [_send(client, clip.read_bytes(), n).status_code for n in range(6)]
    (server.data / BALLAST).unlink()
    return Counter(answers)


def _all(counts: Counter[int]) -> str:
    return ", ".join(f"{code} {number} times" for code, number in sorted(counts.items()))
