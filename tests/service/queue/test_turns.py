"""Callers take turns, however many jobs each of them has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from evolvisense.errors import QueueFullError
from evolvisense.service.queue import turns
from evolvisense.service.queue.database import open_database, reading
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import NewJob, Places


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'queue.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine: Engine) -> JobStore:
    return JobStore(engine)


def put(store: JobStore, *names: str, priority: int = 0) -> None:
    """Jobs whose caller is the first letter of their name."""
    store.submit(
        [NewJob(name, {}, 1, "0" * 64, caller=name[0], priority=priority) for name in names]
    )


def claimed(store: JobStore) -> str:
    claim = store.claim("worker")
    return "" if claim is None else claim.job.id


def test_a_long_queue_of_one_caller_stops_nobody_else(store: JobStore) -> None:
    put(store, *(f"a{i}" for i in range(4)))
    put(store, "b0", "c0", "c1")
    assert [claimed(store) for _ in range(8)] == ["a0", "b0", "c0", "a1", "c1", "a2", "a3", ""]


def test_who_comes_again_waits_until_the_others_were_served(store: JobStore) -> None:
    put(store, "a0", "a1", "a2")
    order: list[str] = []
    for number in range(3):
        put(store, f"b{number}")
        order += [claimed(store), claimed(store)]
    assert order == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_clients_who_wait_come_before_other_jobs_of_their_own_only(store: JobStore) -> None:
    put(store, "a0", "b0")
    put(store, "a1", "a2", "a3", priority=10)
    assert [claimed(store) for _ in range(5)] == ["a1", "b0", "a2", "a3", "a0"]


def test_a_job_that_is_given_back_keeps_its_place_among_its_callers(store: JobStore) -> None:
    put(store, "a0", "a1")
    claim = store.claim("worker")
    assert claim is not None
    assert store.release(claim, count_attempt=False)
    assert [claimed(store), claimed(store)] == ["a0", "a1"]


@settings(max_examples=20)
@given(
    waits=st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 10])), max_size=12),
    served=st.lists(st.sampled_from("abcd"), max_size=5),
)
def test_the_place_in_the_queue_is_the_one_that_is_kept(
    tmp_path_factory: pytest.TempPathFactory, waits: list[tuple[str, int]], served: list[str]
) -> None:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('turns') / 'queue.db'}")
    store = JobStore(engine)
    for number, caller in enumerate(served):
        put(store, f"{caller}-before-{number}")
        claimed(store)
    for number, (caller, priority) in enumerate(waits):
        put(store, f"{caller}{number}", priority=priority)
    expected = {
        f"{caller}{n}": store.waiting_ahead(f"{caller}{n}") for n, (caller, _) in enumerate(waits)
    }
    found = {claimed(store): place for place in range(len(waits))}
    engine.dispose()
    assert found == expected


def test_old_turns_are_forgotten(
    store: JobStore, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "REMEMBERED", 3)
    for caller in "abcdefgh":
        put(store, f"{caller}0")
        claimed(store)
    with reading(engine) as connection:
        kept = connection.execute(select(turns.turns.c.caller)).scalars().all()
        last = connection.execute(select(func.max(turns.turns.c.served))).scalar_one()
    assert (sorted(kept), last) == (["f", "g", "h"], 8)


def test_one_caller_cannot_take_all_places(store: JobStore) -> None:
    places = Places(all=4, each=2)
    store.submit([NewJob("a0", {}, 1, "0" * 64, caller="a")], places=places)
    two = [NewJob(f"a{i}", {}, 1, "0" * 64, caller="a") for i in (1, 2)]
    with pytest.raises(QueueFullError, match="share"):
        store.submit(two, places=places)
    store.submit(two[:1], places=places)
    store.submit([NewJob("b0", {}, 1, "0" * 64, caller="b")], places=places)
    assert store.waiting("a") == (3, 2)
