"""Queries about jobs, and records from rows; nothing here changes a row."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Engine, RowMapping, and_, exists, func, or_, select

from evolvisense.service.queue.database import reading, require_columns
from evolvisense.service.queue.tables import deleted_jobs, deliveries, idempotency, jobs
from evolvisense.service.queue.turns import order_of_callers, turns_ahead
from evolvisense.types.job import (
    ENDED,
    NOT_WANTED,
    UNFINISHED,
    Failure,
    FileOwner,
    Job,
    JobCounts,
    JobState,
    NewJob,
)


def row_of(new: NewJob, created_s: float) -> dict[str, Any]:
    """Columns of a job that waits. Raises ValueError or TypeError where options are not JSON."""
    return {
        "id": new.id,
        "owner": new.owner,
        "caller": new.caller,
        "state": "queued",
        "priority": new.priority,
        "options": json.dumps(dict(new.options), allow_nan=False),
        "media_bytes": new.media_bytes,
        "media_sha256": new.media_sha256,
        "created_s": created_s,
        "waiter": new.waiter,
        "webhook": new.webhook,
        "request_id": new.request_id,
        "submission": new.submission,
        "idempotency_key": new.idempotency_key,
    }


def job_of(row: RowMapping) -> Job:
    """The job of a row."""
    code = row["failure_code"]
    return Job(
        id=row["id"],
        owner=row["owner"],
        state=row["state"],
        priority=row["priority"],
        stage=row["stage"],
        percent=row["percent"],
        version=row["version"],
        attempts=row["attempts"],
        options=json.loads(row["options"]),
        media_bytes=row["media_bytes"],
        media_sha256=row["media_sha256"],
        report=row["report"],
        overlay=row["overlay"],
        failure=None if code is None else Failure(code, row["failure_detail"]),
        created_s=row["created_s"],
        started_s=row["started_s"],
        finished_s=row["finished_s"],
        expires_s=row["expires_s"],
        waiter=row["waiter"],
        webhook=row["webhook"],
        request_id=row["request_id"],
        submission=row["submission"],
    )


IDS_AT_ONCE = 500


class JobQueries:
    """Every method is one short transaction, safe across processes and threads.

    All raise BusyError, StorageFullError or DatabaseError where the database does not answer.
    """

    def __init__(self, engine: Engine, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._now = now

    def get(self, job_id: str) -> Job | None:
        """The job as it is now."""
        found = self._jobs(jobs.c.id == job_id)
        return found[0] if found else None

    def list_page(
        self,
        owner: str | None = None,
        state: JobState | None = None,
        submission: str | None = None,
        after: int | None = None,
        limit: int = 50,
    ) -> tuple[tuple[Job, ...], int | None]:
        """Up to `limit` jobs, newest first, and the `after` of the next page; None is the last.

        None for `owner`, `state` or `submission` is any. A job that comes while somebody turns
        pages is on none of the later ones.
        """
        if limit < 1:
            raise ValueError(f"expected limit >= 1, got {limit}")
        query = select(jobs).order_by(jobs.c.seq.desc()).limit(limit + 1)
        for column, wanted in (("owner", owner), ("state", state), ("submission", submission)):
            if wanted is not None:
                query = query.where(jobs.c[column] == wanted)
        if after is not None:
            query = query.where(jobs.c.seq < after)
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        page = tuple(job_of(row) for row in rows[:limit])
        return page, rows[limit - 1]["seq"] if len(rows) > limit else None

    def find_idempotent(self, owner: str, key: str) -> tuple[str, tuple[Job, ...]] | None:
        """Fingerprint and jobs, oldest first, of the request with the key; None without one."""
        query = (
            select(jobs, idempotency.c.fingerprint)
            .join_from(
                jobs,
                idempotency,
                and_(
                    jobs.c.owner == idempotency.c.owner,
                    jobs.c.idempotency_key == idempotency.c.key,
                ),
            )
            .where(idempotency.c.owner == owner, idempotency.c.key == key)
            .order_by(jobs.c.seq)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            return None
        return rows[0]["fingerprint"], tuple(job_of(row) for row in rows)

    def versions(self, ids: Iterable[str]) -> dict[str, int]:
        """The version of each of the jobs that there is."""
        return {row["id"]: row["version"] for row in self._named(ids)}

    def owners(self, ids: Iterable[str]) -> dict[str, FileOwner]:
        """What is known of the jobs with these ids; an id that is unknown here is not in it."""
        wanted = list(ids)
        found = dict.fromkeys(self._deleted(wanted), NOT_WANTED)
        for row in self._named(wanted):
            is_unfinished = row["state"] in UNFINISHED
            found[row["id"]] = FileOwner(is_unfinished, row["report"], row["overlay"])
        return found

    def _deleted(self, ids: list[str]) -> Iterator[str]:
        for part in _parts(ids):
            query = select(deleted_jobs.c.id).where(deleted_jobs.c.id.in_(part))
            with reading(self._engine) as connection:
                rows = connection.execute(query).scalars().all()
            yield from rows

    def require_columns(self) -> None:
        """Raise DatabaseError where the database has not every column that is used here."""
        require_columns(self._engine)

    def running(self) -> tuple[tuple[str, str, int], ...]:
        """Id, lease and beat of every running job, for `requeue`."""
        query = select(jobs.c.id, jobs.c.lease, jobs.c.beat).where(jobs.c.state == "running")
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings()
            return tuple((row["id"], row["lease"], row["beat"]) for row in rows)

    def counts(self) -> JobCounts:
        """How many jobs there are in each state."""
        query = select(
            jobs.c.state, func.count().label("number"), func.min(jobs.c.created_s).label("first_s")
        ).group_by(jobs.c.state)
        with reading(self._engine) as connection:
            rows = {row["state"]: row for row in connection.execute(query).mappings()}
        waits = rows.get("queued")
        return JobCounts(
            **{state: row["number"] for state, row in rows.items()},
            oldest_queued_s=None if waits is None else max(0.0, self._now() - waits["first_s"]),
        )

    def in_flight(self) -> int:
        """Jobs that wait or run."""
        query = select(func.count()).select_from(jobs).where(jobs.c.state.in_(UNFINISHED))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def waiting_ahead(self, job_id: str) -> int:
        """Queued jobs that are claimed before this one; 0 where it does not wait."""
        me, other = jobs.alias("me"), jobs.alias("other")
        comes_first = or_(
            other.c.priority > me.c.priority,
            and_(other.c.priority == me.c.priority, other.c.seq < me.c.seq),
        )
        of_caller = and_(other.c.caller == me.c.caller, other.c.state == "queued", comes_first)
        query = (
            select(me.c.caller, func.count(other.c.seq))
            .select_from(me.outerjoin(other, of_caller))
            .where(me.c.id == job_id, me.c.state == "queued")
            .group_by(me.c.caller)
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).first()
            if found is None:
                return 0
            order = [(row[0], row[1]) for row in connection.execute(order_of_callers())]
        return turns_ahead(order, found[0], found[1])

    def waiting(self, caller: str) -> tuple[int, int]:
        """How many jobs wait: of all callers, of this one."""
        query = select(func.count(), func.count().filter(jobs.c.caller == caller)).where(
            jobs.c.state == "queued"
        )
        with reading(self._engine) as connection:
            waits, own = connection.execute(query).one()
        return waits, own

    def expired(self, now_s: float) -> tuple[str, ...]:
        """Ids of ended jobs that may be deleted at `now_s` unix seconds, webhooks sent."""
        is_awaited = exists().where(
            deliveries.c.job_id == jobs.c.id, deliveries.c.state == "pending"
        )
        query = (
            select(jobs.c.id)
            .where(jobs.c.expires_s <= now_s, jobs.c.state.in_(ENDED), ~is_awaited)
            .order_by(jobs.c.seq)
        )
        with reading(self._engine) as connection:
            return tuple(connection.execute(query).scalars())

    def waiters(self) -> set[str]:
        """Instances whose clients wait for jobs that have not ended."""
        query = (
            select(jobs.c.waiter)
            .where(jobs.c.waiter != "", jobs.c.state.in_(UNFINISHED))
            .distinct()
        )
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def waited_by(self, instances: Iterable[str]) -> tuple[Job, ...]:
        """Jobs in any state whose clients waited at these instances, oldest first."""
        wanted = [instance for instance in instances if instance]
        return tuple(job for part in _parts(wanted) for job in self._jobs(jobs.c.waiter.in_(part)))

    def _jobs(self, condition: ColumnElement[bool]) -> tuple[Job, ...]:
        query = select(jobs).where(condition).order_by(jobs.c.seq)
        with reading(self._engine) as connection:
            return tuple(job_of(row) for row in connection.execute(query).mappings())

    def _named(self, ids: Iterable[str]) -> Iterator[Any]:
        columns = select(jobs.c.id, jobs.c.version, jobs.c.state, jobs.c.report, jobs.c.overlay)
        for part in _parts(list(ids)):
            with reading(self._engine) as connection:
                rows = connection.execute(columns.where(jobs.c.id.in_(part))).mappings().all()
            yield from rows


def _parts(ids: list[str]) -> Iterator[list[str]]:
    """Databases limit the number of parameters."""
    return (ids[begin : begin + IDS_AT_ONCE] for begin in range(0, len(ids), IDS_AT_ONCE))
