"""The wall clock of a server jumps to and fro while jobs wait and run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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

HOUR_S, DAY_S, YEAR_S = 3600, 24 * 3600, 365 * 24 * 3600
JUMPS_S = (HOUR_S, -HOUR_S, DAY_S, -2 * DAY_S, 20 * YEAR_S, -20 * YEAR_S, 90, -90)
"""Each is where the clock then stands, seconds from the true time."""
QUICK_JUMPS_S = (2 * DAY_S, -2 * DAY_S)
REPORTS = 3
NOTICED = "the clock jumped by"


@dataclass(frozen=True)
class Jumped:
    """What became of the jobs."""

    ledger: Ledger
    accepted: tuple[str, ...]
    missing: tuple[str, ...]
    left: tuple[str, ...]


def jump(server: Server, clock: Path, clip: Path, jumps_s: tuple[float, ...]) -> Jumped:
    """At each jump two jobs wait or run, and two more come; then all may end."""
    note_changes(server.data)
    accepted: list[str] = []
    with server.client() as client:
        for offset_s in jumps_s:
            accepted += [submitted(client, clip) for _ in range(2)]
            wait_until(lambda: "running" in read_ledger(server.data).states.values(), "a job runs")
            clock.write_text(str(offset_s))
            accepted += [submitted(client, clip) for _ in range(2)]
            for job in accepted[-4:]:
                ended(client, job)
        clock.write_text("0")
    ledger = read_ledger(server.data)
    return Jumped(
        ledger,
        tuple(accepted),
        tuple(missing_reports(server.data, ledger)),
        tuple(leftovers(server.data)),
    )


def run(quick: bool) -> list[Row]:
    """The trial."""
    jumps_s = QUICK_JUMPS_S if quick else JUMPS_S
    folder = WORK / "reliability" / "clock_jump"
    folder.mkdir(parents=True)
    clock = folder / "clock"
    clock.write_text("0")
    command = jumping_command(clock)
    with serving(folder / "jobs", command=command, report_retention_s=100 * YEAR_S) as server:
        found = jump(server, clock, long_clip(), jumps_s)
    lost = found.ledger.unfinished(found.accepted) + list(found.missing)
    twice = found.ledger.not_once()
    begun = sum(found.ledger.begun[job] for job in found.accepted)
    hours = ", ".join(f"{offset_s / HOUR_S:+g}" for offset_s in jumps_s)
    rows = [
        Row(
            "the wall clock of the HTTP process jumps while jobs wait and run (its `time.time` is "
            f"replaced; the kernel's clock was not set), to hours off: {hours}",
            f"{len(jumps_s)} jumps, {len(found.accepted)} jobs",
            f"{len(found.accepted) - len(lost)} succeeded, begun {begun} times, ended twice: "
            f"{len(twice)}; files left behind: {len(found.left)}",
            lost_of(lost),
            not (lost or twice or found.left) and begun == len(found.accepted),
        )
    ]
    if not quick:
        with serving(folder / "reports", command=command) as server:
            rows.append(_expiry(server, clock))
    return rows


def jumping_command(clock: Path) -> tuple[str, ...]:
    """`evolvisense serve` under that clock."""
    return ("-m", "trials.jumping", str(clock), "serve")


def _expiry(server: Server, clock: Path) -> Row:
    """Reports that a day keeps, and a sweep while the clock is two days off."""

    def noticed(times: int) -> None:
        wait_until(lambda: server.log.read_text().count(NOTICED) >= times, "the jump is noticed")

    with server.client() as client:
        reports = [submitted(client, long_clip()) for _ in range(REPORTS)]
        for one in reports:
            ended(client, one)
        for times, offset_s in enumerate((2 * DAY_S, 0), 1):
            clock.write_text(str(offset_s))
            noticed(times)
        kept = sum(client.get(f"/v1/analyses/{one}").is_success for one in reports)
    return Row(
        "the clock jumps past the time at which reports expire, and back before the second sweep "
        "(half a minute); a clock that stays there would let them expire",
        f"1 jump of 2 days, {REPORTS} reports kept for one",
        f"{kept} reports are still there",
        lost_of([] if kept == REPORTS else [f"{REPORTS - kept} reports"]),
        kept == REPORTS,
    )
