"""kill -9 of the server while jobs arrive, wait and run; started again on the same data."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import submitted
from trials.clips import long_clip
from trials.ledger import (
    Ledger,
    leftovers,
    missing_reports,
    note_changes,
    read_ledger,
)
from trials.paths import WORK
from trials.process import Server, serving, wait_until
from trials.rows import Row, lost_of

KILLS, QUICK_KILLS = 20, 3
JOBS_PER_KILL = 3
LEASE_S = 3
MAX_ATTEMPTS = 10
"""A job that was begun three times fails by default; here its server is killed again and again."""
SWEEPS_S = 100.0
"""What belongs to nobody is gone after two sweeps."""


@dataclass(frozen=True)
class Restarted:
    """What became of the jobs of a server that was killed."""

    ledger: Ledger
    accepted: tuple[str, ...]
    asked: int
    """Jobs that clients wanted; each client asks again until it is told that it has one."""
    sent: int
    """Requests that this took."""
    in_the_middle: int
    """Kills while a job ran."""
    left: tuple[str, ...]
    missing: tuple[str, ...]


def kill_and_restart(server: Server, clip: Path, kills: int, jobs: int) -> Restarted:
    """Clients submit `jobs` jobs while the server is killed `kills` times, then all may end."""
    note_changes(server.data)
    chance = random.Random(2)
    clients = _Clients(server, clip, jobs)
    clients.start()
    in_the_middle = 0
    for _ in range(kills):
        wait_until(lambda: "running" in read_ledger(server.data).states.values(), "a job runs")
        time.sleep(chance.uniform(0, 1.5))
        in_the_middle += "running" in read_ledger(server.data).states.values()
        server.kill()
        server.start()
    clients.join()
    wait_until(lambda: read_ledger(server.data).all_ended, "all jobs have ended", 600)
    ledger = read_ledger(server.data)
    return Restarted(
        ledger,
        tuple(clients.accepted),
        jobs,
        clients.sent,
        in_the_middle,
        _left(server),
        tuple(missing_reports(server.data, ledger)),
    )


def run(quick: bool) -> list[Row]:
    """The trial."""
    kills = QUICK_KILLS if quick else KILLS
    folder = WORK / "reliability" / "kill_server"
    with serving(folder, lease_s=LEASE_S, max_attempts=MAX_ATTEMPTS) as server:
        found = kill_and_restart(server, long_clip(), kills, kills * JOBS_PER_KILL)
    lost = found.ledger.unfinished(found.accepted) + list(found.missing)
    doubled = len(found.ledger.states) - found.asked
    again = sum(count > 1 for count in found.ledger.begun.values())
    return [
        Row(
            "the HTTP process is killed while jobs arrive, wait and run, and is started again on "
            f"the same data (lease {LEASE_S} s, {MAX_ATTEMPTS} tries)",
            f"{kills} kills, {found.in_the_middle} of them with jobs running; {found.asked} jobs",
            f"{len(found.accepted)} jobs accepted, {len(found.accepted) - len(lost)} succeeded; "
            f"ended twice: {len(found.ledger.not_once())}; begun again after a kill: {again}; "
            f"files left behind: {len(found.left)}",
            lost_of(lost),
            not (lost or found.ledger.not_once() or found.left),
        ),
        Row(
            "... clients that got no answer ask again with the same Idempotency-Key",
            f"{found.sent} requests for {found.asked} jobs",
            f"{doubled} jobs too many",
            held=doubled == 0 and len(found.accepted) == found.asked,
        ),
    ]


class _Clients(threading.Thread):
    """Submits jobs, one after another, each with a key until it is accepted."""

    def __init__(self, server: Server, clip: Path, jobs: int) -> None:
        super().__init__(daemon=True)
        self._server, self._clip, self._jobs = server, clip, jobs
        self.accepted: list[str] = []
        self.sent = 0

    def run(self) -> None:
        for number in range(self._jobs):
            while not self._submit(f"job-{number}-of-the-trial-that-kills-servers"):
                time.sleep(0.1)

    def _submit(self, key: str) -> bool:
        self.sent += 1
        try:
            with self._server.client() as client:
                self.accepted.append(submitted(client, self._clip, key, frame_skip=2))
        except httpx.HTTPError:
            return False
        return True


def _left(server: Server) -> tuple[str, ...]:
    """What is still there after the sweeps."""
    try:
        wait_until(lambda: not leftovers(server.data), "no file left", SWEEPS_S, 1)
    except TimeoutError:
        return tuple(leftovers(server.data))
    return ()
