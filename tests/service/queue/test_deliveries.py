"""Webhooks that wait to be sent."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from evolvisense.service.queue.deliveries import FARTHEST_TRY_S, Deliveries
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import Failure, NewJob

NOW_S = 1.7e9


@pytest.fixture
def store(engine: Engine) -> JobStore:
    return JobStore(engine, now=lambda: NOW_S)


@pytest.fixture
def deliveries(engine: Engine) -> Deliveries:
    return Deliveries(engine)


def canceled(store: JobStore, *ids: str) -> None:
    """Jobs whose end is to be reported."""
    for job_id in ids:
        store.submit([NewJob(job_id, {}, 1, "ab", webhook=f"https://{job_id}.example/")])
        store.cancel(job_id)


def test_every_end_of_a_job_with_a_webhook_is_announced(
    store: JobStore, deliveries: Deliveries
) -> None:
    url = "https://a.example/hook"
    store.submit([NewJob(job_id, {}, 1, "ab", webhook=url) for job_id in "abcd"])
    store.submit([NewJob("quiet", {}, 1, "ab")])
    first, second, third = store.claim("w"), store.claim("w"), store.claim("w")
    assert first is not None
    assert second is not None
    assert third is not None
    assert deliveries.due(NOW_S) == ()
    store.succeed(first, "report")
    store.fail(second, Failure("x", "y"))
    store.requeue("c", third.lease, third.beat, max_attempts=1)
    store.cancel("d")
    store.cancel("quiet")
    assert [(d.job_id, d.event, d.url, d.attempts, d.state) for d in deliveries.due(NOW_S)] == [
        ("a", "analysis.succeeded", url, 1, "pending"),
        ("b", "analysis.failed", url, 1, "pending"),
        ("c", "analysis.failed", url, 1, "pending"),
        ("d", "analysis.canceled", url, 1, "pending"),
    ]


def test_a_delivery_is_held_while_it_is_sent_and_comes_again_if_nothing_is_heard(
    store: JobStore, deliveries: Deliveries
) -> None:
    canceled(store, "a")
    assert len(deliveries.due(NOW_S, hold_s=60)) == 1
    assert deliveries.due(NOW_S + 59) == ()
    (again,) = deliveries.due(NOW_S + 60, hold_s=60)
    assert again.attempts == 2
    assert deliveries.delivered(again.id)
    assert deliveries.due(NOW_S + 1000) == ()
    assert not deliveries.delivered(again.id)
    assert deliveries.of_job("a")[0].state == "delivered"


def test_a_postponed_delivery_comes_at_its_time(store: JobStore, deliveries: Deliveries) -> None:
    canceled(store, "a", "b")
    first, second = deliveries.due(NOW_S)
    assert deliveries.postponed(first.id, NOW_S + 5)
    assert deliveries.abandoned(second.id)
    assert deliveries.due(NOW_S + 4) == ()
    (again,) = deliveries.due(NOW_S + 5)
    assert (again.id, again.attempts) == (first.id, 2)
    assert not deliveries.postponed(second.id, NOW_S)
    assert deliveries.of_job("b")[0].state == "abandoned"


def test_a_clock_set_back_keeps_no_delivery_for_years(
    store: JobStore, deliveries: Deliveries
) -> None:
    canceled(store, "a")
    (first,) = deliveries.due(NOW_S)
    deliveries.postponed(first.id, NOW_S + 3600)
    back_s = NOW_S - 10 * 365 * 24 * 3600
    (again,) = deliveries.due(back_s)
    assert again.next_try_s < back_s + FARTHEST_TRY_S
    assert deliveries.due(back_s) == ()


def test_deliveries_go_with_their_job(store: JobStore, deliveries: Deliveries) -> None:
    canceled(store, "a")
    (first,) = deliveries.due(NOW_S)
    store.delete("a")
    assert not deliveries.delivered(first.id)
    assert not deliveries.postponed(first.id, NOW_S)
    assert deliveries.due(NOW_S + 1000) == deliveries.of_job("a") == ()


def test_no_delivery_is_given_to_two_senders(store: JobStore, deliveries: Deliveries) -> None:
    canceled(store, *(f"j{n}" for n in range(12)))
    gate = threading.Barrier(4)

    def take(_: int) -> list[int]:
        gate.wait()
        return [d.id for _ in range(12) for d in deliveries.due(NOW_S, limit=1)]

    with ThreadPoolExecutor(4) as pool:
        taken = [delivery_id for ids in pool.map(take, range(4)) for delivery_id in ids]
    assert len(taken) == len(set(taken)) == 12
