"""One data folder for one queue: a process that sees another folder is refused.

The folder has a mark, a file with a random name in it. Every connection to Postgres holds a shared
advisory lock that the mark names, as long as it is open: who sees a lock of another mark shares the
queue with a living process that has another folder. Nothing is left in the database by this, so a
folder may be moved while nobody works. SQLite has its file in the folder, so that it needs no mark.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, text

from evolvisense.atomic_file import atomic_write
from evolvisense.errors import FolderNotSharedError
from evolvisense.service.queue.database import reading
from evolvisense.service.queue.process_folders import OWNER_ONLY

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
        # Of two processes that do this at once the first one names the folder.
        with atomic_write(path, mode=OWNER_ONLY, durable=True, first_wins=True) as new:
            new.write(secrets.token_hex(16).encode())
    return path.read_text(encoding="ascii")
