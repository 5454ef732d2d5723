"""The data folder of a queue: folders that belong to one process each, one folder for one queue.

    <name>/       what the process has there
    <name>.lock   locked (flock) while it lives

A folder is made after its lock and removed before it; whoever can take the lock knows that the
process is dead.

Processes of one queue have to see one data folder; a process with another one is refused. The
folder has a mark, a file with a random name in it. Every connection to Postgres holds a shared
advisory lock that the mark names, as long as it is open: who sees a lock of another mark shares the
queue with a living process that has another folder. Nothing is left in the database by this, so a
folder may be moved while nobody works. SQLite has its file in the folder, so that it needs no mark.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

from evolvisense.errors import FolderNotSharedError
from evolvisense.service.queue.database import reading

OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700
LOCK = ".lock"


@dataclass(frozen=True)
class Instance:
    """A folder of this process."""

    name: str
    lock: int
    """Descriptor that holds the lock as long as it is open."""


def claim(parent: Path) -> Instance:
    """A new folder with a new name."""
    while True:
        name = secrets.token_hex(8)
        path = parent / (name + LOCK)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, OWNER_ONLY)
        try:
            # A sweep may have taken the file for a dead process's before it was locked.
            if _lock_now(lock) and path.exists():
                (parent / name).mkdir(mode=OWNER_ONLY_DIR)
                return Instance(name, lock)
        except BaseException:
            path.unlink(missing_ok=True)
            os.close(lock)
            raise
        os.close(lock)


def give_up(parent: Path, instance: Instance) -> None:
    """Delete a folder of this process, and let go of its name."""
    _remove(parent, instance.name)
    os.close(instance.lock)


def is_alive(parent: Path, name: str) -> bool:
    """Whether the process of that folder lives on this machine."""
    try:
        lock = os.open(parent / (name + LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _lock_now(lock, fcntl.LOCK_SH)  # two who ask at once are not in each other's way
    finally:
        os.close(lock)


def sweep_dead(parent: Path) -> tuple[str, ...]:
    """Delete the folders of dead processes; their names."""
    names = {path.name.removesuffix(LOCK) for path in parent.iterdir()}
    return tuple(name for name in sorted(names) if _sweep_one(parent, name))


def _sweep_one(parent: Path, name: str) -> bool:
    try:
        lock = os.open(parent / (name + LOCK), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return _remove_unlocked(parent / name)
    try:
        if not _lock_now(lock):
            return False
        _remove(parent, name)
        return True
    finally:
        os.close(lock)


def _remove(parent: Path, name: str) -> None:
    """For the holder of the lock."""
    _remove_tree(parent / name)
    (parent / (name + LOCK)).unlink(missing_ok=True)


def _remove_unlocked(folder: Path) -> bool:
    """A folder without a lock belongs to nobody."""
    if not folder.is_dir():
        return False
    _remove_tree(folder)
    return True


def _remove_tree(folder: Path) -> None:
    """Another sweep may have been faster."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _lock_now(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


MARK = "folder-id"

# One queue is one schema of one database: a cluster may hold several.
HOLD = """SELECT pg_advisory_lock_shared(
  hashtext('evolvisense folder ' || current_schema()), hashtext(%s))"""
OTHERS = text("""SELECT count(*) FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND classid::bigint = hashtext('evolvisense folder ' || current_schema())::bigint & 4294967295
  AND objid::bigint <> hashtext(:mark)::bigint & 4294967295""")


def require_one_folder(engine: Engine, root: Path) -> None:
    """Raise FolderNotSharedError where a living process uses this queue with another folder.

    From now on every connection of `engine` tells others which folder this process has.
    """
    if engine.dialect.name != "postgresql":
        return
    mark = mark_of(root)

    def hold(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
        with connection.cursor() as cursor:
            cursor.execute(HOLD, (mark,))
        connection.commit()

    event.listen(engine, "connect", hold)
    engine.dispose()  # connections that were opened without it
    with reading(engine) as connection:
        others = connection.execute(OTHERS, {"mark": mark}).scalar_one()
    if others:
        raise FolderNotSharedError(
            f"the queue of this database is worked on with another data folder than {root}: all "
            "servers and workers need the same one, so mount it on every machine and set "
            "EVOLVISENSE_DATA_DIR to it"
        )


def mark_of(root: Path) -> str:
    """The name that the folder has had since it was first used."""
    path = root / MARK
    if not path.exists():
        part = root / f"{MARK}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as new:
            new.write(secrets.token_hex(16))
            new.flush()
            os.fsync(new.fileno())
        # Of two processes that do this at once the first one names the folder.
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_text(encoding="ascii")
