from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evolvisense.service.queue.database import open_database
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.janitor import Janitor, LeaseWatch
from evolvisense.service.queue.settings import LeaseRules
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import NewJob
from trials.clips import small_clip
from trials.clock_jump import jump, jumping_command
from trials.process import serving

DAY_S = 24 * 3600.0
RULES = LeaseRules(lease_s=15, max_attempts=3, retention_s=DAY_S)


class Clocks:
    """A wall clock that jumps and a monotonic one that does not."""

    def __init__(self) -> None:
        self.wall_s, self.monotonic_s = 1.8e9, 100.0


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def store(tmp_path: Path, clocks: Clocks) -> Iterator[JobStore]:
    engine = open_database(f"sqlite:///{tmp_path / 'queue.db'}")
    yield JobStore(engine, now=lambda: clocks.wall_s)
    engine.dispose()


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S, 20 * 365 * DAY_S])
def test_a_jump_takes_no_job_from_its_worker(store: JobStore, clocks: Clocks, jump_s: float):
    store.submit([NewJob("a", {}, 1, "ab")])
    watch = LeaseWatch(store, RULES, lambda: clocks.monotonic_s)
    claim = store.claim("w")
    assert claim is not None
    assert watch.look() == 0
    clocks.wall_s += jump_s
    clocks.monotonic_s += RULES.lease_s - 1
    assert watch.look() == 0
    assert store.beat(claim, "faces", 50)
    assert store.succeed(claim, "a.b")


def test_a_silent_worker_loses_its_job_though_the_clock_stands_still(
    store: JobStore, clocks: Clocks
):
    store.submit([NewJob("a", {}, 1, "ab")])
    watch = LeaseWatch(store, RULES, lambda: clocks.monotonic_s)
    claim = store.claim("w")
    assert claim is not None
    assert watch.look() == 0
    clocks.monotonic_s += RULES.lease_s
    assert watch.look() == 1
    assert not store.succeed(claim, "a.b")
    assert store.claim("v") is not None


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S])
def test_a_jump_changes_no_order(store: JobStore, clocks: Clocks, jump_s: float):
    store.submit([NewJob("first", {}, 1, "ab")])
    clocks.wall_s += jump_s
    store.submit([NewJob("second", {}, 1, "ab")])
    claimed = [store.claim("w"), store.claim("w")]
    assert [claim.job.id for claim in claimed if claim] == ["first", "second"]


def test_a_report_does_not_expire_by_a_jump_that_does_not_last(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    files = JobFiles(tmp_path)
    keeper = Janitor(store, files, rules=RULES)
    store.submit([NewJob("a", {}, 1, "ab")])
    claim = store.claim("w")
    assert claim is not None
    true_time = time.time
    store.succeed(claim, "a.b", expires_s=true_time() + DAY_S)
    monkeypatch.setattr(time, "time", lambda: true_time() + 2 * DAY_S)
    keeper.sweep()
    monkeypatch.setattr(time, "time", true_time)
    keeper.sweep()
    keeper.sweep()
    assert store.get("a") is not None
    monkeypatch.setattr(time, "time", lambda: true_time() + 2 * DAY_S)
    keeper.sweep()
    keeper.sweep()
    assert store.get("a") is None
    files.close()


@pytest.mark.trials
def test_a_server_whose_clock_jumps_finishes_its_jobs_once(tmp_path: Path):
    clock = tmp_path / "clock"
    clock.write_text("0")
    with serving(tmp_path, command=jumping_command(clock), report_retention_s=1e9) as server:
        found = jump(server, clock, small_clip(), (2 * DAY_S, -2 * DAY_S))
    assert len(found.accepted) == 8
    assert found.ledger.unfinished(found.accepted) == []
    assert found.ledger.not_once() == []
    assert set(found.ledger.attempts.values()) == {1}
    assert found.missing == ()
    assert found.left == ()
