"""Jobs and leases in the database: an accepted job is never lost and never ends twice.

    submit ---> queued ---claim---> running(lease, beat 0) --heartbeat--> running(lease, beat n+1)
                  ^                      |        |     |
                  |<------release--------+        |     +--succeed / fail / cancel--> ended
                  |                               |
                  +<--requeue(lease, beat n)------+     by whoever watched beat n stand still for
                          |                             lease_s of its own monotonic clock
                          +--max_attempts reached--> failed (worker_lost)

Every arrow names the lease it believes in; where the row has another one by now, nothing changes
and the caller gets False or None. No two clocks are compared.

Guarded by tests/service/queue/test_store.py (every sequence of calls against a model) and
tests/service/queue/test_store_processes.py (processes that are killed in between).
"""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select, update

from evolvisense.errors import IdempotencyConflictError, QueueFullError
from evolvisense.service.queue.database import RETRY_AFTER_S, checkpoint, exclusive, wipe, writing
from evolvisense.service.queue.deliveries import announce
from evolvisense.service.queue.queries import JobQueries, job_of, row_of
from evolvisense.service.queue.tables import deleted_jobs, idempotency, jobs
from evolvisense.service.queue.turns import count_turn, next_job, order_of_callers
from evolvisense.types.job import (
    UNFINISHED,
    Claim,
    Failure,
    Job,
    JobState,
    NewJob,
    Places,
    storable,
)

WORKER_LOST = "worker_lost"


class JobStore(JobQueries):
    """The queue. Every method is one short transaction, on disk when the method returns.

    `now` gives unix seconds for what is shown; no decision about a lease or an order depends on it.
    All methods raise BusyError, StorageFullError or DatabaseError, and then nothing has changed;
    only with Postgres, a connection lost in the middle of a commit leaves that open.
    """

    def submit(self, new: Sequence[NewJob], *, places: Places | None = None) -> tuple[Job, ...]:
        """Accept all jobs or none, in this order; a durable promise once this returns.

        Raises IdempotencyConflictError where an owner has used the idempotency key before (its
        jobs: `find_idempotent`), QueueFullError where more jobs than `places` would wait, and
        ValueError where an id is taken.
        """
        keys = _keys(new)
        rows = [row_of(job, self._now()) for job in new]
        if not rows:
            return ()
        ids = [job.id for job in new]
        with writing(self._engine) as connection:
            # Numbers are given and committed in one order, so that no page misses a job.
            exclusive(connection, "submit")
            for owner, key in keys:
                _require_unused(connection, owner, key)
            if places is not None:
                _require_places(connection, new, places)
            if taken := connection.execute(select(jobs.c.id).where(jobs.c.id.in_(ids))).scalar():
                raise ValueError(f"there is a job {taken} already")
            for (owner, key), fingerprint in keys.items():
                connection.execute(
                    insert(idempotency).values(owner=owner, key=key, fingerprint=fingerprint)
                )
            for row in rows:
                connection.execute(insert(jobs).values(**row))
            connection.execute(delete(deleted_jobs).where(deleted_jobs.c.id.in_(ids)))
            return tuple(_get(connection, job_id) for job_id in ids)

    def announce_files(self, ids: Sequence[str]) -> None:
        """Say that files with these ids will come; until `submit` accepts them they may be swept.

        Without it, what a server leaves that dies before `submit` could not be told from the files
        of a job of another database.
        """
        with writing(self._engine) as connection:
            for job_id in ids:
                _note_deleted(connection, job_id, self._now())

    def forget_deleted(self, before_s: float, keep: Iterable[str]) -> int:
        """Forget deletions before `before_s` unix seconds, but those of the ids in `keep`."""
        old = select(deleted_jobs.c.id).where(deleted_jobs.c.deleted_s < before_s)
        with writing(self._engine) as connection:
            ids = sorted(set(connection.execute(old).scalars()) - set(keep))
            for job_id in ids:
                connection.execute(delete(deleted_jobs).where(deleted_jobs.c.id == job_id))
        return len(ids)

    def claim(self, worker: str) -> Claim | None:
        """The next queued job by the turns of callers (`turns`); None without one."""
        lease = secrets.token_hex(8)
        with writing(self._engine) as connection:
            # One at a time: whose turn is next depends on the claim before.
            exclusive(connection, "claim")
            row = _next(connection)
            if row is None:
                return None
            count_turn(connection, row["caller"])
            _change(
                connection,
                row,
                state="running",
                worker=storable(worker),
                lease=lease,
                beat=0,
                attempts=row["attempts"] + 1,
                started_s=self._now(),
            )
            return Claim(_get(connection, row["id"]), lease, 0)

    def beat(self, claim: Claim, stage: str, percent: float) -> bool:
        """Say that the work goes on; False when it is somebody else's or nobody's by now.

        `percent` is brought into 0 to 100. Raises ValueError where it is not a number.
        """
        if math.isnan(percent):
            raise ValueError("expected a percentage, got nan")
        shown = {"stage": storable(stage), "percent": min(100.0, max(0.0, float(percent)))}
        with writing(self._engine) as connection:
            row = _held(connection, claim)
            if row is None:
                return False
            same = all(row[name] == value for name, value in shown.items())
            version = row["version"] if same else row["version"] + 1
            _change(connection, row, version=version, beat=row["beat"] + 1, **shown)
            return True

    def succeed(
        self,
        claim: Claim,
        report_file: str,
        *,
        overlay_file: str | None = None,
        expires_s: float | None = None,
    ) -> bool:
        """The job has its report and overlay, names of files. False when it was not ours to end."""
        return self._end_held(
            claim,
            "succeeded",
            percent=100.0,
            report=report_file,
            overlay=overlay_file,
            expires_s=expires_s,
        )

    def fail(self, claim: Claim, failure: Failure, *, expires_s: float | None = None) -> bool:
        """The job cannot be done. False when it was not ours to end."""
        return self._end_held(claim, "failed", **_failed(failure), expires_s=expires_s)

    def release(self, claim: Claim, *, count_attempt: bool) -> bool:
        """Give the job back to its old place in the queue. False when it was not ours."""
        with writing(self._engine) as connection:
            row = _held(connection, claim)
            if row is None:
                return False
            _queue(connection, row, attempts=row["attempts"] - (not count_attempt))
            return True

    def requeue(
        self,
        job_id: str,
        lease: str,
        beat: int,
        *,
        max_attempts: int,
        expires_s: float | None = None,
    ) -> Literal["queued", "failed"] | None:
        """Take a job from a worker whose beat has stood still, to be tried `max_attempts` times.

        None where the lease or the beat is another by now, and nothing has changed. `expires_s` is
        for a job that fails.
        """
        with writing(self._engine) as connection:
            row = _locked(connection, job_id)
            if row is None or (row["lease"], row["beat"]) != (lease, beat):
                return None
            if row["attempts"] < max_attempts:
                _queue(connection, row)
                return "queued"
            times = "once" if row["attempts"] == 1 else f"{row['attempts']} times"
            failure = Failure(WORKER_LOST, f"the job was begun {times}, and every worker was lost")
            _end(connection, row, "failed", self._now(), **_failed(failure), expires_s=expires_s)
            return "failed"

    def cancel(self, job_id: str, *, expires_s: float | None = None) -> Job | None:
        """End a job that waits or runs; the job as it is now, None where there is none.

        A job that has ended stays as it is.
        """
        with writing(self._engine) as connection:
            row = _locked(connection, job_id)
            if row is None:
                return None
            if row["state"] in UNFINISHED:
                _end(connection, row, "canceled", self._now(), expires_s=expires_s)
            return _get(connection, job_id)

    def delete(self, job_id: str) -> bool:
        """Delete a job in any state, with its webhooks; whether there was one.

        Its idempotency key is free again when the last job of the request is deleted. SQLite's
        files hold it until the next `checkpoint`, and may hold parts until the next `wipe`.
        """
        with writing(self._engine) as connection:
            row = _locked(connection, job_id)
            if row is None:
                return False
            owner, key = row["owner"], row["idempotency_key"]
            of_key = (idempotency.c.owner == owner, idempotency.c.key == key)
            connection.execute(select(idempotency.c.key).where(*of_key).with_for_update())
            connection.execute(delete(jobs).where(jobs.c.seq == row["seq"]))
            _note_deleted(connection, job_id, self._now())
            if not _ids_of_key(connection, owner, key):
                connection.execute(delete(idempotency).where(*of_key))
            return True

    def checkpoint(self) -> bool:
        """Overwrite what was deleted in SQLite's files; False where a reader is in the way.

        Quick. Parts of rows that were moved before they were deleted stay until `wipe`.
        """
        return checkpoint(self._engine)

    def wipe(self) -> bool:
        """Write SQLite's file anew, without any trace of what was deleted; False as above.

        Seconds where there are very many jobs, and others cannot write meanwhile: call it rarely.
        """
        return wipe(self._engine)

    def _end_held(self, claim: Claim, state: JobState, **values: str | float | None) -> bool:
        with writing(self._engine) as connection:
            row = _held(connection, claim)
            if row is None:
                return False
            _end(connection, row, state, self._now(), **values)
            return True


def _note_deleted(connection: Connection, job_id: str, now_s: float) -> None:
    connection.execute(delete(deleted_jobs).where(deleted_jobs.c.id == job_id))
    connection.execute(insert(deleted_jobs).values(id=job_id, deleted_s=now_s))


def _next(connection: Connection) -> RowMapping | None:
    for caller in connection.execute(order_of_callers()).scalars().all():
        row = connection.execute(next_job(caller)).mappings().first()
        if row is not None:
            return row
    return None


def _keys(new: Sequence[NewJob]) -> dict[tuple[str, str], str]:
    """Owner and key -> fingerprint."""
    keys: dict[tuple[str, str], str] = {}
    for job in new:
        if job.idempotency_key:
            known = keys.setdefault((job.owner, job.idempotency_key), job.fingerprint)
            if known != job.fingerprint:
                raise ValueError("expected one fingerprint for one idempotency key")
    return keys


def _require_unused(connection: Connection, owner: str, key: str) -> None:
    if ids := _ids_of_key(connection, owner, key):
        raise IdempotencyConflictError("a request with this idempotency key was accepted", ids)


def _require_places(connection: Connection, new: Sequence[NewJob], places: Places) -> None:
    count = select(func.count()).select_from(jobs).where(jobs.c.state == "queued")
    if connection.execute(count).scalar_one() + len(new) > places.all:
        raise QueueFullError("the queue is full", RETRY_AFTER_S)
    for caller, number in Counter(job.caller for job in new).items():
        own = connection.execute(count.where(jobs.c.caller == caller)).scalar_one()
        if own + number > places.each:
            raise QueueFullError(
                f"{own} jobs of this caller wait, and its share is {places.each}", RETRY_AFTER_S
            )


def _ids_of_key(connection: Connection, owner: str, key: str) -> tuple[str, ...]:
    query = (
        select(jobs.c.id)
        .where(jobs.c.owner == owner, jobs.c.idempotency_key == key, jobs.c.idempotency_key != "")
        .order_by(jobs.c.seq)
    )
    return tuple(connection.execute(query).scalars())


def _by_id(job_id: str) -> Select[Any]:
    return select(jobs).where(jobs.c.id == job_id)


def _get(connection: Connection, job_id: str) -> Job:
    return job_of(connection.execute(_by_id(job_id)).mappings().one())


def _locked(connection: Connection, job_id: str) -> RowMapping | None:
    """The row, which nobody else changes until the transaction ends."""
    return connection.execute(_by_id(job_id).with_for_update()).mappings().first()


def _held(connection: Connection, claim: Claim) -> RowMapping | None:
    """The row where it still belongs to the claim."""
    row = _locked(connection, claim.job.id)
    return row if row is not None and row["lease"] == claim.lease else None


def _change(connection: Connection, row: RowMapping, **values: str | float | None) -> None:
    new = {"version": row["version"] + 1, **values}
    connection.execute(update(jobs).where(jobs.c.seq == row["seq"]).values(**new))


def _queue(connection: Connection, row: RowMapping, **values: float) -> None:
    waits: dict[str, str | float | None] = {"stage": "", "percent": 0.0, "started_s": None}
    _change(connection, row, state="queued", lease=None, **waits, **values)


def _end(
    connection: Connection,
    row: RowMapping,
    state: JobState,
    now_s: float,
    **values: str | float | None,
) -> None:
    _change(connection, row, state=state, lease=None, stage="", finished_s=now_s, **values)
    if row["webhook"]:
        announce(connection, row["id"], state, now_s)


def _failed(failure: Failure) -> dict[str, str]:
    return {"failure_code": storable(failure.code), "failure_detail": storable(failure.detail)}
