"""Sends the webhooks that wait in the database, and tries again until the receiver has them."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from evolvisense.service.queue.deliveries import Deliveries, Delivery
from evolvisense.service.webhooks.posting import MakeTransport, Outcome, Poster, one_connection
from evolvisense.service.webhooks.signing import (
    message_id,
    owner_secret,
    payload,
    secret_bytes,
    signed_headers,
)
from evolvisense.service.webhooks.targets import Resolve
from evolvisense.types.job import Job, short_id

BACKOFF_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 86_400.0)
"""Waits after failed tries, so the last try is about 41 hours after the first."""

TRIES = len(BACKOFF_S) + 1

JITTER = 0.1
"""Waits are longer by up to this share, so that what failed together does not come together."""

AT_ONCE = 16
POLL_S = 2.0
GRACE_S = 5.0
"""At the end, tries that are under way get so long; those cut off come due again."""

Ending = Literal["delivered", "postponed", "abandoned"]

log = logging.getLogger(__name__)


class WebhookSender:
    """Delivers at least once. Several senders, in as many processes, may share a database."""

    def __init__(
        self,
        deliveries: Deliveries,
        find_job: Callable[[str], Job | None],
        secrets: Sequence[str],
        resolve: Resolve,
        *,
        allow_private: bool = False,
        make_transport: MakeTransport = one_connection,
        now: Callable[[], float] = time.time,
        on_ending: Callable[[Ending], None] = lambda _: None,
    ) -> None:
        """`secrets` are the server's, newest first; ValueError where one is none or there is none.

        `on_ending` hears of every try, for instance to count it.
        """
        if not secrets:
            raise ValueError("webhooks are signed: at least one secret is needed")
        for secret in secrets:
            secret_bytes(secret)
        self._deliveries, self._find_job = deliveries, find_job
        self._secrets = tuple(secrets)
        self._poster = Poster(resolve, allow_private, make_transport)
        self._now = now
        self._on_ending = on_ending
        self._wake = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop. What goes wrong is logged, and the next turn comes."""
        sending: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            sending.discard(task)
            self._wake.set()

        try:
            while not stop.is_set():
                self._wake.clear()
                for delivery in await self._take(AT_ONCE - len(sending)):
                    task = asyncio.create_task(self._deliver(delivery))
                    sending.add(task)
                    task.add_done_callback(ended)
                await _first_of(stop, self._wake, POLL_S)
            if sending:
                await asyncio.wait(sending, timeout=GRACE_S)
        finally:
            cut_off = list(sending)
            for task in cut_off:
                task.cancel()
            await asyncio.gather(*cut_off, return_exceptions=True)

    async def _take(self, places: int) -> Sequence[Delivery]:
        if places <= 0:
            return ()
        try:
            return await asyncio.to_thread(self._deliveries.due, self._now(), limit=places)
        except Exception as error:  # noqa: BLE001 - the next turn may work; logged without its text
            log.error("webhooks cannot be looked up: %s", _described(error))
            return ()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            outcome = await self._try(delivery)
        except Exception as error:  # noqa: BLE001 - it is noted and logged, without its text
            outcome = Outcome(None, _described(error))
        if outcome is None:
            return
        try:
            self._on_ending(await asyncio.to_thread(self._note, delivery, outcome))
        except Exception as error:  # noqa: BLE001 - it comes due again; logged without its text
            log.error(
                "the webhook of job %s was not noted: %s",
                short_id(delivery.job_id),
                _described(error),
            )

    async def _try(self, delivery: Delivery) -> Outcome | None:
        """One try; None where the job was deleted meanwhile, and the delivery with it."""
        if delivery.attempts > TRIES:
            return Outcome(None, "the last try was cut off")
        job = await asyncio.to_thread(self._find_job, delivery.job_id)
        if job is None:
            return None
        body = payload(job, delivery.event)
        secrets = [owner_secret(secret, job.owner) for secret in self._secrets]
        message = message_id(job.id, delivery.event)
        headers = signed_headers(message, int(self._now()), body, secrets)
        return await self._poster.post(delivery.url, body, headers)

    def _note(self, delivery: Delivery, outcome: Outcome) -> Ending:
        ending: Ending = "postponed"
        if outcome.delivered:
            ending = "delivered"
            self._deliveries.delivered(delivery.id)
        elif outcome.unwanted or delivery.attempts >= TRIES:
            ending = "abandoned"
            self._deliveries.abandoned(delivery.id)
        else:
            share = JITTER * random.random()  # noqa: S311 - no secret
            wait_s = BACKOFF_S[delivery.attempts - 1] * (1 + share)
            self._deliveries.postponed(
                delivery.id, self._now() + max(wait_s, outcome.retry_after_s)
            )
        log.log(
            logging.INFO if ending == "delivered" else logging.WARNING,
            "webhook of job %s: %s, %s at try %d",
            short_id(delivery.job_id),
            outcome.trouble or f"status {outcome.status}",
            ending,
            delivery.attempts,
        )
        return ending


async def _first_of(stop: asyncio.Event, wake: asyncio.Event, timeout_s: float) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (stop, wake)]
    try:
        await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _described(error: BaseException) -> str:
    """Kind and place of an error. Its text may hold a URL, as that of a database's does."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    file = Path(trace.tb_frame.f_code.co_filename).name
    return f"{type(error).__name__} at {file}:{trace.tb_lineno}"
