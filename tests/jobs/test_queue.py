"""The bounded queue."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError

import pytest

from evolvisense.errors import BusyError
from evolvisense.jobs import WorkQueue


def test_a_result_and_an_error_reach_the_caller():
    queue = WorkQueue(workers=1, waiting=1)
    assert queue.submit(lambda: 42).result(10) == 42
    with pytest.raises(ZeroDivisionError):
        queue.submit(lambda: 1 // 0).result(10)
    queue.close()
    assert queue.in_flight == 0


def test_more_than_workers_and_waiting_is_refused():
    queue = WorkQueue(workers=2, waiting=1)
    gate = threading.Event()
    futures = [queue.submit(lambda: gate.wait(10)) for _ in range(3)]
    with pytest.raises(BusyError) as refused:
        queue.submit(lambda: None)
    assert refused.value.retry_after_s >= 1
    with pytest.raises(BusyError):
        queue.check_room()
    gate.set()
    assert all(future.result(10) for future in futures)
    queue.submit(lambda: None).result(10)
    queue.close()


def test_at_most_workers_run_at_a_time():
    queue = WorkQueue(workers=2, waiting=20)
    lock = threading.Lock()
    running = most = 0

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    for future in [queue.submit(work) for _ in range(20)]:
        future.result(10)
    queue.close()
    assert most == 2


def test_cancelled_waiting_work_gives_its_place_back():
    queue = WorkQueue(workers=1, waiting=1)
    gate = threading.Event()
    first = queue.submit(lambda: gate.wait(10))
    second = queue.submit(lambda: None)
    assert second.cancel()
    third = queue.submit(lambda: "ran")
    gate.set()
    assert first.result(10)
    assert third.result(10) == "ran"
    queue.close()
    assert queue.in_flight == 0


def test_close_cancels_what_waits_and_lets_the_running_end():
    queue = WorkQueue(workers=1, waiting=2)
    began, gate = threading.Event(), threading.Event()

    def work() -> str:
        began.set()
        gate.wait(10)
        return "done"

    running = queue.submit(work)
    waiting = queue.submit(lambda: None)
    assert began.wait(10)
    closer = threading.Thread(target=queue.close)
    closer.start()
    with pytest.raises(CancelledError):
        waiting.result(10)
    gate.set()
    closer.join(10)
    assert running.result(0) == "done"
    with pytest.raises(RuntimeError):
        queue.submit(lambda: None)
    assert queue.in_flight == 0


def test_the_time_to_wait_follows_recent_work(monkeypatch: pytest.MonkeyPatch):
    clock = iter(range(0, 1000, 30))
    monkeypatch.setattr("evolvisense.jobs.queue.time.monotonic", lambda: float(next(clock)))
    queue = WorkQueue(workers=1, waiting=0)
    queue.submit(lambda: None).result(10)
    while queue.in_flight:
        time.sleep(0.001)
    gate = threading.Event()
    future = queue.submit(lambda: gate.wait(10))
    with pytest.raises(BusyError) as refused:
        queue.submit(lambda: None)
    gate.set()
    future.result(10)
    queue.close()
    assert refused.value.retry_after_s == 30


@pytest.mark.parametrize(("workers", "waiting"), [(0, 1), (1, -1)])
def test_impossible_sizes_are_refused(workers: int, waiting: int):
    with pytest.raises(ValueError, match="workers >= 1"):
        WorkQueue(workers, waiting)
