"""Queue, files and workers of one process, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evolvisense.service.queue.files import JobFiles, prepare_folder
from evolvisense.service.queue.pool import WorkerPool
from evolvisense.service.queue.settings import WorkplaceSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from evolvisense.service.queue.pairing import FolderLock


class Runtime:
    """Works from the moment that it is made; worker processes load their models meanwhile.

    Raises as `open_database`, StorageFullError, DataFolderError where the folder cannot be written,
    DatabaseMismatchError where the database is not that of the folder, and FolderNotSharedError
    where another process of this queue has another folder.
    """

    def __init__(self, settings: WorkplaceSettings) -> None:
        prepare_folder(settings.data_dir)
        self.files = JobFiles(settings.data_dir, reserve_bytes=settings.reserve_bytes)
        self._listeners: list[Callable[[], None]] = []
        self.pool = WorkerPool(self.files, settings.pool, on_change=self._tell)
        self.pool.start()
        try:
            self.engine, self._lock = _open_queue(settings)
        except BaseException:
            self.pool.close(0.0)
            self.files.close()
            raise
        from evolvisense.service.queue.janitor import Janitor  # noqa: PLC0415 - as in _open_queue
        from evolvisense.service.queue.store import JobStore  # noqa: PLC0415

        self.store = JobStore(self.engine)
        self.keeper = Janitor(self.store, self.files, rules=settings.leases, on_change=self._tell)
        self.pool.work_on(self.store)
        self.keeper.start()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call it, from any thread, whenever a job may have changed here."""
        self._listeners.append(listener)

    def close(self, grace_s: float) -> None:
        """Let running jobs end for `grace_s` seconds, give the others back, stop."""
        self.pool.close(grace_s)
        self.keeper.close()
        self.files.close()
        self.engine.dispose()
        self._lock.close()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _open_queue(settings: WorkplaceSettings) -> tuple[Engine, FolderLock]:
    # Imported only now: the half second of SQLAlchemy passes while a worker loads its models.
    from evolvisense.service.queue.database import open_database  # noqa: PLC0415
    from evolvisense.service.queue.folder import require_one_folder  # noqa: PLC0415
    from evolvisense.service.queue.pairing import FolderLock, require_pair  # noqa: PLC0415

    lock = FolderLock(settings.data_dir, alone=False)
    try:
        engine = open_database(settings.database_url)
        try:
            require_one_folder(engine, settings.data_dir)
            require_pair(engine, settings.data_dir)
        except BaseException:
            engine.dispose()
            raise
    except BaseException:
        lock.close()
        raise
    return engine, lock
