"""A queue moves to another database: rows, keys and ids; the files stay where they are.

    1. copy       every table, in one transaction of the new database, which notes where it is from
    2. hand over  the folder's id becomes that of the new database, in one step

Killed before 2, the folder still belongs to the old database, which is as it was; the command is
run again and copies everything again. After 2 the old database is refused, so that nothing is
written to both.
Guarded by tests/jobs/test_moving.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select, text

from evolvisense.errors import DatabaseError
from evolvisense.jobs.adopting import give_to
from evolvisense.jobs.database import database_id, exclusive, writing
from evolvisense.jobs.one_folder import require_one_folder
from evolvisense.jobs.tables import deliveries, jobs, metadata, schema

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
