"""Waiting for jobs to change: one question to the database for everybody who waits."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from evolvisense.errors import BusyError, StorageError
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import ENDED, Job

LOOK_S = 0.3
"""Changes by workers of other processes are seen after so long; those of our own at once."""

log = logging.getLogger(__name__)


class JobWatcher:
    """Wakes whoever waits for a job. All methods but `poke` belong to the event loop."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._waiting: dict[str, dict[asyncio.Future[None], int]] = defaultdict(dict)
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(waiters) for waiters in self._waiting.values())

    def poke(self) -> None:
        """Something may have changed; from any thread."""
        self._loop.call_soon_threadsafe(self._news.set)

    async def changed(self, job_id: str, version: int, timeout_s: float | None) -> Job | None:
        """The job once its version is another than `version`; as it is after `timeout_s`.

        None where there is no such job any more.
        """
        job = await asyncio.to_thread(self._store.get, job_id)
        if job is None or job.version != version:
            return job
        news: asyncio.Future[None] = self._loop.create_future()
        self._waiting[job_id][news] = version
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._look())
        try:
            async with asyncio.timeout(timeout_s):
                await news
        except TimeoutError:
            pass
        finally:
            del self._waiting[job_id][news]
            if not self._waiting[job_id]:
                del self._waiting[job_id]
        return await asyncio.to_thread(self._store.get, job_id)

    async def ended(self, job_id: str, timeout_s: float | None = None) -> Job | None:
        """The job once it has ended; as it is after `timeout_s`. None where it was deleted."""
        version = -1
        end_s = None if timeout_s is None else self._loop.time() + timeout_s
        while True:
            left_s = None if end_s is None else max(0.0, end_s - self._loop.time())
            job = await self.changed(job_id, version, left_s)
            if job is None or job.state in ENDED or left_s == 0.0:
                return job
            version = job.version

    async def close(self) -> None:
        """Wake everybody for the last time."""
        for waiters in self._waiting.values():
            for news in waiters:
                if not news.done():
                    news.set_result(None)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while self._waiting:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            except TimeoutError:
                pass
            self._news.clear()
            ids = list(self._waiting)
            try:
                versions = await asyncio.to_thread(self._store.versions, ids)
            except (BusyError, StorageError) as error:
                log.warning("nobody who waits for a job is told of changes now: %s", error)
                await asyncio.sleep(LOOK_S)
                continue
            for job_id in ids:
                for news, version in self._waiting.get(job_id, {}).items():
                    if versions.get(job_id) != version and not news.done():
                        news.set_result(None)
