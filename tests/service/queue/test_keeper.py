"""Lost jobs go back by heartbeats alone; what has expired is deleted, but not by a clock's jump."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evolvisense.service.queue import janitor as keeping
from evolvisense.service.queue.deliveries import Deliveries
from evolvisense.service.queue.janitor import Janitor, LeaseWatch
from evolvisense.service.queue.settings import LeaseRules
from evolvisense.types.job import Claim, Failure, NewJob
from tests.service.queue.test_pool import Queue

RULES = LeaseRules(lease_s=10.0, max_attempts=2, retention_s=3600.0)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    found = Queue(tmp_path)
    yield found
    found.files.close()
    found.engine.dispose()


def claimed(queue: Queue, job_id: str = "a") -> Claim:
    if queue.store.get(job_id) is None:
        queue.submit(job_id, None)
    claim = queue.store.claim("worker")
    assert claim is not None
    return claim


def test_a_silent_worker_loses_its_job_after_the_lease(queue: Queue):
    clock = Clock()
    watch = LeaseWatch(queue.store, RULES, clock)
    first = claimed(queue)
    for clock.now_s, taken in ((0.0, 0), (9.9, 0), (10.0, 1)):
        assert watch.look() == taken
    assert not queue.store.succeed(first, "report")
    claimed(queue)
    for clock.now_s, taken in ((11.0, 0), (20.9, 0), (21.0, 1)):
        assert watch.look() == taken
    job = queue.store.get("a")
    assert job is not None
    assert job.failure is not None
    assert (job.state, job.failure.code) == ("failed", "worker_lost")


def test_every_beat_is_a_new_lease(queue: Queue):
    clock = Clock()
    watch = LeaseWatch(queue.store, RULES, clock)
    claim = claimed(queue)
    for second in range(0, 100, 9):
        clock.now_s = float(second)
        assert watch.look() == 0
        assert queue.store.beat(claim, "analysing", 1.0)
    assert queue.store.succeed(claim, "report")


@pytest.mark.parametrize("jump_s", [-1e8, 1e8])
def test_leases_know_no_wall_clock(queue: Queue, monkeypatch: pytest.MonkeyPatch, jump_s: float):
    clock = Clock()
    watch = LeaseWatch(queue.store, RULES, clock)
    claim = claimed(queue)
    watch.look()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)
    clock.now_s = 5.0
    assert watch.look() == 0
    assert queue.store.beat(claim, "analysing", 1.0)
    assert queue.store.succeed(claim, "report")


def test_a_jump_of_the_clock_expires_nothing_at_once(queue: Queue, monkeypatch: pytest.MonkeyPatch):
    keeper = Janitor(queue.store, queue.files, rules=RULES)
    claim = claimed(queue)
    queue.store.fail(claim, Failure("x", "x"), expires_s=time.time() + 3600)
    real = time.time
    monkeypatch.setattr(keeping.time, "time", lambda: real() + 7200)
    keeper.sweep()
    assert queue.store.get("a") is not None
    keeper.sweep()
    assert queue.store.get("a") is None


def test_a_job_goes_with_all_its_files(queue: Queue):
    keeper = Janitor(queue.store, queue.files, rules=RULES)
    claim = claimed(queue)
    name = queue.files.write_report("a", claim.lease, b"{}")
    queue.store.succeed(claim, name)
    assert keeper.remove("a")
    assert not keeper.remove("a")
    left = [p for folder in ("media", "reports") for p in (queue.files.root / folder).iterdir()]
    assert left == []


def test_jobs_of_clients_whose_server_died_are_deleted(queue: Queue):
    keeper = Janitor(queue.store, queue.files, rules=RULES)
    for waiter in (queue.files.instance, "0123456789abcdef"):
        queue.store.submit([NewJob(f"of-{waiter}", {}, 1, "0" * 64, waiter=waiter)])
    keeper.sweep()
    assert queue.store.get(f"of-{queue.files.instance}") is not None
    assert queue.store.get("of-0123456789abcdef") is None


def test_a_job_whose_webhook_waits_is_kept(queue: Queue):
    queue.store.submit([NewJob("a", {}, 1, "0" * 64, webhook="https://a.example")])
    claim = claimed(queue)
    queue.store.fail(claim, Failure("x", "x"), expires_s=0.0)
    assert queue.store.expired(time.time()) == ()
    (delivery,) = Deliveries(queue.engine).of_job("a")
    Deliveries(queue.engine).delivered(delivery.id)
    assert queue.store.expired(time.time()) == ("a",)
