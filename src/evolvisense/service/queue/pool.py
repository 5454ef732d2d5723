"""Workers: threads that claim jobs and have them analysed in sandboxed processes.

One thread owns one process and one job at a time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from evolvisense.errors import (
    BusyError,
    EngineUnavailableError,
    SandboxDiedError,
    SandboxLimitError,
    StorageError,
)
from evolvisense.sandbox import REQUIRED, Sandbox
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.messages import LIMITS_VARIABLE
from evolvisense.service.queue.settings import PoolSettings
from evolvisense.service.queue.worker import JobWorker, Tally
from evolvisense.types.job import Failure

if TYPE_CHECKING:
    from evolvisense.service.queue.store import JobStore

POLL_S = 0.5
"""A worker without work looks for jobs of other processes so often."""
LOAD_PATIENCE_S = 120.0
RESTART_PAUSE_S = 2.0

log = logging.getLogger(__name__)


class WorkerPool:
    """Works on a queue until it is closed. Its processes load their models before there is one."""

    def __init__(
        self,
        files: JobFiles,
        settings: PoolSettings,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._files, self._settings, self._on_change = files, settings, on_change
        self._queue: tuple[JobStore, JobWorker] | None = None
        self._has_queue = threading.Event()
        self._wake = threading.Condition()
        self._submitted = 0
        self._stopping = threading.Event()
        self._stop_work = threading.Event()
        self._has_loaded = threading.Event()
        self._canceled: set[str] = set()
        self._lock = threading.Lock()
        self.tally = Tally()
        self.models: list[dict[str, Any]] | None = None
        """Of the worker processes; None until the first one has loaded them."""
        self.broken: Failure | None = None
        """Why the models cannot be loaded, as far as it is known."""
        self.isolation: tuple[str, ...] = ()
        """What was seen to be in force for the process started last; see `Sandbox.isolation`."""
        self.missing: Mapping[str, str] = {}
        """What was not, and why."""
        self._running: set[str] = set()
        self._threads = [
            threading.Thread(target=self._work, args=(n,), name=f"worker-{n}", daemon=True)
            for n in range(settings.workers)
        ]

    def start(self) -> None:
        """Start the worker threads; the first one loads its models at once."""
        for thread in self._threads:
            thread.start()

    def work_on(self, store: JobStore) -> None:
        """Take jobs from this queue from now on."""
        worker = JobWorker(
            store, self._files, self._settings, self.tally, self._on_change, self._is_unwanted
        )
        self._queue = store, worker
        self._has_queue.set()

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

    @property
    def busy(self) -> int:
        """Jobs that run here."""
        return len(self._running)

    def close(self, grace_s: float) -> None:
        """Take no new job, let running ones end for `grace_s`, give the others back."""
        self._stopping.set()
        self._has_loaded.set()
        self._has_queue.set()
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

    def _is_unwanted(self, job_id: str) -> Literal["stopping", "canceled"] | None:
        if self._stop_work.is_set():
            return "stopping"
        return "canceled" if job_id in self._canceled else None

    def _work(self, number: int) -> None:
        if number > 0:
            # The first is ready sooner when it loads its models alone.
            self._has_loaded.wait(LOAD_PATIENCE_S)
        while not self._stopping.is_set():
            has_served = False
            try:
                with closing(self._new_sandbox(number)) as sandbox:
                    has_served = self._load(sandbox)
                    if has_served:
                        self._serve(sandbox, f"{self._files.instance}/{number}")
            except EngineUnavailableError as error:
                self._has_loaded.set()
                self.broken = Failure(error.code, str(error))
                log.error("worker %d: %s; trying again", number, error)
            except (SandboxDiedError, SandboxLimitError, StorageError) as error:
                log.warning("worker %d: %s; starting another", number, error)
            except Exception:
                log.exception("worker %d failed; starting another", number)
            if not self._stopping.is_set():
                self.tally.count("restarts")
                self._stopping.wait(0.0 if has_served else RESTART_PAUSE_S)

    def _new_sandbox(self, number: int) -> Sandbox:
        return Sandbox(
            self._settings.target,
            self._settings.limits,
            name=f"worker-{number}",
            env={LIMITS_VARIABLE: json.dumps(dict(self._settings.media_limits))},
            files=replace(self._settings.files, private=self._files.open_incoming()),
            required=REQUIRED if self._settings.require_sandbox else (),
        )

    def _load(self, sandbox: Sandbox) -> bool:
        """Whether the process has its models."""
        sandbox.start()
        self.isolation, self.missing = sandbox.isolation, sandbox.missing
        end = time.monotonic() + LOAD_PATIENCE_S
        while not self._stopping.is_set() and time.monotonic() < end:
            received = sandbox.receive(0.2)
            if received is None:
                continue
            message = received[0]
            if message.get("event") == "ready":
                self.models, self.broken = message["models"], None
                self._has_loaded.set()
                self._on_change()
                return True
            self._has_loaded.set()
            self.broken = Failure(str(message.get("code")), str(message.get("detail")))
            log.error("the models cannot be loaded: %s: %s", self.broken.code, self.broken.detail)
            return False
        return False

    def _serve(self, sandbox: Sandbox, name: str) -> None:
        """One job after another; returns when the process is not to be used any more."""
        self._has_queue.wait()
        if self._queue is None:
            return
        store, worker = self._queue
        while not self._stopping.is_set():
            seen = self._submitted
            try:
                claim = store.claim(name)
            except (BusyError, StorageError) as error:
                log.warning("the queue cannot be used at this moment: %s", error)
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
                self._running.add(claim.job.id)
            try:
                usable = worker.run(sandbox, claim)
            finally:
                with self._lock:
                    self._running.discard(claim.job.id)
                    self._canceled.discard(claim.job.id)
                self._on_change()
            if not usable:
                return
