"""Workers: threads that claim jobs and have them analysed in sandboxed processes.

One thread owns one process and one job at a time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evolvisense.errors import (
    BusyError,
    CancelledError,
    SandboxDiedError,
    SandboxLimitError,
    SandboxTaskError,
)
from evolvisense.jobs.files import JobFiles
from evolvisense.jobs.messages import (
    ANALYSIS_TARGET,
    LIMITS_VARIABLE,
    STORAGE_FULL,
    analysis_task,
)
from evolvisense.jobs.records import ENDED, Claim, Failure
from evolvisense.jobs.sandbox import Limits, Sandbox
from evolvisense.jobs.store import JobStore

POLL_S = 0.5
"""A worker without work looks for jobs of other processes so often."""
BEAT_S = 1.0
LOAD_PATIENCE_S = 120.0
RESTART_PAUSE_S = 2.0
FULL_DISK_PAUSE_S = 5.0

LIMIT_TEXTS: Mapping[str, tuple[str, str]] = {
    "memory": ("memory_limit", "the video needs more memory than a job may have"),
    "cpu": ("cpu_limit", "the video needs more computing time than a job may have"),
    "wall": ("time_limit", "the analysis took longer than a job may take"),
}
"""Which limit -> code and text. The next try would end the same way, so there is none."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoolSettings:
    """How many workers there are and what each may use."""

    workers: int
    limits: Limits
    media_limits: Mapping[str, float]
    """Fields of MediaLimits."""
    max_attempts: int
    report_retention_s: float
    target: str = ANALYSIS_TARGET


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


class WorkerPool:
    """Works on the queue until it is closed."""

    def __init__(
        self,
        store: JobStore,
        files: JobFiles,
        settings: PoolSettings,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._files, self._settings = store, files, settings
        self._on_change = on_change
        self._wake = threading.Condition()
        self._submitted = 0
        self._stopping = threading.Event()
        self._stop_work = threading.Event()
        self._canceled: set[str] = set()
        self._lock = threading.Lock()
        self.tally = Tally()
        self.models: list[dict[str, Any]] | None = None
        """Of the worker processes; None until the first one has loaded them."""
        self.broken: Failure | None = None
        """Why the models cannot be loaded, as far as it is known."""
        self._running: dict[str, str] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(n,), name=f"worker-{n}", daemon=True)
            for n in range(settings.workers)
        ]

    def start(self) -> None:
        """Start the worker threads; each loads its models at once."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be a new job."""
        with self._wake:
            self._submitted += 1
            self._wake.notify()

    def cancel(self, job_id: str) -> bool:
        """Stop the work on a job whose row says so; whether it runs here."""
        with self._lock:
            if job_id not in self._running:
                return False
            self._canceled.add(job_id)
            return True

    def is_working_on(self, job_id: str) -> bool:
        """Whether a process of this pool may read the job's media."""
        with self._lock:
            return job_id in self._running

    @property
    def busy(self) -> int:
        """Jobs that run here."""
        return len(self._running)

    def close(self, grace_s: float) -> None:
        """Take no new job, let running ones end for `grace_s`, give the others back."""
        self._stopping.set()
        with self._wake:
            self._wake.notify_all()
        end = time.monotonic() + grace_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        self._stop_work.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _work(self, number: int) -> None:
        while not self._stopping.is_set():
            sandbox = self._new_sandbox(number)
            has_served = False
            try:
                if self._load(sandbox):
                    has_served = True
                    self._serve(sandbox, f"{self._files.instance}/{number}")
            except (SandboxDiedError, SandboxLimitError) as error:
                log.warning("worker %d: %s; starting another", number, error)
            except Exception:
                log.exception("worker %d failed; starting another", number)
            finally:
                sandbox.close()
            if not self._stopping.is_set():
                with self._lock:
                    self.tally.restarts += 1
                self._stopping.wait(0.0 if has_served else RESTART_PAUSE_S)

    def _new_sandbox(self, number: int) -> Sandbox:
        return Sandbox(
            self._settings.target,
            self._settings.limits,
            name=f"worker-{number}",
            env={LIMITS_VARIABLE: json.dumps(dict(self._settings.media_limits))},
            writable=[self._files.open_incoming()],
            temp_root=self._files.open_incoming(),
        )

    def _load(self, sandbox: Sandbox) -> bool:
        """Whether the process has its models."""
        sandbox.start()
        end = time.monotonic() + LOAD_PATIENCE_S
        while not self._stopping.is_set() and time.monotonic() < end:
            received = sandbox.receive(0.2)
            if received is None:
                continue
            message = received[0]
            if message.get("event") == "ready":
                self.models, self.broken = message["models"], None
                self._on_change()
                return True
            self.broken = Failure(str(message.get("code")), str(message.get("detail")))
            log.error("the models cannot be loaded: %s: %s", self.broken.code, self.broken.detail)
            return False
        return False

    def _serve(self, sandbox: Sandbox, name: str) -> None:
        """One job after another; returns when the process is not to be used any more."""
        while not self._stopping.is_set():
            seen = self._submitted
            try:
                claim = self._store.claim(name)
            except BusyError:
                claim = None
            if claim is None:
                with self._wake:
                    self._wake.wait_for(
                        lambda seen=seen: self._submitted != seen or self._stopping.is_set(), POLL_S
                    )
                if not sandbox.is_alive:
                    return
                continue
            self._on_change()
            with self._lock:
                self._running[claim.job.id] = claim.lease
            try:
                usable = self._run(sandbox, claim)
            finally:
                with self._lock:
                    del self._running[claim.job.id]
                    self._canceled.discard(claim.job.id)
                self._on_change()
            if not usable:
                return

    def _run(self, sandbox: Sandbox, claim: Claim) -> bool:
        """Work on one job to its end; whether the process can go on."""
        job = claim.job
        heart = _Heart(self._store, claim, self._on_change)
        output = self._files.new_path()
        began_s = time.monotonic()

        def is_cancelled() -> bool:
            return heart.lost or self._stop_work.is_set() or job.id in self._canceled

        try:
            result = sandbox.request(
                analysis_task(self._files.media(job.id), output, job.options),
                on_event=heart.event,
                is_cancelled=is_cancelled,
                tick=heart.tick,
            )
            report = self._files.adopt_report(output, job.id, claim.lease)
            won = self._store.succeed(
                claim, report, expires_s=time.time() + self._settings.report_retention_s
            )
            if not won:
                self._files.forget_report(report)
            self._count(result, time.monotonic() - began_s, won=won)
            usable = True
        except SandboxTaskError as error:
            usable = True
            if error.code == STORAGE_FULL:
                self._store.release(claim, count_attempt=False)
                self._stopping.wait(FULL_DISK_PAUSE_S)
            else:
                self._fail(claim, Failure(error.code, error.detail))
        except CancelledError:
            usable = sandbox.is_alive
            if self._stop_work.is_set():
                self._store.release(claim, count_attempt=False)
            self.tally.canceled += 1
        except SandboxLimitError as error:
            self._fail(claim, Failure(*LIMIT_TEXTS[error.which]))
            usable = False
        except SandboxDiedError as error:
            log.warning("job %s: its worker died (%s), try %d", job.id, error, job.attempts)
            self._release_or_fail(claim)
            usable = False
        finally:
            output.unlink(missing_ok=True)
        self._tidy(job.id)
        return usable

    def _tidy(self, job_id: str) -> None:
        """Delete the media of a job that has ended; one that went back to the queue needs them."""
        job = self._store.get(job_id)
        if job is None or job.state in ENDED:
            self._files.forget_media(job_id)

    def _release_or_fail(self, claim: Claim) -> None:
        """A job whose process died is tried again a few times."""
        if claim.job.attempts < self._settings.max_attempts:
            self.tally.retried += 1
            self._store.release(claim, count_attempt=True)
            return
        self._fail(
            claim,
            Failure(
                "worker_crashed",
                f"the process that read this file died {claim.job.attempts} times; the file may "
                "be damaged",
            ),
        )

    def _fail(self, claim: Claim, failure: Failure) -> None:
        self._store.fail(claim, failure, expires_s=time.time() + self._settings.report_retention_s)
        self.tally.failed += 1

    def _count(self, result: Mapping[str, Any], seconds: float, *, won: bool) -> None:
        with self._lock:
            self.tally.succeeded += won
            self.tally.frames += int(result.get("frames", 0))
            self.tally.analysis_s += seconds
            for stage, stage_s in result.get("timings_s", {}).items():
                self.tally.stage_s[stage] = self.tally.stage_s.get(stage, 0.0) + float(stage_s)


class _Heart:
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
            log.error("job %s (request %s): %s", job.id, job.request_id, message["text"])
            return
        self._stage, self._percent = str(message["stage"]), float(message["percent"])
        self._has_news = True
        self.tick()

    def tick(self) -> None:
        since_s = time.monotonic() - self._beaten_s
        if since_s < (BEAT_S / 4 if self._has_news else BEAT_S):
            return
        self._beaten_s = time.monotonic()
        try:
            self.lost = self.lost or not self._store.beat(self._claim, self._stage, self._percent)
        except BusyError:
            log.info("the database is busy; the next beat comes soon")
            return
        if self._has_news:
            self._has_news = False
            self._on_change()
