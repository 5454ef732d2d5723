"""kill -9 of worker processes in the middle of an analysis."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import ended, submitted
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

JOBS, QUICK_JOBS = 30, 3
LONGEST_DELAY_S = 0.5


@dataclass(frozen=True)
class Killed:
    """What became of the jobs whose process was killed."""

    ledger: Ledger
    accepted: tuple[str, ...]
    kills: int
    left: tuple[str, ...]
    missing: tuple[str, ...]


def kill_in_the_middle(server: Server, clip: Path, jobs: int, *, times: int = 1) -> Killed:
    """One job after another; its worker is killed `times` times at a moment drawn by chance."""
    note_changes(server.data)
    chance = random.Random(1)
    accepted: list[str] = []
    kills = 0
    with server.client() as client:
        for _ in range(jobs):
            accepted.append(submitted(client, clip))
            for time_of_it in range(times):
                if not _runs(client, accepted[-1], attempt=time_of_it + 1):
                    break
                time.sleep(chance.uniform(0, LONGEST_DELAY_S))
                kills += _kill_all(server)
            ended(client, accepted[-1])
    ledger = read_ledger(server.data)
    missing = tuple(missing_reports(server.data, ledger))
    left = tuple(leftovers(server.data))
    return Killed(ledger, tuple(accepted), kills, left, missing)


def run(quick: bool) -> list[Row]:
    """The trial."""
    jobs = QUICK_JOBS if quick else JOBS
    with serving(WORK / "reliability" / "kill_worker", workers=1) as server:
        found = kill_in_the_middle(server, long_clip(), jobs)
        hopeless = kill_in_the_middle(server, long_clip(), 1, times=3)
        with server.client() as client:
            error = client.get(f"/v1/analyses/{hopeless.accepted[0]}").json()["error"]
            after = client.get(f"/v1/analyses/{submitted(client, long_clip())}").json()
            recovered = ended(client, after["id"])["state"]
    lost = found.ledger.unfinished(found.accepted) + list(found.missing)
    tries = [found.ledger.attempts[job] for job in found.accepted]
    code = error["code"] if error else "none"
    return [
        Row(
            "the worker of a running job is killed once",
            f"{found.kills} kills, {jobs} jobs",
            f"{jobs - len(lost)} jobs succeeded, each ended once"
            f" (ended twice: {len(found.ledger.not_once())}); begun {sum(tries)} times in all; "
            f"files left behind: {len(found.left)}",
            lost_of(lost),
            not (lost or found.ledger.not_once() or found.left),
        ),
        Row(
            "the worker of one job is killed at every try",
            f"{hopeless.kills} kills, 1 job",
            f"the job failed with `{code}`; the next one {recovered}",
            held=code == "worker_crashed" and recovered == "succeeded",
        ),
    ]


def _runs(client: httpx.Client, job: str, attempt: int) -> bool:
    """Wait until the job is in the middle of that try; False where it has ended before."""
    found: dict[str, object] = {}

    def is_so() -> bool:
        found.update(client.get(f"/v1/analyses/{job}").raise_for_status().json())
        in_the_middle = found["state"] == "running" and found["percent"] != 0
        has_ended = found["state"] not in {"queued", "running"}
        return has_ended or (in_the_middle and found["attempts"] == attempt)

    wait_until(is_so, "the job runs")
    return found["state"] == "running"


def _kill_all(server: Server) -> int:
    """Kill the workers that there are; how many."""
    pids = server.workers()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return len(pids)
