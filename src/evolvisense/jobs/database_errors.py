"""What the drivers of the databases raise, in words of this program."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from evolvisense.errors import (
    BusyError,
    DatabaseError,
    EvolviSenseError,
    StorageFullError,
    is_disk_full,
)

RETRY_AFTER_S = 2

SQLITE_ERROR, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL = 1, 5, 6, 13
"""The first one is a wrong statement: here, a table or column that is missing."""
SQLITE_SICK = {8, 10, 11, 14, 26}
"""Read-only, I/O error, damaged, cannot be opened, not a database."""
SQLITE_NO_SPACE_FOR_SHM = 4874
POSTGRES_BUSY = {"55P03", "40P01", "40001", "53300", "57P03"}
"""Lock timeout, deadlock, serialization, too many connections, starting."""
POSTGRES_FULL = "53100"
POSTGRES_WRONG_SCHEMA = "42"
"""Class of states: a table or column that is missing, or may not be used."""
POSTGRES_SICK = {"08", "57", "58", "XX"}
"""Classes of states: connection, operator, system, damage."""


@contextmanager
def translated() -> Generator[None]:
    """Errors of the driver become BusyError, StorageFullError or DatabaseError."""
    try:
        yield
    except PoolTimeoutError as error:
        raise BusyError("all connections to the database are taken", RETRY_AFTER_S) from error
    except (DBAPIError, sqlite3.Error) as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error
    except OSError as error:
        if is_disk_full(error):
            raise StorageFullError(f"no space is left for the database: {error}") from error
        raise DatabaseError(f"the database cannot be opened: {error}") from error


def _meaning(error: DBAPIError | sqlite3.Error) -> EvolviSenseError | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    whole: int | None = getattr(cause, "sqlite_errorcode", None)
    state: str | None = getattr(cause, "sqlstate", None)
    code = None if whole is None else whole & 0xFF
    if code in {SQLITE_BUSY, SQLITE_LOCKED} or state in POSTGRES_BUSY:
        return BusyError("the database is locked by others", RETRY_AFTER_S)
    if code == SQLITE_ERROR or (state or "")[:2] == POSTGRES_WRONG_SCHEMA:
        return DatabaseError(
            f"the database has not the tables that it should: {_first_line(cause)}"
        )
    if code == SQLITE_FULL or whole == SQLITE_NO_SPACE_FOR_SHM or state == POSTGRES_FULL:
        return StorageFullError("the disk of the database is full")
    lost = isinstance(error, OperationalError) and whole is None and state is None
    if code in SQLITE_SICK or lost or (state or "")[:2] in POSTGRES_SICK:
        return DatabaseError(f"the database does not answer as it should: {cause}")
    return None


def _first_line(cause: object) -> str:
    """Without the statement and its place, which Postgres adds."""
    return str(cause).strip().partition("\n")[0]
