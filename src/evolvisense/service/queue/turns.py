"""Whose turn it is: callers are served one after the other, however many jobs each of them has.

    queue            A1 A2 A3 A4 B1 C1 C2      (by caller, in the order in which they came)
    claimed          A1 B1 C1 A2 C2 A3 A4

The next turn belongs to the caller that was served longest ago; one that was never served comes
first. Among those that were never served the job of the higher priority counts, then the older one.
Within the jobs of one caller priority decides, then age. Turns are numbered, no clock takes
part. What is older than REMEMBERED turns is forgotten, so that the table stays small.

The test that guards it: tests/service/queue/test_turns.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from evolvisense.service.queue.tables import jobs, turns

REMEMBERED = 4096


def order_of_callers() -> Select[Any, int]:
    """Callers with queued jobs, whose turn is next first: caller, number of their queued jobs."""
    served = func.coalesce(turns.c.served, 0)
    return (
        select(jobs.c.caller, func.count().label("queued"))
        .select_from(jobs.outerjoin(turns, turns.c.caller == jobs.c.caller))
        .where(jobs.c.state == "queued")
        .group_by(jobs.c.caller, served)
        .order_by(served, func.max(jobs.c.priority).desc(), func.min(jobs.c.seq))
    )


def next_job(caller: str) -> Select[Any]:
    """The queued job of a caller that comes first, locked against other workers."""
    return (
        select(jobs)
        .where(jobs.c.state == "queued", jobs.c.caller == caller)
        .order_by(jobs.c.priority.desc(), jobs.c.seq)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def count_turn(connection: Connection, caller: str) -> None:
    """Note that a caller was served now."""
    last = connection.execute(select(func.coalesce(func.max(turns.c.served), 0))).scalar_one()
    mine = turns.c.caller == caller
    if connection.execute(update(turns).where(mine).values(served=last + 1)).rowcount == 0:
        connection.execute(insert(turns).values(caller=caller, served=last + 1))
    connection.execute(delete(turns).where(turns.c.served <= last + 1 - REMEMBERED))


def turns_ahead(queued: list[tuple[str, int]], caller: str, own_ahead: int) -> int:
    """How many jobs of callers in that order come before one that has `own_ahead` of its own first.

    >>> turns_ahead([("B", 1), ("A", 4), ("C", 2)], "A", 1)  # B1 A1 C1 A2
    3
    """
    ahead, is_before = own_ahead, True
    for other, number in queued:
        if other == caller:
            is_before = False
        else:
            ahead += min(number, own_ahead + is_before)
    return ahead
