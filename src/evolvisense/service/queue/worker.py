"""One job after another: analysed in a sandbox, its row and its files brought to an end."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from evolvisense.errors import (
    BusyError,
    CancelledError,
    FileUnreadableError,
    SandboxDiedError,
    SandboxLimitError,
    SandboxTaskError,
    StorageError,
    StorageFullError,
)
from evolvisense.sandbox import Sandbox
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.messages import STORAGE_FULL, analysis_task, overlay_task
from evolvisense.service.queue.settings import PoolSettings
from evolvisense.types.job import ENDED, Claim, Failure, Job, short_id

if TYPE_CHECKING:
    from evolvisense.service.queue.store import JobStore

BEAT_S = 1.0
MOST_STAGES, MOST_CHARACTERS = 32, 10_000
"""Of what a worker tells: it may be in a stranger's hands."""
FULL_DISK_PAUSE_S = 5.0
INSIST_S = 120.0
"""So long the end of a job is tried to be written."""
RECYCLED_SHARE = 0.7
"""A process that keeps more of its memory than this after a job is replaced."""

LIMIT_TEXTS: Mapping[str, tuple[str, str]] = {
    "memory": ("memory_limit", "the video needs more memory than a job may have"),
    "cpu": ("cpu_limit", "the video needs more computing time than a job may have"),
    "wall": ("time_limit", "the analysis took longer than a job may take"),
}
"""Which limit -> code and text. The next try would end the same way, so there is none."""


@dataclass
class Tally:
    """What the workers of this process have done, for metrics; numbers only grow."""

    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    retried: int = 0
    restarts: int = 0
    frames: int = 0
    stage_s: dict[str, float] = field(default_factory=dict[str, float])
    analysis_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, what: Literal["failed", "canceled", "retried", "restarts"]) -> None:
        """One more."""
        with self._lock:
            setattr(self, what, getattr(self, what) + 1)

    def add(self, result: Mapping[str, Any], seconds: float, *, succeeded: bool) -> None:
        """Count an analysis that came to its end, wanted or not."""
        with self._lock:
            self.succeeded += succeeded
            self.frames += int(result.get("frames", 0))
            self.analysis_s += seconds
            for stage, stage_s in list(result.get("timings_s", {}).items())[:MOST_STAGES]:
                self.stage_s[stage] = self.stage_s.get(stage, 0.0) + float(stage_s)


T = TypeVar("T")

log = logging.getLogger(__name__)


class JobWorker:
    """Does claimed jobs; shared by the threads of a pool.

    `is_unwanted` says why the work on a job is to be broken off.
    """

    def __init__(
        self,
        store: JobStore,
        files: JobFiles,
        settings: PoolSettings,
        tally: Tally,
        on_change: Callable[[], None],
        is_unwanted: Callable[[str], Literal["stopping", "canceled"] | None],
    ) -> None:
        self._store, self._files, self._settings = store, files, settings
        self._tally, self._on_change, self._is_unwanted = tally, on_change, is_unwanted

    def run(self, sandbox: Sandbox, claim: Claim) -> bool:
        """Work on one job to its end; whether the process can go on."""
        try:
            self._analyse(sandbox, claim)
        except SandboxTaskError as error:
            if error.code == STORAGE_FULL:
                self._wait_for_space(claim)
            else:
                self._fail(claim, Failure(error.code, error.detail))
        except StorageFullError:
            self._wait_for_space(claim)
        except CancelledError:
            unwanted = self._is_unwanted(claim.job.id)
            if unwanted == "stopping":
                self._insist(lambda: self._store.release(claim, count_attempt=False))
            elif unwanted == "canceled":
                self._tally.count("canceled")
        except SandboxLimitError as error:
            self._fail(claim, Failure(*LIMIT_TEXTS[error.which]))
        except SandboxDiedError as error:
            log.warning(
                "job %s: its worker died (%s), try %d",
                short_id(claim.job.id),
                error,
                claim.job.attempts,
            )
            self._try_again(claim)
        self._tidy(claim.job.id)
        most_bytes = RECYCLED_SHARE * self._settings.limits.memory_bytes
        return sandbox.is_alive and sandbox.rss_bytes < most_bytes

    def _analyse(self, sandbox: Sandbox, claim: Claim) -> None:
        job, files = claim.job, self._files
        heart = _Heartbeat(self._store, claim, self._on_change)
        began_s = time.monotonic()
        with self._opened(job) as media, files.nameless() as first, files.nameless() as second:
            task = analysis_task(job.options)
            result = self._request(sandbox, task, (media, first), job, heart)
            report, overlay = first, None
            if "overlay" in job.options:
                report, video = self._draw(sandbox, claim, (media, first, second), heart)
                if video is not None:
                    overlay = files.adopt_overlay(video, job.id, claim.lease)
            report_name = files.adopt_report(files.copied(report), job.id, claim.lease)
        won = self._insist(
            lambda: self._store.succeed(
                claim, report_name, overlay_file=overlay, expires_s=self._expires_s()
            )
        )
        if not won:
            files.forget_report(report_name)
            if overlay is not None:
                files.forget_overlay(overlay)
        self._tally.add(result, time.monotonic() - began_s, succeeded=bool(won))

    @contextmanager
    def _opened(self, job: Job) -> Generator[int]:
        """A descriptor of the media. Raises SandboxTaskError where they are gone."""
        try:
            media = self._files.open_media(job.id)
        except OSError as error:
            text = f"the video cannot be read: {error.strerror}"
            raise SandboxTaskError(FileUnreadableError.code, text) from error
        try:
            yield media
        finally:
            os.close(media)

    def _draw(
        self, sandbox: Sandbox, claim: Claim, opened: tuple[int, int, int], heart: _Heartbeat
    ) -> tuple[int, Path | None]:
        """Have the overlay made; where there is none, its report says so.

        Args:
            sandbox: With the analysis of the job done.
            claim: Of the job.
            opened: Descriptors of the media, of the report, and of a second, empty one.
            heart: Of the job.

        Returns:
            The descriptor of the report that is true, and the overlay in this process's folder.
        """
        job, files = claim.job, self._files
        media, first, second = opened
        try:
            files.require_space(job.media_bytes)
            with files.nameless() as video:
                task = overlay_task(job.options)
                result = self._request(sandbox, task, (media, second, video), job, heart)
                return second, files.copied(video) if result.get("made", False) else None
        except SandboxDiedError:
            if job.attempts < self._settings.max_attempts:
                raise  # tried again, as an analysis is
            log.warning("job %s: its worker died over the overlay", short_id(job.id))
        except (StorageFullError, SandboxLimitError, SandboxTaskError) as error:
            log.warning("job %s has no overlay: %s", short_id(job.id), error)
        return first, None

    def _request(
        self,
        sandbox: Sandbox,
        task: Mapping[str, Any],
        opened: Sequence[int],
        job: Job,
        heart: _Heartbeat,
    ) -> dict[str, Any]:
        return sandbox.request(
            task,
            files=opened,
            on_event=heart.event,
            is_cancelled=lambda: heart.lost or self._is_unwanted(job.id) is not None,
            tick=heart.tick,
        )

    def _insist(self, write: Callable[[], T]) -> T:
        """Write until the database takes it: work that is done is not thrown away."""
        end_s = time.monotonic() + INSIST_S
        while True:
            try:
                return write()
            except (BusyError, StorageError) as error:
                if time.monotonic() >= end_s or self._is_unwanted("") == "stopping":
                    raise
                log.warning("the end of a job is not written yet: %s", error)
                time.sleep(1.0)

    def _wait_for_space(self, claim: Claim) -> None:
        log.warning("job %s waits: the disk is full", short_id(claim.job.id))
        self._insist(lambda: self._store.release(claim, count_attempt=False))
        time.sleep(FULL_DISK_PAUSE_S)

    def _try_again(self, claim: Claim) -> None:
        """A job whose process died is tried a few times."""
        attempts = claim.job.attempts
        if attempts < self._settings.max_attempts:
            if self._insist(lambda: self._store.release(claim, count_attempt=True)):
                self._tally.count("retried")
            return
        text = f"the process that read this file died {attempts} times; the file may be damaged"
        self._fail(claim, Failure("worker_crashed", text))

    def _fail(self, claim: Claim, failure: Failure) -> None:
        if self._insist(lambda: self._store.fail(claim, failure, expires_s=self._expires_s())):
            self._tally.count("failed")

    def _tidy(self, job_id: str) -> None:
        """Delete the media of a job that has ended; one that went back to the queue needs them."""
        job = self._insist(lambda: self._store.get(job_id))
        if job is None or job.state in ENDED:
            self._files.forget_media(job_id)

    def _expires_s(self) -> float:
        return time.time() + self._settings.report_retention_s


class _Heartbeat:
    """Tells the store that a job is worked on, and where it stands."""

    def __init__(self, store: JobStore, claim: Claim, on_change: Callable[[], None]) -> None:
        self._store, self._claim, self._on_change = store, claim, on_change
        self._stage, self._percent = claim.job.stage, 0.0
        self._beaten_s = time.monotonic()
        self._has_news = False
        self.lost = False

    def event(self, message: Mapping[str, Any]) -> None:
        if message["event"] == "trouble":
            job = self._claim.job
            # Indented, so that no line of it can be taken for one of the log.
            text = str(message["text"])[:MOST_CHARACTERS].replace("\n", "\n  | ")
            log.error("job %s (request %s): %s", short_id(job.id), job.request_id, text)
            return
        self._stage, self._percent = str(message["stage"])[:40], float(message["percent"])
        self._has_news = True
        self.tick()

    def tick(self) -> None:
        since_s = time.monotonic() - self._beaten_s
        if since_s < (BEAT_S / 4 if self._has_news else BEAT_S):
            return
        self._beaten_s = time.monotonic()
        try:
            self.lost = self.lost or not self._store.beat(self._claim, self._stage, self._percent)
        except (BusyError, StorageError) as error:
            # Nobody can take the job away meanwhile either: that would be written there too.
            log.warning(
                "job %s: a heartbeat was not written: %s", short_id(self._claim.job.id), error
            )
            return
        if self._has_news:
            self._has_news = False
            self._on_change()
