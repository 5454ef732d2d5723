"""`evolvisense data move`: rows, keys and ids, and nothing lost where it is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from evolvisense.errors import DatabaseError, DatabaseMismatchError
from evolvisense.service.access.keys import ApiKeys
from evolvisense.service.queue import migration as moving
from evolvisense.service.queue.database import open_database, reading
from evolvisense.service.queue.deliveries import Deliveries
from evolvisense.service.queue.migration import move
from evolvisense.service.queue.pairing import folder_id, require_pair
from evolvisense.service.queue.store import JobStore
from evolvisense.service.queue.tables import metadata, schema
from evolvisense.types.job import NewJob
from tests.factory.databases import sqlite_url


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def old(root: Path) -> Iterator[Engine]:
    """A queue with everything in it."""
    engine = open_database(sqlite_url(root))
    require_pair(engine, root)
    store = JobStore(engine)
    for job_id in ("a", "b", "c", "last"):
        new = NewJob(
            job_id, {"unit": "°"}, 5, "0" * 64, owner="key", webhook="https://a.example",
            idempotency_key=f"of {job_id}", fingerprint="f",
        )  # fmt: skip
        store.submit([new])
    claim = store.claim("worker")
    assert claim is not None
    store.succeed(claim, "a.report", expires_s=2e9)
    store.cancel("b")
    store.delete("last")
    ApiKeys(engine).create("me", ["read"])
    yield engine
    engine.dispose()


@pytest.fixture
def new(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    url = database_url.replace(str(tmp_path), str(tmp_path / "new"))
    engine = open_database(url)
    yield engine
    engine.dispose()


def rows_of(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with reading(engine) as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in metadata.sorted_tables
            if table is not schema
        }


def test_everything_is_there_and_the_folder_has_changed_hands(
    old: Engine, new: Engine, root: Path
) -> None:
    before = rows_of(old)
    moved = move(old, new, root)
    assert moved.rows == {name: len(rows) for name, rows in before.items()}
    assert all(moved.rows.values())
    assert rows_of(new) == before
    require_pair(new, root)
    with pytest.raises(DatabaseMismatchError):
        require_pair(old, root)


def test_numbers_go_on(old: Engine, new: Engine, root: Path) -> None:
    move(old, new, root)
    store = JobStore(new)
    page, _ = store.list_page()
    store.submit([NewJob("next", {}, 1, "0" * 64, webhook="https://a.example")])
    assert [job.id for job in store.list_page()[0]] == ["next", *(job.id for job in page)]
    with reading(new) as connection:
        numbers = dict(connection.execute(select(moving.jobs.c.id, moving.jobs.c.seq)).all())
    assert numbers["next"] == 5, "4 was given to a job that is deleted"
    store.cancel("next")
    (delivery,) = Deliveries(new).of_job("next")
    assert delivery.id == 3


def test_another_queue_is_not_overwritten(old: Engine, new: Engine, root: Path) -> None:
    JobStore(new).submit([NewJob("x", {}, 1, "0" * 64)])
    before = folder_id(root)
    with pytest.raises(DatabaseError, match="not empty: jobs has 1 rows"):
        move(old, new, root)
    assert folder_id(root) == before


def test_killed_before_the_hand_over_it_is_run_again(
    old: Engine, new: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(moving, "give_to", killed)
        with pytest.raises(KeyboardInterrupt):
            move(old, new, root)
    with pytest.raises(DatabaseMismatchError):
        require_pair(new, root)
    require_pair(old, root)
    JobStore(old).submit([NewJob("meanwhile", {}, 1, "0" * 64)])  # the server went on
    JobStore(old).delete("c")
    move(old, new, root)
    assert rows_of(new) == rows_of(old)
    require_pair(new, root)


def test_killed_while_it_copies_nothing_has_changed(
    old: Engine, new: Engine, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    empty, before = rows_of(new), folder_id(root)
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_go_on_counting", killed)
        with pytest.raises(KeyboardInterrupt):
            move(old, new, root)
    assert (rows_of(new), folder_id(root)) == (empty, before)
    move(old, new, root)


def test_the_same_database_is_no_new_one(old: Engine, root: Path) -> None:
    again = open_database(sqlite_url(root), busy_s=0.2)
    with pytest.raises(Exception, match=r"already|locked"):
        move(old, again, root)
    again.dispose()
