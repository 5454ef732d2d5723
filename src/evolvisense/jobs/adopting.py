"""A data folder gets another database: its reports are imported, or deleted.

Both commands end with the folder's new id, in one step. Whoever is killed before runs the command
again: what was done is not done twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from evolvisense.jobs.database import database_id, exclusive, reading, writing
from evolvisense.jobs.files import JobFiles
from evolvisense.jobs.pairing import inspect_pair, write_folder_id
from evolvisense.jobs.tables import jobs

DATABASE_LOST = "database_lost"
LOST_TEXT = "the database was lost before this recording was analysed; send it again"


@dataclass(frozen=True)
class Adopted:
    """What an import has done."""

    reports: int
    """Analyses that succeeded, with their reports."""
    lost: int
    """Analyses that had not ended; they have failed with `database_lost`."""
    files_deleted: int
    """Reports and overlays of earlier tries of the same analysis."""


def adopt(
    engine: Engine,
    root: Path,
    *,
    owner: str,
    retention_s: float,
    now: Callable[[], float] = time.time,
) -> Adopted:
    """Import what the folder holds and the database does not know; then they belong together.

    Args:
        engine: the database, opened.
        root: the data folder, which nobody else uses.
        owner: id of the key that the imported analyses belong to; "" for none.
        retention_s: how long they are kept from now on.
        now: unix seconds.

    Returns:
        How many analyses were imported. What the database knows, deletions included, is left alone.
    """
    state = inspect_pair(engine, root)
    folder = JobFiles(root)
    files = folder.listed()
    rows: list[dict[str, Any]] = []
    superfluous: list[Path] = []
    for job_id in state.unknown:
        reports = _newest_first(files[job_id], "reports")
        superfluous += reports[1:]
        overlays = {path.name: path for path in files[job_id] if path.parent.name == "overlays"}
        report = reports[0] if reports else None
        overlay = overlays.pop(report.name, None) if report else None
        superfluous += overlays.values()
        made_s = (report or files[job_id][0]).stat().st_mtime
        row: dict[str, Any] = {
            "id": job_id,
            "owner": owner,
            "state": "succeeded",
            "priority": 0,
            "percent": 100.0,
            "options": "{}",
            "media_bytes": 0,
            "media_sha256": "",
            "created_s": made_s,
            "finished_s": made_s,
            "expires_s": now() + retention_s,
            "report": report and report.name,
            "overlay": overlay and overlay.name,
            "failure_code": None,
            "failure_detail": None,
            **dict.fromkeys(("waiter", "webhook", "request_id", "submission"), ""),
            "idempotency_key": "",
        }
        if report is None:
            row |= {"state": "failed", "failure_code": DATABASE_LOST, "failure_detail": LOST_TEXT}
        rows.append(row)
    rows.sort(key=lambda row: row["created_s"])
    with writing(engine) as connection:
        exclusive(connection, "submit")
        for row in rows:
            connection.execute(insert(jobs).values(**row))
    for path in superfluous:
        path.unlink(missing_ok=True)
    for row in rows:
        folder.forget_media(row["id"])
    write_folder_id(root, state.database_id)
    succeeded = sum(row["state"] == "succeeded" for row in rows)
    return Adopted(succeeded, len(rows) - succeeded, len(superfluous))


def reset(engine: Engine, root: Path) -> int:
    """Delete the files that the database does not know; then they belong together.

    Args:
        engine: the database, opened.
        root: the data folder, which nobody else uses.

    Returns:
        How many files were deleted. Baselines and the audit log are left alone.
    """
    state = inspect_pair(engine, root)
    files = JobFiles(root).listed()
    gone = [path for job_id in state.unknown for path in files[job_id]]
    for path in gone:
        path.unlink(missing_ok=True)
    write_folder_id(root, state.database_id)
    return len(gone)


def give_to(engine: Engine, root: Path) -> None:
    """The folder belongs to this database from now on."""
    with reading(engine) as connection:
        found_id = database_id(connection)
    write_folder_id(root, found_id)


def _newest_first(paths: list[Path], folder: str) -> list[Path]:
    found = [path for path in paths if path.parent.name == folder]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
