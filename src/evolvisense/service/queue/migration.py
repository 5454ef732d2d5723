"""A data folder gets another database, or a queue moves to another database.

`adopt` imports the reports of a folder into a new database, `reset` deletes them. Both end with the
folder's new id, in one step. A command that was killed is run again: what was done is not done
twice.

`move` copies rows, keys and ids; the files stay where they are.

    1. copy       every table, in one transaction of the new database, which notes where it is from
    2. hand over  the folder's id becomes that of the new database, in one step

Killed before 2, the folder still belongs to the old database, which is as it was; the command is
run again and copies everything again. After 2 the old database is refused, so that nothing is
written to both. Guarded by tests/service/queue/test_moving.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select, text

from evolvisense.errors import DatabaseError
from evolvisense.service.queue.database import database_id, exclusive, reading, writing
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.folder import require_one_folder
from evolvisense.service.queue.pairing import inspect_pair, write_folder_id
from evolvisense.service.queue.tables import deliveries, jobs, metadata, schema

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


ROWS_AT_ONCE = 500
COUNTED: tuple[tuple[Table, str], ...] = ((jobs, "seq"), (deliveries, "id"))
"""Tables whose numbers must not be given again."""


@dataclass(frozen=True)
class Moved:
    """What was copied."""

    rows: Mapping[str, int]
    """Table -> rows."""


def move(old: Engine, new: Engine, root: Path) -> Moved:
    """Copy the queue and give the folder to the new database.

    Args:
        old: the database of the folder, opened.
        new: the new one, opened: empty, or left by a move that did not come to its end.
        root: the data folder, which nobody else uses.

    Returns:
        How many rows of each table were copied.

    Raises:
        DatabaseError: where the new database holds another queue.
        FolderNotSharedError: where a living process uses it with another folder.
    """
    require_one_folder(new, root)
    # Nobody writes to the old database meanwhile: not even `evolvisense keys`.
    with writing(old) as source, writing(new) as target:
        exclusive(target, "schema")
        exclusive(source, "submit")
        old_id = database_id(source)
        if old_id == database_id(target):
            raise DatabaseError("the queue is in this database already")
        _require_free(target, old_id)
        copied = {
            table.name: _copy(source, target, table)
            for table in metadata.sorted_tables
            if table is not schema
        }
        _go_on_counting(source, target)
        target.execute(schema.update().values(moved_from=old_id))
    give_to(new, root)
    return Moved(copied)


def _require_free(target: Connection, old_id: str) -> None:
    """Empty what an earlier move of the same queue has left. Raises DatabaseError."""
    left_by = target.execute(select(schema.c.moved_from)).scalar_one()
    tables = [table for table in reversed(metadata.sorted_tables) if table is not schema]
    if left_by == old_id:
        for table in tables:
            target.execute(table.delete())
        return
    for table in tables:
        count = target.execute(select(func.count()).select_from(table)).scalar_one()
        if count:
            raise DatabaseError(
                f"the new database is not empty: {table.name} has {count} rows; name another one, "
                "or another schema of it"
            )


def _copy(source: Connection, target: Connection, table: Table) -> int:
    count = 0
    for rows in _parts(source, table):
        target.execute(insert(table), rows)
        count += len(rows)
    return count


def _parts(source: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    rows = source.execute(select(table).order_by(*table.primary_key)).mappings()
    while part := rows.fetchmany(ROWS_AT_ONCE):
        yield [dict(row) for row in part]


def _go_on_counting(source: Connection, target: Connection) -> None:
    for table, column in COUNTED:
        last = _last_number(source, table, column)
        if not last:
            continue
        if target.dialect.name == "postgresql":
            sequence = select(func.pg_get_serial_sequence(table.name, column)).scalar_subquery()
            target.execute(select(func.setval(sequence, last)))
        else:
            named = {"name": table.name, "last": last}
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), named)
            target.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), named)


def _last_number(source: Connection, table: Table, column: str) -> int:
    """The last number that was given, also to a row that is deleted by now."""
    highest = source.execute(select(func.max(table.c[column]))).scalar_one() or 0
    if source.dialect.name == "postgresql":
        sequence = source.execute(
            select(func.pg_get_serial_sequence(table.name, column))
        ).scalar_one()
        given = source.execute(text(f"SELECT last_value FROM {sequence}")).scalar_one()  # noqa: S608 - of the catalogue
    else:
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        given = source.execute(query, {"name": table.name}).scalar() or 0
    return max(highest, given)
