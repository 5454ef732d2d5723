"""Queue, files and workers of one process, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evolvisense.jobs.files import JobFiles
from evolvisense.jobs.pool import WorkerPool
from evolvisense.jobs.settings import WorkplaceSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

OWNER_ONLY_DIR = 0o700


class Workplace:
    """Works from the moment that it is made; worker processes load their models meanwhile.

    Raises as `open_database`, StorageFullError, and FolderNotSharedError where another process
    of this queue has another folder.
    """

    def __init__(self, settings: WorkplaceSettings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
        self.files = JobFiles(settings.data_dir, reserve_bytes=settings.reserve_bytes)
        self._listeners: list[Callable[[], None]] = []
        self.pool = WorkerPool(self.files, settings.pool, on_change=self._tell)
        self.pool.start()
        try:
            self.engine = _open_queue(settings)
        except BaseException:
            self.pool.close(0.0)
            self.files.close()
            raise
        from evolvisense.jobs.keeper import Keeper  # noqa: PLC0415 - as in _open_queue
        from evolvisense.jobs.store import JobStore  # noqa: PLC0415

        self.store = JobStore(self.engine)
        self.keeper = Keeper(self.store, self.files, rules=settings.leases, on_change=self._tell)
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

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def _open_queue(settings: WorkplaceSettings) -> Engine:
    # Imported only now: the half second of SQLAlchemy passes while a worker loads its models.
    from evolvisense.jobs.database import open_database  # noqa: PLC0415
    from evolvisense.jobs.one_folder import require_one_folder  # noqa: PLC0415

    engine = open_database(settings.database_url)
    try:
        require_one_folder(engine, settings.data_dir)
    except BaseException:
        engine.dispose()
        raise
    return engine
