"""Hundreds of analyses by one server: does it grow?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx

from trials.answers import analyze_video, ended, submit
from trials.clips import small_clip
from trials.ledger import leftovers
from trials.paths import WORK
from trials.process import Server, serving
from trials.rows import Row, lost_of

WARM_UP, QUICK_WARM_UP = 20, 4
ANALYSES, QUICK_ANALYSES = 300, 8
MOST_GROWTH = 1.1


@dataclass(frozen=True)
class State:
    """Of all processes of the server."""

    resident_mb: float
    open_files: int


def state(server: Server) -> State:
    """As it is now."""
    return State(server.resident_mb(), server.open_files())


def analyses(client: httpx.Client, clip: Path, number: int) -> Counter[str]:
    """So many of them, one after another, by both endpoints; their outcomes."""
    outcomes: Counter[str] = Counter()
    data = clip.read_bytes()
    for turn in range(number):
        if turn % 2:
            outcomes[str(analyze_video(client, data).status_code)] += 1
            continue
        answer = submit(client, data, wait_s=60).raise_for_status().json()
        found = answer if answer["state"] == "succeeded" else ended(client, answer["id"])
        if found["state"] == "succeeded":
            client.get(found["links"]["report"]).raise_for_status()
        client.delete(f"/v1/analyses/{found['id']}").raise_for_status()
        outcomes[found["state"]] += 1
    return outcomes


def run(quick: bool) -> list[Row]:
    """The trial."""
    warm_up, number = (QUICK_WARM_UP, QUICK_ANALYSES) if quick else (WARM_UP, ANALYSES)
    clip = small_clip()
    with serving(WORK / "reliability" / "soak") as server, server.client() as client:
        analyses(client, clip, warm_up)
        before = state(server)
        outcomes = analyses(client, clip, number)
        after = state(server)
        left = leftovers(server.data)
        restarts = server.metric("evolvisense_worker_restarts_total")
    wrong = [f"{n} x {name}" for name, n in outcomes.items() if name not in {"200", "succeeded"}]
    growth = after.resident_mb / before.resident_mb
    return [
        Row(
            f"analyses by both endpoints in turns, after {warm_up} to warm up: outcomes",
            f"{number} analyses",
            f"{outcomes['200'] + outcomes['succeeded']} answered well; "
            f"workers started anew: {restarts:.0f}; files left behind: {len(left)}",
            lost_of(wrong),
            not (wrong or left),
        ),
        Row(
            "... resident memory of all processes after the warm-up and at the end",
            f"{number} analyses",
            f"{before.resident_mb:.0f} MB, {after.resident_mb:.0f} MB: {growth:.3f} x",
            held=growth <= MOST_GROWTH,
        ),
        Row(
            "... open files of all processes",
            f"{number} analyses",
            f"{before.open_files}, {after.open_files}",
            held=after.open_files <= before.open_files + 4,
        ),
    ]
