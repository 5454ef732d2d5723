"""A data folder and its database know each other.

The database gets a random id when it is made (`evolvisense_schema.database_id`); the folder keeps
the id of its database in the file `database-id`. A database that was lost, emptied or replaced has
another id, and with it the reports in the folder would look like files that nobody needs.

    file `database-id`     jobs and files                      what happens
    ------------------     --------------------------------    --------------------------------
    the database's id      any                                 start
    another id             any                                 refused
    none (new or old       nothing to lose on either side      start, and write the id
    folder)                one job has its file here           start, and write the id
                           files here of unknown jobs only     refused
                           jobs whose files are not here       refused

Nothing is deleted or changed by a refusal. `evolvisense data adopt | reset | move` write the file
anew: `service/queue/migration.py`. Guarded by tests/service/queue/test_pairing.py.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, func, or_, select

from evolvisense.atomic_file import atomic_write
from evolvisense.errors import DatabaseMismatchError, DataFolderError
from evolvisense.service.queue.database import database_id, reading
from evolvisense.service.queue.files import JobFiles, prepare_folder, space_errors
from evolvisense.service.queue.process_folders import OWNER_ONLY
from evolvisense.service.queue.queries import JobQueries
from evolvisense.service.queue.tables import jobs
from evolvisense.types.job import UNFINISHED

ID_FILE = "database-id"
LOCK_FILE = "in-use.lock"


@dataclass(frozen=True)
class PairState:
    """What a folder and a database know of each other."""

    root: Path
    database: str
    """The database, without its password."""
    database_id: str
    folder_id: str | None
    """Id of the folder's database; None where none is written down yet."""
    known: int
    """Analyses of the database that have a file in the folder."""
    unknown: tuple[str, ...]
    """Ids of files in the folder that the database does not know."""
    missing: int
    """Analyses of the database that need a file, and none is in the folder."""

    @property
    def fits(self) -> bool:
        """Whether this is the database of the folder; see the table above."""
        if self.folder_id is not None:
            return self.folder_id == self.database_id
        return self.known > 0 or not (self.unknown or self.missing)

    def refusal(self) -> str:
        """Why they do not fit, and what to do."""
        if self.folder_id is not None:
            what = (
                f"the data folder {self.root} belongs to the database with the id "
                f"{self.folder_id[:8]}, but {self.database} has the id {self.database_id[:8]}"
            )
        elif self.unknown:
            what = f"nothing in the data folder {self.root} is known to {self.database}"
        else:
            what = (
                f"the data folder {self.root} has none of the files of the {self.missing} analyses "
                f"of {self.database}"
            )
        return (
            f"{what}. The folder holds files of {len(self.unknown)} analyses that this database "
            "does not know; nothing was deleted. Either\n"
            "  name the right database (EVOLVISENSE_DATABASE_URL) and folder "
            "(EVOLVISENSE_DATA_DIR), or restore them from a backup, or\n"
            "  evolvisense data adopt         imports the reports of the folder into this "
            "database, or\n"
            "  evolvisense data reset --yes   deletes what this database does not know, and "
            "starts without it.\n"
            "To move a queue to another database, start from the old one: "
            "evolvisense data move --to URL (docs/operations.md)"
        )


def inspect_pair(engine: Engine, root: Path) -> PairState:
    """Look at both sides; changes nothing."""
    in_folder = sorted(JobFiles(root).listed())
    owners = JobQueries(engine).owners(in_folder)
    needs_file = or_(jobs.c.report.is_not(None), jobs.c.state.in_(UNFINISHED))
    with reading(engine) as connection:
        found_id = database_id(connection)
        needing = connection.execute(
            select(func.count()).select_from(jobs).where(needs_file)
        ).scalar_one()
    known = sum(job_id in owners for job_id in in_folder)
    return PairState(
        root=root,
        database=engine.url.render_as_string(hide_password=True),
        database_id=found_id,
        folder_id=folder_id(root),
        known=known,
        unknown=tuple(job_id for job_id in in_folder if job_id not in owners),
        missing=max(0, needing - known),
    )


def require_pair(engine: Engine, root: Path) -> None:
    """Go on only with the database of this folder; a new folder gets its id.

    Raises:
        DatabaseMismatchError: where it is another one. Nothing has changed.
        DataFolderError: where the folder cannot be written.
        StorageFullError: where the disk is full.
    """
    if _ids_agree(engine, root):
        return
    state = inspect_pair(engine, root)
    if state.fits and state.folder_id is None:
        write_folder_id(root, state.database_id, first_wins=True)
        if _ids_agree(engine, root):  # another process may have been faster
            return
        state = inspect_pair(engine, root)
    if not state.fits:
        raise DatabaseMismatchError(state.refusal())


def refuse_other(engine: Engine, root: Path) -> None:
    """Raise DatabaseMismatchError where the folder is known to belong to another database.

    For commands that need the database alone: the folder need not be there.
    """
    if folder_id(root) is not None and not _ids_agree(engine, root):
        raise DatabaseMismatchError(inspect_pair(engine, root).refusal())


def _ids_agree(engine: Engine, root: Path) -> bool:
    """Whether the folder has an id and it is that of the database; looks at no other file."""
    with reading(engine) as connection:
        return folder_id(root) == database_id(connection)


def folder_id(root: Path) -> str | None:
    """The id of the database of the folder; None where none is written down."""
    try:
        return (root / ID_FILE).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return None


def write_folder_id(root: Path, found_id: str, *, first_wins: bool = False) -> None:
    """Give the folder to the database with this id, in one step that is on disk at the end.

    `first_wins`: a folder that has an id keeps it, so that of two processes the first one counts.
    """
    with (
        space_errors(),
        atomic_write(root / ID_FILE, mode=OWNER_ONLY, durable=True, first_wins=first_wins) as file,
    ):
        file.write(f"{found_id}\n".encode())


class FolderLock:
    """Who uses a data folder: servers and workers together, a command that changes it alone."""

    def __init__(self, root: Path, *, alone: bool) -> None:
        """Take the lock at once. Raises DataFolderError where others are in the way."""
        prepare_folder(root)
        with space_errors():
            self._descriptor = os.open(
                root / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY
            )
        try:
            fcntl.flock(
                self._descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
            )
        except BlockingIOError:
            self.close()
            raise DataFolderError(
                f"a server or worker uses the data folder {root}: stop all of them first"
                if alone
                else f"`evolvisense data` changes the data folder {root}: start when it has ended"
            ) from None

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self._descriptor)
