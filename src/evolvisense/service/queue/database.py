"""Opening the database by URL: SQLite in a file, or Postgres; and the errors of their drivers.

SQLite keeps its file in WAL mode, which needs a local disk: no network file system.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from evolvisense.errors import (
    BusyError,
    DatabaseError,
    EngineUnavailableError,
    EvolviSenseError,
    InvalidOptionError,
    StorageFullError,
    is_disk_full,
)
from evolvisense.extras import sentence
from evolvisense.service.queue.tables import SCHEMA_VERSION, STEPS, metadata, schema

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


BUSY_S = 10.0
WAL_RETRY_S = 0.05
KEPT_CONNECTIONS = 8
MOST_CONNECTIONS = 64
CONNECT_TIMEOUT_S = 10
OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700
WRITES = "evolvisense_writes"

# A commit is on disk whatever the server's default is, and a process that stops in the middle of a
# transaction holds its rows for a minute at most.
POSTGRES_SETTINGS = (
    "SET synchronous_commit TO on",
    "SET idle_in_transaction_session_timeout TO '60s'",
)


def open_database(url: str, *, busy_s: float = BUSY_S) -> Engine:
    """The database at `sqlite:///path` or `postgresql+psycopg://...`, with its tables.

    A write waits up to `busy_s` for others. Raises InvalidOptionError for another URL,
    EngineUnavailableError without the driver, BusyError, StorageFullError, and DatabaseError where
    the database cannot be used or was written by a newer program.
    """
    parsed = _parsed(url)
    with translated():
        if parsed.get_backend_name() == "sqlite":
            engine = _open_sqlite(parsed, busy_s)
        else:
            engine = _open_postgres(parsed, busy_s)
        try:
            _require_schema(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


@contextmanager
def reading(engine: Engine) -> Generator[Connection]:
    """One transaction that changes nothing. Raises as `translated` says."""
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Generator[Connection]:
    """One transaction that is on disk when the block has ended, or has not happened.

    With SQLite it holds the only right to write from its beginning. Raises as `translated` says.
    """
    with translated(), engine.connect() as connection:
        connection.execution_options(**{WRITES: True})
        with connection.begin():
            yield connection


def exclusive(connection: Connection, name: str) -> None:
    """One at a time until the end of the transaction; SQLite has only one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"evolvisense {name}"))))


def checkpoint(engine: Engine) -> bool:
    """Bring all of SQLite's log into the database file and empty it; False where others read it.

    What was deleted is then overwritten, but for parts of rows that SQLite had moved from page to
    page before: `wipe`. Postgres does both in its own time (VACUUM), and this does nothing.
    """
    if engine.dialect.name != "sqlite":
        return True
    with translated():
        blocked = _outside(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    return blocked is not None and blocked[0] == 0


def wipe(engine: Engine) -> bool:
    """Write SQLite's file anew, so that no byte of what was deleted is left; False as above.

    Others cannot write meanwhile, and it takes as much memory as the file has bytes.
    """
    if engine.dialect.name == "sqlite":
        with translated():
            _outside(engine, "VACUUM")
    return checkpoint(engine)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise InvalidOptionError("the database is no URL") from None
    if parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        path = parsed.database or ""
        if path in {"", ":memory:"} or path.startswith("file:"):
            raise InvalidOptionError("the database has to be in a file: sqlite:///path")
        return parsed
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise InvalidOptionError(
        f"the database is {parsed.drivername!r}: expected sqlite or postgresql+psycopg"
    )


def _open_sqlite(url: URL, busy_s: float) -> Engine:
    _require_file(Path(str(url.database)))
    path = Path(str(url.database)).absolute()
    file = _file_of(path)

    def connect() -> sqlite3.Connection:
        _require_same_file(path, file)
        return sqlite3.connect(
            f"{path.as_uri()}?mode=rw",  # a file that is gone is not made again
            uri=True,
            timeout=busy_s,
            isolation_level=None,
            check_same_thread=False,
        )

    def begin(connection: Connection) -> None:
        _require_same_file(path, file)
        _begin_sqlite(connection)

    engine = create_engine(
        url,
        creator=connect,
        pool_size=KEPT_CONNECTIONS,
        max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
        pool_timeout=busy_s,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", begin)
    try:
        _require_wal(engine, busy_s)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _require_file(path: Path) -> None:
    """An existing file is not opened here: closing it again would drop SQLite's locks on it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY))
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _file_of(path: Path) -> tuple[int, int] | None:
    """Device and inode; None where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _require_same_file(path: Path, file: tuple[int, int] | None) -> None:
    """Raise DatabaseError where another file has the name by now: SQLite would not notice."""
    if _file_of(path) != file:
        raise DatabaseError(
            f"the database {path} was removed or replaced while it was used: stop every server "
            "and worker, put it back (docs/operations.md), then start again"
        )


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _require_wal(engine: Engine, busy_s: float) -> None:
    """SQLite does not wait by itself while another process makes the same change."""
    give_up_s = time.monotonic() + busy_s
    while True:
        try:
            with translated():
                mode = _outside(engine, "PRAGMA journal_mode=WAL")
        except BusyError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(WAL_RETRY_S)
            continue
        if mode is None or mode[0] != "wal":
            raise DatabaseError("SQLite cannot use its log (WAL) here: is this a local disk?")
        return


def _outside(engine: Engine, statement: str) -> Any:  # noqa: ANN401 - a row of the driver
    """Outside of a transaction, where SQLite wants some statements; its row, if it has one."""
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone()


def _open_postgres(url: URL, busy_s: float) -> Engine:
    try:
        engine = create_engine(
            url,
            isolation_level="READ COMMITTED",
            pool_size=KEPT_CONNECTIONS,
            max_overflow=MOST_CONNECTIONS - KEPT_CONNECTIONS,
            pool_timeout=busy_s,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
    except ImportError as error:
        raise EngineUnavailableError(
            f"{sentence('postgres', 'Postgres', 'psycopg')} ({error})"
        ) from error

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
        with connection.cursor() as cursor:
            for setting in (*POSTGRES_SETTINGS, f"SET lock_timeout TO {round(busy_s * 1000)}"):
                cursor.execute(setting)
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def _require_schema(engine: Engine) -> None:
    with writing(engine) as connection:
        exclusive(connection, "schema")
        present = set(inspect(connection).get_table_names()) & set(metadata.tables)
        if not present:
            metadata.create_all(connection)
            connection.execute(
                schema.insert().values(
                    id=1, version=SCHEMA_VERSION, database_id=secrets.token_hex(16)
                )
            )
            return
        if schema.name not in present:
            raise DatabaseError(
                f"the database holds tables of another program: {', '.join(sorted(present))}"
            )
        version = connection.execute(select(schema.c.version)).scalar_one_or_none()
        for later in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
            for statement in STEPS[later + 1]:
                connection.execute(text(statement))
            connection.execute(schema.update().values(version=later + 1))
        if version is None or version > SCHEMA_VERSION:
            raise DatabaseError(
                f"the database has schema version {version}, this program reads {SCHEMA_VERSION}: "
                "a newer EvolviSense wrote it"
            )
        _require_columns(connection)
        connection.execute(
            schema.update()
            .where(schema.c.database_id.is_(None))
            .values(database_id=secrets.token_hex(16))
        )


def _require_columns(connection: Connection) -> None:
    """Raise DatabaseError where a table or a column is missing."""
    found = inspect(connection)
    present = set(found.get_table_names())
    missing: list[str] = []
    for table in metadata.sorted_tables:
        if table.name not in present:
            missing.append(table.name)
            continue
        columns = {column["name"] for column in found.get_columns(table.name)}
        missing += [f"{table.name}.{c.name}" for c in table.c if c.name not in columns]
    if missing:
        raise DatabaseError(
            f"the database is damaged, {', '.join(missing)} is missing: restore it from a backup "
            "(docs/operations.md)"
        )


def require_columns(engine: Engine) -> None:
    """Raise DatabaseError where the database has not every column that is used here."""
    with reading(engine) as connection:
        for table in metadata.sorted_tables:
            connection.execute(select(table).limit(0))


def database_id(connection: Connection) -> str:
    """The id that the database got when it was made."""
    return connection.execute(select(schema.c.database_id)).scalar_one()
