"""Webhooks that wait to be sent. Each is written in the transaction that ends its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, or_, select, update

from evolvisense.service.queue.database import reading, writing
from evolvisense.service.queue.tables import deliveries, jobs
from evolvisense.types.job import JobState

DeliveryState = Literal["pending", "delivered", "abandoned"]

EVENTS: Mapping[JobState, str] = {
    "succeeded": "analysis.succeeded",
    "failed": "analysis.failed",
    "canceled": "analysis.canceled",
}

HOLD_S = 60.0
AT_ONCE = 16
FARTHEST_TRY_S = 48 * 3600.0


@dataclass(frozen=True)
class Delivery:
    """One webhook."""

    id: int
    job_id: str
    url: str
    event: str
    attempts: int
    """Tries so far; from `due`, the one to be made now counts already."""
    next_try_s: float
    """Unix seconds."""
    state: DeliveryState


class Deliveries:
    """The webhooks of all jobs; safe across processes and threads, every method a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(
        self, now_s: float, *, limit: int = AT_ONCE, hold_s: float = HOLD_S
    ) -> tuple[Delivery, ...]:
        """Take up to `limit` deliveries whose time has come, and count the attempt.

        Nobody else gets them within `hold_s`, which has to be longer than a try may last. If the
        sender dies meanwhile, they come due again. So a webhook is sent at least once.
        """
        # A time that far ahead was written before the clock was set back.
        is_due = or_(
            deliveries.c.next_try_s <= now_s, deliveries.c.next_try_s > now_s + FARTHEST_TRY_S
        )
        query = (
            _select()
            .where(deliveries.c.state == "pending", is_due)
            .order_by(deliveries.c.next_try_s, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True, of=deliveries)
        )
        with writing(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            taken = [
                {**row, "attempts": row["attempts"] + 1, "next_try_s": now_s + hold_s}
                for row in rows
            ]
            for row in taken:
                connection.execute(
                    update(deliveries)
                    .where(deliveries.c.id == row["id"])
                    .values(attempts=row["attempts"], next_try_s=row["next_try_s"])
                )
        return tuple(_delivery_of(row) for row in taken)

    def delivered(self, delivery_id: int) -> bool:
        """The receiver has it. False where the delivery has ended or was deleted with its job."""
        return self._change(delivery_id, state="delivered")

    def postponed(self, delivery_id: int, next_try_s: float) -> bool:
        """The try failed; the next one is at `next_try_s`, within 48 hours. False as above."""
        return self._change(delivery_id, next_try_s=next_try_s)

    def abandoned(self, delivery_id: int) -> bool:
        """It is not tried again. False as above."""
        return self._change(delivery_id, state="abandoned")

    def of_job(self, job_id: str) -> tuple[Delivery, ...]:
        """All deliveries of a job, oldest first."""
        query = _select().where(deliveries.c.job_id == job_id).order_by(deliveries.c.id)
        with reading(self._engine) as connection:
            return tuple(_delivery_of(row) for row in connection.execute(query).mappings())

    def _change(self, delivery_id: int, **values: float | str) -> bool:
        statement = (
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.state == "pending")
            .values(**values)
        )
        with writing(self._engine) as connection:
            return connection.execute(statement).rowcount == 1


def announce(connection: Connection, job_id: str, state: JobState, now_s: float) -> None:
    """Write the delivery of an ended job, due at once."""
    connection.execute(
        insert(deliveries).values(job_id=job_id, event=EVENTS[state], next_try_s=now_s)
    )


def _select() -> Any:  # noqa: ANN401 - a Select of the columns of both tables
    return select(deliveries, jobs.c.webhook.label("url")).join_from(
        deliveries, jobs, deliveries.c.job_id == jobs.c.id
    )


def _delivery_of(row: Mapping[Any, Any]) -> Delivery:
    return Delivery(**row)
