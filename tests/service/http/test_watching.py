"""Whoever waits for a job hears of its end, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from evolvisense.errors import BusyError, DatabaseError, StorageFullError
from evolvisense.service.http.waiting import JobWatcher
from evolvisense.service.queue.database import open_database
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import NewJob


@pytest.mark.parametrize(
    "error",
    [DatabaseError("it restarts"), StorageFullError("no space"), BusyError("it is busy", 1)],
)
def test_an_error_of_the_database_leaves_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'queue.db'}")
    store = JobStore(engine)
    store.submit([NewJob("a", {}, 1, "0" * 64)])
    real, failed = store.versions, asyncio.Event()

    def versions(ids: Sequence[str]) -> dict[str, int]:
        if not failed.is_set():
            failed.set()
            raise error
        return dict(real(ids))

    async def wait() -> None:
        monkeypatch.setattr(store, "versions", versions)
        watcher = JobWatcher(store)
        ended = asyncio.create_task(watcher.ended("a"))
        while not failed.is_set():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(store.cancel, "a", expires_s=1.0)
        job = await ended
        assert job is not None
        assert job.state == "canceled"
        await watcher.close()

    asyncio.run(wait())
    engine.dispose()
