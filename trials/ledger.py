"""What became of the jobs, read from the queue's own file, and what is left on the disk.

A trigger notes every change of a job's state in the transaction that makes it: a job that ended
twice is seen, whoever was killed in between.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

TRIGGER = """
CREATE TABLE IF NOT EXISTS trial_changes (job TEXT, after_state TEXT);
CREATE TRIGGER IF NOT EXISTS trial_noted AFTER UPDATE OF state ON jobs
WHEN OLD.state <> NEW.state
BEGIN INSERT INTO trial_changes VALUES (NEW.id, NEW.state); END;
"""
ENDED = frozenset({"succeeded", "failed", "canceled"})


@dataclass(frozen=True)
class Ledger:
    """The jobs by id."""

    states: dict[str, str]
    attempts: dict[str, int]
    reports: dict[str, str | None]
    keys: dict[str, str]
    """Idempotency keys of the requests."""
    begun: Counter[str]
    """How often each was claimed by a worker."""
    ended: Counter[str]
    """How often each came to an end."""

    @property
    def all_ended(self) -> bool:
        """Whether no job waits or runs."""
        return all(state in ENDED for state in self.states.values())

    def unfinished(self, accepted: Iterable[str]) -> list[str]:
        """Those of the accepted jobs that did not succeed, or are not there at all."""
        return [job for job in accepted if self.states.get(job) != "succeeded"]

    def not_once(self) -> list[str]:
        """Jobs that ended more than once, or are ended and never did."""
        return [
            job
            for job, state in self.states.items()
            if self.ended[job] != (1 if state in ENDED else 0)
        ]


def note_changes(data: Path) -> None:
    """From now on every change of state is noted."""
    with closing(_opened(data)) as database:
        database.executescript(TRIGGER)


def read_ledger(data: Path) -> Ledger:
    """As it is now."""
    with closing(_opened(data)) as database:
        rows = database.execute(
            "SELECT id, state, attempts, report, idempotency_key FROM jobs"
        ).fetchall()
        changes = database.execute("SELECT job, after_state FROM trial_changes").fetchall()
    return Ledger(
        states={row[0]: row[1] for row in rows},
        attempts={row[0]: row[2] for row in rows},
        reports={row[0]: row[3] for row in rows},
        keys={row[0]: row[4] for row in rows},
        begun=Counter(job for job, state in changes if state == "running"),
        ended=Counter(job for job, state in changes if state in ENDED),
    )


def missing_reports(data: Path, ledger: Ledger) -> list[str]:
    """Succeeded jobs whose report is not on the disk."""
    return [
        job
        for job, state in ledger.states.items()
        if state == "succeeded" and not (data / "reports" / str(ledger.reports[job])).is_file()
    ]


def leftovers(data: Path) -> list[str]:
    """Files that no job needs once all have ended: media, uploads, reports that no row names."""
    with closing(_opened(data)) as database:
        known = {row[0] for row in database.execute("SELECT report FROM jobs")}
    locks = sorted(path.stem for path in (data / "incoming").glob("*.lock"))
    left = [path for path in (data / "incoming").rglob("*") if path.is_file()]
    left = [path for path in left if path.suffix != ".lock"]
    left += (data / "media").iterdir()
    left += [path for path in (data / "reports").iterdir() if path.name not in known]
    dead = [f"incoming/{name}" for name in locks[1:]]  # one process lives
    return [str(path.relative_to(data)) for path in left] + dead


def _opened(data: Path) -> sqlite3.Connection:
    return sqlite3.connect(data / "queue.db", timeout=30, isolation_level=None)
