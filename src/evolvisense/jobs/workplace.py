"""Queue, files and workers of one process, opened and closed together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evolvisense.jobs.database import open_database
from evolvisense.jobs.files import JobFiles
from evolvisense.jobs.keeper import Keeper, LeaseRules
from evolvisense.jobs.one_folder import require_one_folder
from evolvisense.jobs.pool import WorkerPool
from evolvisense.jobs.store import JobStore
from evolvisense.jobs.worker import PoolSettings

OWNER_ONLY_DIR = 0o700


@dataclass(frozen=True)
class WorkplaceSettings:
    """Where the queue is and how it is worked on."""

    data_dir: Path
    database_url: str
    reserve_bytes: int
    """Kept free on the disk."""
    pool: PoolSettings
    leases: LeaseRules


class Workplace:
    """Works from the moment that it is made; worker processes load their models meanwhile.

    Raises as `open_database`, StorageFullError, and FolderNotSharedError where another process
    of this queue has another folder.
    """

    def __init__(self, settings: WorkplaceSettings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
        self.files = JobFiles(settings.data_dir, reserve_bytes=settings.reserve_bytes)
        self._listeners: list[Callable[[], None]] = []
        self.engine = open_database(settings.database_url)
        try:
            require_one_folder(self.engine, settings.data_dir)
        except BaseException:
            self.engine.dispose()
            raise
        self.store = JobStore(self.engine)
        self.pool = WorkerPool(self.store, self.files, settings.pool, on_change=self._tell)
        self.keeper = Keeper(self.store, self.files, rules=settings.leases, on_change=self._tell)
        self.pool.start()
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
