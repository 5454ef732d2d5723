"""The queue against a simple model, and its promises one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, delete

from evolvisense.errors import BusyError, IdempotencyConflictError
from evolvisense.service.queue.database import writing
from evolvisense.service.queue.deliveries import EVENTS, Deliveries
from evolvisense.service.queue.store import WORKER_LOST, JobStore
from evolvisense.service.queue.tables import idempotency, jobs
from evolvisense.types.job import ENDED, STATES, Claim, Failure, JobCounts, NewJob, Places


def new_job(job_id: str, **fields: Any) -> NewJob:
    return replace(NewJob(job_id, {"analysis": {}}, 10, "ab" * 32), **fields)


@pytest.fixture
def store(engine: Engine) -> JobStore:
    return JobStore(engine)


@dataclass
class Known:
    """What the model knows of a job."""

    new: NewJob
    seq: int
    state: str = "queued"
    attempts: int = 0
    lease: str | None = None
    beat: int = 0
    version: int = 1
    report: str | None = None
    failure: str | None = None


LATEST = st.sampled_from([0, 0, 0, 1, 2, 3])
was_claimed = precondition(lambda self: self.claims)


class Queue(RuleBasedStateMachine):
    """Any order of calls by any number of workers, over a clock that jumps."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        with writing(engine) as connection:
            connection.execute(delete(jobs))
            connection.execute(delete(idempotency))
        self.now_s = 1e9
        self.store = JobStore(engine, now=lambda: self.now_s)
        self.deliveries = Deliveries(engine)
        self.model: dict[str, Known] = {}
        self.claims: list[Claim] = []
        self.count = 0

    @rule(by_s=st.floats(-1e8, 1e8))
    def clock_jumps(self, by_s: float) -> None:
        self.now_s += by_s

    @rule(
        priorities=st.lists(st.integers(-2, 2), min_size=1, max_size=3),
        owner=st.sampled_from(["", "anna"]),
        key=st.sampled_from(["", "", "k1", "k2"]),
        webhook=st.sampled_from(["", "https://a.example/hook"]),
    )
    def submit(self, priorities: list[int], owner: str, key: str, webhook: str) -> None:
        new = [
            new_job(
                f"job-{self.count + n}", priority=p, owner=owner, idempotency_key=key,
                webhook=webhook, fingerprint="f",
            )
            for n, p in enumerate(priorities)
        ]  # fmt: skip
        used = self.of_key(owner, key)
        if used:
            with pytest.raises(IdempotencyConflictError) as conflict:
                self.store.submit(new)
            assert conflict.value.job_ids == used
            return
        accepted = self.store.submit(new)
        assert [job.id for job in accepted] == [job.id for job in new]
        for job in new:
            self.count += 1
            self.model[job.id] = Known(job, self.count)

    @rule()
    def claim(self) -> None:
        waiting = [k for k in self.model.values() if k.state == "queued"]
        claim = self.store.claim("w")
        if claim is None:
            assert not waiting
            return
        known = self.model[claim.job.id]
        assert known is min(waiting, key=lambda k: (-k.new.priority, k.seq))
        assert claim.lease not in {earlier.lease for earlier in self.claims}
        self.claims.append(claim)
        known.state, known.lease, known.beat = "running", claim.lease, claim.beat
        known.attempts += 1
        known.version += 1
        assert claim.job.attempts == known.attempts

    @was_claimed
    @rule(which=LATEST, stage=st.sampled_from(["faces", "voice"]), percent=st.floats(-5, 105))
    def beat(self, which: int, stage: str, percent: float) -> None:
        claim = self.latest(which)
        known = self.held(claim)
        before = self.store.get(claim.job.id)
        assert self.store.beat(claim, stage, percent) == (known is not None)
        if known is not None and before is not None:
            shown = (stage, min(100.0, max(0.0, percent)))
            known.beat += 1
            known.version += shown != (before.stage, before.percent)

    @was_claimed
    @rule(which=LATEST)
    def succeed(self, which: int) -> None:
        claim = self.latest(which)
        report = f"{claim.job.id}.{claim.lease}"
        won = self.store.succeed(claim, report, expires_s=self.now_s + 10)
        self.ends(self.held(claim), "succeeded", won, report=report)

    @was_claimed
    @rule(which=LATEST)
    def fail(self, which: int) -> None:
        claim = self.latest(which)
        won = self.store.fail(claim, Failure("broken", "it is\x00 broken \udcff"))
        self.ends(self.held(claim), "failed", won, failure="broken")

    @was_claimed
    @rule(which=LATEST, counts=st.booleans())
    def release(self, which: int, counts: bool) -> None:
        claim = self.latest(which)
        known = self.held(claim)
        assert self.store.release(claim, count_attempt=counts) == (known is not None)
        if known is not None:
            self.waits_again(known)
            known.attempts -= not counts

    @was_claimed
    @rule(which=LATEST, behind=st.sampled_from([0, 0, 1]), most=st.integers(1, 3))
    def requeue(self, which: int, behind: int, most: int) -> None:
        claim = self.latest(which)
        known = self.held(claim)
        beat = (known.beat if known else claim.beat) - behind
        result = self.store.requeue(claim.job.id, claim.lease, beat, max_attempts=most)
        if known is None or behind:
            assert result is None
        elif known.attempts < most:
            assert result == "queued"
            self.waits_again(known)
        else:
            self.ends(known, "failed", result == "failed", failure=WORKER_LOST)

    @rule(number=st.integers(0, 15))
    def cancel(self, number: int) -> None:
        job_id = f"job-{number}"
        known = self.model.get(job_id)
        job = self.store.cancel(job_id)
        assert (job is None) == (known is None)
        if known is not None and known.state not in ENDED:
            self.ends(known, "canceled", True)

    @rule(number=st.integers(0, 15))
    def remove(self, number: int) -> None:
        job_id = f"job-{number}"
        assert self.store.delete(job_id) == (self.model.pop(job_id, None) is not None)

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        listed, following = self.store.list_page(limit=1000)
        assert following is None
        newest_first = sorted(self.model.values(), key=lambda k: -k.seq)
        assert [job.id for job in listed] == [k.new.id for k in newest_first]
        for job, known in zip(listed, newest_first, strict=True):
            assert (job.state, job.attempts) == (known.state, known.attempts)
            assert (job.version, job.report) == (known.version, known.report)
            assert (job.failure.code if job.failure else None) == known.failure
            assert (job.finished_s is not None) == (job.state in ENDED)

    @rule()
    def every_end_was_announced_once(self) -> None:
        for known in self.model.values():
            ended = known.state in ENDED and known.new.webhook
            sent = [d.event for d in self.deliveries.of_job(known.new.id)]
            assert sent == ([EVENTS[known.state]] if ended else [])

    @rule()
    def questions_agree(self) -> None:
        of_state = {s: sum(k.state == s for k in self.model.values()) for s in STATES}
        counts = self.store.counts()
        assert replace(counts, oldest_queued_s=None) == JobCounts(**of_state)
        assert (counts.oldest_queued_s is None) == (of_state["queued"] == 0)
        assert self.store.in_flight() == of_state["queued"] + of_state["running"]
        assert set(self.store.running()) == {
            (k.new.id, k.lease, k.beat) for k in self.model.values() if k.state == "running"
        }
        turns = sorted(
            (k for k in self.model.values() if k.state == "queued"),
            key=lambda k: (-k.new.priority, k.seq),
        )
        if turns:
            assert self.store.waiting_ahead(turns[-1].new.id) == len(turns) - 1
        for owner in ("", "anna"):
            for key in ("k1", "k2"):
                found = self.store.find_idempotent(owner, key)
                expected = self.of_key(owner, key)
                assert (tuple(j.id for j in found[1]) if found else ()) == expected

    def of_key(self, owner: str, key: str) -> tuple[str, ...]:
        return tuple(
            k.new.id
            for k in self.model.values()
            if key and (k.new.owner, k.new.idempotency_key) == (owner, key)
        )

    def latest(self, which: int) -> Claim:
        """The latest claim or an earlier one, which may have ended long ago."""
        return self.claims[-1 - which % len(self.claims)]

    def held(self, claim: Claim) -> Known | None:
        known = self.model.get(claim.job.id)
        return known if known is not None and known.lease == claim.lease else None

    def waits_again(self, known: Known) -> None:
        known.state, known.lease = "queued", None
        known.version += 1

    def ends(self, known: Known | None, state: str, won: bool, **result: str) -> None:
        assert won == (known is not None)
        if known is not None:
            known.state, known.lease = state, None
            known.version += 1
            for name, value in result.items():
                setattr(known, name, value)


def test_any_order_of_calls_is_as_the_model_says(engine: Engine) -> None:
    examples = 25 if engine.dialect.name == "sqlite" else 10
    run_state_machine_as_test(
        lambda: Queue(engine), settings=settings(max_examples=examples, stateful_step_count=30)
    )


def test_a_submission_is_accepted_as_a_whole_or_not_at_all(store: JobStore) -> None:
    store.submit([new_job("a")])
    with pytest.raises(ValueError, match="a job a already"):
        store.submit([new_job("b"), new_job("a")])
    with pytest.raises(ValueError, match="JSON"):
        store.submit([new_job("c"), new_job("d", options={"x": float("nan")})])
    keyed = new_job("e", idempotency_key="k", fingerprint="1")
    with pytest.raises(ValueError, match="one fingerprint"):
        store.submit([keyed, replace(keyed, id="f", fingerprint="2")])
    assert set(store.owners("abcdef")) == {"a"}
    assert store.submit([]) == ()


@pytest.mark.parametrize(
    "wrong",
    [{"media_bytes": -1}, {"priority": 10**9}, {"owner": "a\x00"}, {"webhook": "\ud800"}],
)
def test_what_cannot_be_stored_is_refused_before(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        new_job("a", **wrong)


def test_a_job_has_an_id() -> None:
    with pytest.raises(ValueError, match="an id"):
        new_job("")


def test_all_that_was_submitted_comes_back(store: JobStore) -> None:
    new = NewJob(
        "a", {"analysis": {"text": "Ünï \u0000 \U0001f600"}, "n": [1, 2.5, None]}, 2**40, "ab" * 32,
        owner="anna", priority=-3, waiter="w1", webhook="https://a.example/", request_id="r",
        submission="s", idempotency_key="k", fingerprint="f",
    )  # fmt: skip
    (job,) = store.submit([new])
    assert store.get("a") == job
    for name in ("id", "options", "media_bytes", "media_sha256", "owner", "priority", "waiter"):
        assert getattr(job, name) == getattr(new, name)
    for name in ("webhook", "request_id", "submission"):
        assert getattr(job, name) == getattr(new, name)
    assert store.find_idempotent("anna", "k") == ("f", (job,))
    assert store.find_idempotent("", "k") is None
    assert store.waiters() == {"w1"}
    assert [waited.id for waited in store.waited_by(["w0", "w1", ""])] == ["a"]
    assert store.versions(["a", "b"]) == {"a": 1}


def test_no_more_jobs_are_accepted_than_there_are_places(store: JobStore) -> None:
    store.submit([new_job("a", idempotency_key="k")], places=Places(1, 1))
    with pytest.raises(BusyError) as refused:
        store.submit([new_job("b")], places=Places(1, 1))
    assert refused.value.retry_after_s >= 1
    with pytest.raises(IdempotencyConflictError):
        store.submit([new_job("b", idempotency_key="k")], places=Places(1, 1))
    store.cancel("a")
    store.submit([new_job("b")], places=Places(1, 1))


def test_of_two_threads_with_one_idempotency_key_one_is_accepted(store: JobStore) -> None:
    for turn in range(10):
        gate = threading.Barrier(2)

        def send(name: str, turn: int = turn, gate: threading.Barrier = gate) -> tuple[str, ...]:
            job = new_job(f"{name}-{turn}", idempotency_key=f"k{turn}", fingerprint=name)
            gate.wait()
            try:
                return tuple(accepted.id for accepted in store.submit([job]))
            except IdempotencyConflictError as conflict:
                return conflict.job_ids

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(send, "ab")
        found = store.find_idempotent("", f"k{turn}")
        assert found is not None
        assert first == second == tuple(known.id for known in found[1])
    assert store.in_flight() == 10


def test_a_key_is_free_again_when_all_jobs_of_its_request_are_deleted(store: JobStore) -> None:
    keyed = [new_job(job_id, idempotency_key="k", fingerprint="f") for job_id in "ab"]
    store.submit(keyed)
    store.delete("a")
    with pytest.raises(IdempotencyConflictError) as conflict:
        store.submit([new_job("c", idempotency_key="k")])
    assert conflict.value.job_ids == ("b",)
    store.delete("b")
    store.submit([new_job("c", idempotency_key="k", fingerprint="g")])
    found = store.find_idempotent("", "k")
    assert found is not None
    assert found[0] == "g"


def test_pages_put_together_are_the_list_while_new_jobs_come(store: JobStore) -> None:
    owners = ["anna" if n % 3 else "" for n in range(25)]
    store.submit([new_job(f"j{n}", owner=o, submission="s") for n, o in enumerate(owners)])
    store.delete("j24")
    for owner in (None, "anna"):
        whole = [job.id for job in store.list_page(owner, limit=1000)[0]]
        turned: list[str] = []
        after: int | None = None
        while True:
            page, after = store.list_page(owner, None, "s", after, 4)
            turned += [job.id for job in page]
            store.submit([new_job(f"new-{owner}-{len(turned)}", owner="anna", submission="s")])
            if after is None:
                break
        assert turned == whole
    assert store.list_page(state="canceled") == ((), None)
    with pytest.raises(ValueError, match="limit"):
        store.list_page(limit=0)


def test_a_number_is_never_given_again(store: JobStore) -> None:
    store.submit([new_job("a"), new_job("b")])
    _, after_b = store.list_page(limit=1)
    store.delete("b")
    store.submit([new_job("c")])
    assert after_b is not None
    assert [job.id for job in store.list_page(after=after_b)[0]] == ["a"]


@pytest.mark.parametrize("jump_s", [-1e9, 1e9])
def test_a_jumping_clock_takes_no_job_from_its_worker(engine: Engine, jump_s: float) -> None:
    now_s = 1.7e9
    store = JobStore(engine, now=lambda: now_s)
    store.submit([new_job("a"), new_job("b")])
    claim = store.claim("w")
    assert claim is not None
    now_s += jump_s
    other = store.claim("w")
    assert other is not None
    assert (claim.job.id, other.job.id) == ("a", "b")
    assert store.claim("w") is None
    assert store.beat(claim, "faces", 10)
    assert store.counts().oldest_queued_s is None
    assert store.succeed(claim, "report")
    store.release(other, count_attempt=True)
    assert store.counts().oldest_queued_s == max(0.0, jump_s)


def test_a_lost_worker_is_replaced_until_the_attempts_are_used_up(store: JobStore) -> None:
    store.submit([new_job("a")])
    for attempt in (1, 2):
        claim = store.claim("w")
        assert claim is not None
        assert store.requeue("a", claim.lease, claim.beat + 1, max_attempts=2) is None
        after = store.requeue("a", claim.lease, claim.beat, max_attempts=2, expires_s=5.0)
        assert after == ("queued" if attempt == 1 else "failed")
        assert not store.succeed(claim, "report")
        assert not store.beat(claim, "faces", 1)
    job = store.get("a")
    assert job is not None
    assert job.failure is not None
    assert job.failure.code == WORKER_LOST
    assert "2 times" in job.failure.detail
    assert (job.report, job.expires_s) == (None, 5.0)


def test_of_all_who_end_a_job_one_wins(store: JobStore) -> None:
    for turn in range(10):
        job_id = f"a{turn}"
        store.submit([new_job(job_id, webhook="https://a.example/")])
        claim = store.claim("w")
        assert claim is not None
        gate = threading.Barrier(4)

        def at_once(call: Callable[[], object], gate: threading.Barrier = gate) -> object:
            gate.wait()
            return call()

        def canceled(job_id: str = job_id) -> bool:
            job = store.cancel(job_id)
            return job is not None and job.state == "canceled"

        calls: list[Callable[[], object]] = [
            lambda c=claim: store.succeed(c, "report"),
            lambda c=claim: store.fail(c, Failure("x", "y")),
            lambda c=claim: store.requeue(c.job.id, c.lease, c.beat, max_attempts=1),
            canceled,
        ]
        with ThreadPoolExecutor(4) as pool:
            assert sum(map(bool, pool.map(at_once, calls))) == 1


def test_jobs_expire_by_the_time_of_their_end(store: JobStore) -> None:
    store.submit([new_job(job_id) for job_id in "abcd"])
    first, second = store.claim("w"), store.claim("w")
    assert first is not None
    assert second is not None
    store.succeed(first, "report", expires_s=100.0)
    store.fail(second, Failure("x", "y"), expires_s=200.0)
    store.cancel("c", expires_s=300.0)
    assert store.expired(99.0) == ()
    assert store.expired(200.0) == ("a", "b")
    assert store.expired(1e12) == ("a", "b", "c")
    assert {i for i, owner in store.owners("abcd").items() if owner.is_unfinished} == {"d"}


def test_progress_that_is_no_number_is_a_mistake(store: JobStore) -> None:
    store.submit([new_job("a")])
    claim = store.claim("w")
    assert claim is not None
    with pytest.raises(ValueError, match="nan"):
        store.beat(claim, "faces", float("nan"))


def test_many_ids_are_asked_for_in_parts(store: JobStore) -> None:
    store.submit([new_job("a")])
    ids = [f"x{n}" for n in range(1200)]
    assert set(store.owners([*ids, "a"])) == {"a"}
    assert store.waited_by(ids) == ()
