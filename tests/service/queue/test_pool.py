"""Worker threads with real processes, without HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evolvisense.errors import BusyError, StorageFullError
from evolvisense.sandbox import Limits
from evolvisense.service.queue import pool as pool_module
from evolvisense.service.queue import worker
from evolvisense.service.queue.database import open_database
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.pool import WorkerPool
from evolvisense.service.queue.settings import PoolSettings
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import Claim, Job, NewJob
from tests.factory.patience import wait_until

LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=600, wall_s=600)


def pool_settings(target: str, workers: int = 1, limits: Limits = LIMITS) -> PoolSettings:
    return PoolSettings(workers, limits, {}, 3, 3600.0, f"tests.factory.workers:{target}")


class Queue:
    """A queue in a folder, and pools that work on it."""

    def __init__(self, root: Path) -> None:
        self.engine = open_database(f"sqlite:///{root / 'queue.db'}")
        self.store, self.files = JobStore(self.engine), JobFiles(root)

    @contextmanager
    def pool(self, target: str, workers: int = 1, limits: Limits = LIMITS) -> Iterator[WorkerPool]:
        pool = WorkerPool(self.files, pool_settings(target, workers, limits))
        pool.start()
        pool.work_on(self.store)
        try:
            yield pool
        finally:
            pool.close(0.0)

    def submit(self, job_id: str, video: Path | None) -> None:
        path = self.files.new_path()
        path.write_bytes(b"" if video is None else video.read_bytes())
        self.files.keep(path, job_id)
        self.store.submit([NewJob(job_id, {"analysis": {}}, 1, "0" * 64)])

    def ended(self, job_id: str) -> Job:
        def has_ended() -> bool:
            job = self.store.get(job_id)
            return job is not None and job.state not in ("queued", "running")

        wait_until(has_ended)
        wait_until(lambda: not self.files.media(job_id).exists())
        job = self.store.get(job_id)
        assert job is not None
        return job


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    found = Queue(tmp_path)
    yield found
    found.files.close()
    found.engine.dispose()


def test_jobs_of_another_process_are_seen(queue: Queue, silent_video: Path):
    with queue.pool("plain") as pool:
        wait_until(lambda: pool.models)
        queue.submit("a", silent_video)
        assert queue.ended("a").state == "succeeded"
        assert pool.tally.succeeded == 1
        assert pool.tally.frames == 50
        assert pool.tally.stage_s["decode"] > 0


def test_models_are_loaded_before_there_is_a_queue(queue: Queue, silent_video: Path):
    queue.submit("a", silent_video)
    pool = WorkerPool(queue.files, pool_settings("plain"))
    pool.start()
    try:
        wait_until(lambda: pool.models)
        waiting = queue.store.get("a")
        assert waiting is not None
        assert waiting.state == "queued"
        pool.work_on(queue.store)
        assert queue.ended("a").state == "succeeded"
    finally:
        pool.close(0.0)


def test_a_pool_that_never_had_a_queue_closes(queue: Queue):
    pool = WorkerPool(queue.files, pool_settings("plain", workers=2))
    pool.start()
    wait_until(lambda: pool.models)
    pool.close(0.0)
    assert pool.tally.restarts == 0


def test_a_full_disk_when_a_worker_starts_costs_no_worker(
    queue: Queue, silent_video: Path, monkeypatch: pytest.MonkeyPatch
):
    tries: list[str] = []
    real = JobFiles.open_incoming

    def full_at_first(files: JobFiles) -> Path:
        tries.append("one")
        if len(tries) == 1:
            raise StorageFullError("no space is left")
        return real(files)

    monkeypatch.setattr(JobFiles, "open_incoming", full_at_first)
    monkeypatch.setattr(pool_module, "RESTART_PAUSE_S", 0.0)
    pool = WorkerPool(queue.files, pool_settings("plain"))
    pool.start()
    pool.work_on(queue.store)
    try:
        wait_until(lambda: pool.models)
        assert pool.tally.restarts == 1
        queue.submit("a", silent_video)
        assert queue.ended("a").state == "succeeded"
    finally:
        pool.close(0.0)


def test_a_job_that_is_given_back_was_not_canceled(queue: Queue, silent_video: Path):
    queue.submit("a", silent_video)
    with queue.pool("endless") as pool:
        wait_until(queue.store.running)
    assert pool.tally.canceled == 0


def test_a_pool_that_closes_gives_its_job_back(queue: Queue, silent_video: Path):
    queue.submit("a", silent_video)
    with queue.pool("endless"):
        wait_until(queue.store.running)
    job = queue.store.get("a")
    assert job is not None
    assert (job.state, job.attempts) == ("queued", 0)
    assert queue.files.media("a").exists()


def test_a_job_that_was_taken_away_is_let_go(queue: Queue, silent_video: Path):
    queue.submit("a", silent_video)
    with queue.pool("endless"):
        wait_until(queue.store.running)
        ((job_id, lease, beat),) = queue.store.running()
        while queue.store.requeue(job_id, lease, beat, max_attempts=9) is None:
            ((job_id, lease, beat),) = queue.store.running()
        # Its first worker stops, and begins anew under another lease.
        wait_until(lambda: [r for r in queue.store.running() if r[1] != lease])
        job = queue.store.get("a")
        assert job is not None
        assert job.attempts == 2
        assert queue.files.media("a").exists()


def test_a_process_that_keeps_too_much_memory_is_replaced(queue: Queue, silent_video: Path):
    limits = Limits(memory_bytes=450 * 1024**2, cpu_s=600, wall_s=600)
    with queue.pool("hoarding", limits=limits) as pool:
        queue.submit("a", silent_video)
        assert queue.ended("a").state == "failed"
        wait_until(lambda: pool.tally.restarts == 1)


@pytest.mark.parametrize("error", [BusyError("locked", 1), StorageFullError("full")])
def test_work_that_is_done_waits_for_the_database(
    queue: Queue, silent_video: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    real = JobStore.succeed
    tries: list[str] = []

    def unwilling(self: JobStore, claim: Claim, *args: object, **kwargs: object) -> bool:
        tries.append(claim.lease)
        if len(tries) < 3:
            raise error
        return real(self, claim, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(JobStore, "succeed", unwilling)
    monkeypatch.setattr(worker.time, "sleep", lambda _: None)
    with queue.pool("plain"):
        queue.submit("a", silent_video)
        wait_until(lambda: len(tries) == 3)
        job = queue.ended("a")
    assert (job.state, job.attempts, len(set(tries))) == ("succeeded", 1, 1)
