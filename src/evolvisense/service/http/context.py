"""What the routes share: the queue and its files, the workers, whoever waits for them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.requests import HTTPConnection

from evolvisense.errors import CancelledError, QueueFullError
from evolvisense.service.access.audit import AuditLog
from evolvisense.service.access.keys import ApiKeys
from evolvisense.service.http.errors import JobFailedError
from evolvisense.service.http.reports import ReportCache
from evolvisense.service.http.uploads import ReceivedFile, UploadLimits, UploadSlots
from evolvisense.service.http.waiting import JobWatcher
from evolvisense.service.queue.deliveries import Deliveries
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.settings import Settings
from evolvisense.service.webhooks.sender import Ending, WebhookSender
from evolvisense.service.webhooks.targets import SystemResolver
from evolvisense.types.job import ENDED, Failure, Job, NewJob, Places

WAITING_PRIORITY = 10
"""Of a job whose client waits on an open connection, against 0."""
ID_BYTES = 16
"""Of analyses and submissions: without a key their id is all that protects them."""
OVER_SHARE = "{} analyses of this key or address wait, its share (EVOLVISENSE_CALLER_SHARE)"
OVER_UPLOADS = (
    "{} uploads of this key or address are under way, its share (EVOLVISENSE_CALLER_SHARE)"
)
FIRST_GUESS_S = 5.0
LONGEST_RETRY_S = 600

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What is wanted of all files of one request; fields of NewJob."""

    options: Mapping[str, Any]
    request_id: str
    owner: str = ""
    caller: str = ""
    priority: int = 0
    waiter: str = ""
    webhook: str = ""
    idempotency_key: str = ""
    fingerprint: str = ""


class AnalysisService:
    """One per application; made and closed on its event loop."""

    def __init__(self, settings: Settings, workplace: Runtime) -> None:
        self.settings = settings
        self._workplace = workplace
        self.store, self.files = workplace.store, workplace.files
        self.pool, self.keeper = workplace.pool, workplace.keeper
        self.keys = ApiKeys(workplace.engine)
        self.reports = ReportCache()
        self.watcher = JobWatcher(self.store)
        workplace.listen(self.watcher.poke)
        self.resolve = SystemResolver()
        self.audit = AuditLog(settings.data_dir / "audit.jsonl")
        self.answering: set[tuple[str, str]] = set()
        """Owner and Idempotency-Key of requests that are being answered."""
        self.uploads = UploadSlots(
            settings.max_uploads,
            settings.share_of(settings.max_uploads),
            settings.max_upload_bytes / settings.upload_total_s,
        )
        self._waiting: Counter[str] = Counter()
        """Clients of /analyze-video/ by caller."""
        self.closing = False
        self._stop_sending = asyncio.Event()
        self.webhook_endings: Counter[Ending] = Counter()
        """How tries to deliver one ended here."""
        self._sending = asyncio.create_task(self._send_webhooks()) if self.sends_webhooks else None

    @property
    def sends_webhooks(self) -> bool:
        """Whether there is a secret to sign them with."""
        return bool(self.settings.webhook_secrets)

    @property
    def is_ready(self) -> bool:
        """Whether an analysis can begin: the models are loaded, here or by other workers."""
        return self.pool.models is not None or self.settings.workers == 0

    @property
    def failure(self) -> Failure | None:
        """What keeps the models from being loaded, as far as it is known."""
        return self.pool.broken

    def upload_limits(self, max_files: int) -> UploadLimits:
        """What one request may carry."""
        return UploadLimits(
            self.settings.max_upload_bytes,
            max_files,
            self.settings.upload_timeout_s,
            self.settings.upload_total_s,
        )

    @property
    def waiting(self) -> int:
        """Clients of /analyze-video/ that wait."""
        return self._waiting.total()

    def check_room_to_wait(self, caller: str) -> None:
        """Raise QueueFullError where no further client of /analyze-video/ may wait.

        `caller` is the key or address whose clients are counted together.
        """
        places = max(1, self.settings.workers) + self.settings.queue_size
        if self.waiting >= places:
            raise self._busy("all places are taken")
        if self._waiting[caller] >= self.settings.share_of(places):
            raise self._busy(OVER_SHARE.format(self._waiting[caller]))

    @contextmanager
    def place_to_wait(self, caller: str) -> Generator[None]:
        """A place of a client of /analyze-video/. Raises QueueFullError."""
        self.check_room_to_wait(caller)
        self._waiting[caller] += 1
        try:
            yield
        finally:
            self._waiting -= Counter((caller,))

    @property
    def places(self) -> Places:
        """How many jobs of /v1 may wait."""
        most = self.settings.max_queued
        return Places(most, self.settings.share_of(most))

    async def check_room_in_queue(self, caller: str, files: int = 1) -> None:
        """Raise QueueFullError where so many further jobs of a caller may not wait."""
        waits, own = await asyncio.to_thread(self.store.waiting, caller)
        if waits + files > self.places.all:
            raise self._busy("the queue is full")
        if own + files > self.places.each:
            raise self._busy(OVER_SHARE.format(own))

    def check_uploads(self, caller: str) -> None:
        """Raise QueueFullError or StorageFullError where a caller may begin no further upload."""
        if not self.uploads.has_room:
            raise self._busy("too many uploads at this moment")
        if self.uploads.count_of(caller) >= self.uploads.each:
            raise self._busy(OVER_UPLOADS.format(self.uploads.each))
        self.files.require_space(self.settings.max_upload_bytes)

    async def submit(
        self, files: Sequence[ReceivedFile], order: Order, *, places: Places | None = None
    ) -> tuple[Job, ...]:
        """Jobs for files that have arrived; accepted once this returns.

        Raises IdempotencyConflictError, BusyError or StorageFullError, and QueueFullError where
        more jobs than `places` would wait.
        """
        submission = secrets.token_hex(ID_BYTES) if len(files) > 1 else ""
        new = [
            NewJob(
                id=secrets.token_hex(ID_BYTES),
                media_bytes=file.size_bytes,
                media_sha256=file.sha256,
                submission=submission,
                **vars(order),
            )
            for file in files
        ]
        return await asyncio.to_thread(self._submit, files, new, places)

    def _submit(
        self, files: Sequence[ReceivedFile], new: list[NewJob], places: Places | None
    ) -> tuple[Job, ...]:
        try:
            self.store.announce_files([job.id for job in new])
            for file, job in zip(files, new, strict=True):
                self.files.keep(file.path, job.id)
            jobs = self.store.submit(new, places=places)
        except BaseException:
            for job in new:
                self.files.forget_media(job.id)
            raise
        for _ in jobs:
            self.pool.wake()
        return jobs

    async def wait_and_take(self, request: Request, job: Job) -> bytes:
        """The report of a job, as JSON; the job is deleted however this ends.

        Raises JobFailedError, or CancelledError when the client goes away meanwhile.
        """
        ended = asyncio.create_task(self.watcher.ended(job.id))
        departure = asyncio.create_task(_departure(request))
        try:
            await asyncio.wait({ended, departure}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                raise CancelledError("the client went away")
            found = ended.result()
            if found is None or found.state == "canceled":
                raise CancelledError("the analysis was cancelled")
            if found.failure is not None or found.report is None:
                failure = found.failure or Failure("internal_error", "the job has no report")
                raise JobFailedError(failure.code, failure.detail)
            return await asyncio.to_thread(self.files.report_path(found.report).read_bytes)
        finally:
            ended.cancel()
            departure.cancel()
            # Also when this very task is cancelled, by a shutdown for instance.
            await asyncio.shield(asyncio.to_thread(self.remove, job.id))

    def cancel(self, job_id: str) -> Job | None:
        """The job, canceled unless it has ended before; None where there is none."""
        expires_s = time.time() + self.settings.report_retention_s
        job = self.store.cancel(job_id, expires_s=expires_s)
        if job is not None and not self.pool.cancel(job_id) and job.state in ENDED:
            self.files.forget_media(job_id)
        self.watcher.poke()
        return job

    def remove(self, job_id: str) -> bool:
        """Cancel a job and delete all that belongs to it; whether there was one."""
        self.pool.cancel(job_id)
        deleted = self.keeper.remove(job_id)
        self.watcher.poke()
        return deleted

    def begin_closing(self) -> None:
        """End event streams, which would keep their connections; from any thread."""
        self.closing = True
        self.watcher.poke()

    async def close(self) -> None:
        """Let running jobs end for a while, give the others back, stop."""
        self.closing = True
        self._stop_sending.set()
        if self._sending is not None:
            await self._sending
        self.resolve.close()
        await self.watcher.close()
        await asyncio.to_thread(self._workplace.close, self.settings.shutdown_grace_s)

    async def _send_webhooks(self) -> None:
        sender = WebhookSender(
            Deliveries(self._workplace.engine),
            self.store.get,
            [secret.get_secret_value() for secret in self.settings.webhook_secrets],
            self.resolve,
            allow_private=self.settings.allow_private_webhooks,
            on_ending=lambda ending: self.webhook_endings.update([ending]),
        )
        await sender.run(self._stop_sending)

    def _busy(self, what: str) -> QueueFullError:
        tally = self.pool.tally
        done = tally.succeeded + tally.failed
        mean_s = tally.analysis_s / done if done else FIRST_GUESS_S
        wait_s = mean_s * (self.waiting + 1) / max(1, self.settings.workers) / 2
        retry_s = min(LONGEST_RETRY_S, max(1, round(wait_s)))
        return QueueFullError(f"{what}; try again in {retry_s} s", retry_s)


def fingerprint(files: Sequence[ReceivedFile], options: dict[str, Any]) -> str:
    """The same for the same files in the same order with the same options."""
    content = json.dumps([[file.sha256 for file in files], options], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def service_of(connection: HTTPConnection) -> AnalysisService:
    """The service of the app that a request belongs to."""
    service = connection.app.state.service
    assert isinstance(service, AnalysisService)  # noqa: S101 - set by the lifespan
    return service


async def _departure(request: Request) -> None:
    """Returns when the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
