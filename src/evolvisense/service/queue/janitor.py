"""Looks after the queue: lost jobs go back, what has expired or belongs to nobody is deleted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from evolvisense.errors import BusyError, StorageError
from evolvisense.service.queue.files import JobFiles, job_id_of
from evolvisense.service.queue.settings import LeaseRules
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import short_id

LOOK_S = 1.0
SWEEP_S = 30.0
WIPE_S = 3600.0
REMEMBER_DELETED_S = 24 * 3600.0
"""So long the id of a deleted job is kept, for files that a dying process left."""
SHOWN_IDS = 20
CLOCK_JUMP_S = 60.0
"""The wall clock may differ so much from the monotonic one between two sweeps."""

log = logging.getLogger(__name__)


class LeaseWatch:
    """Gives jobs back whose heartbeat has not changed for `lease_s` of this process's own time.

    No two clocks are compared, so neither a wrong nor a jumping clock takes a job from its worker.
    """

    def __init__(
        self,
        store: JobStore,
        rules: LeaseRules,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._rules, self._monotonic = store, rules, monotonic
        self._seen: dict[str, tuple[tuple[str, int], float]] = {}

    def look(self) -> int:
        """How many jobs were taken from silent workers."""
        now_s = self._monotonic()
        seen: dict[str, tuple[tuple[str, int], float]] = {}
        taken = 0
        for job_id, lease, beat in self._store.running():
            mark, since_s = self._seen.get(job_id, ((lease, beat), now_s))
            if mark != (lease, beat):
                mark, since_s = (lease, beat), now_s
            if now_s - since_s >= self._rules.lease_s:
                state = self._store.requeue(
                    job_id,
                    lease,
                    beat,
                    max_attempts=self._rules.max_attempts,
                    expires_s=time.time() + self._rules.retention_s,
                )
                if state is not None:
                    taken += 1
                    log.warning("job %s: its worker is silent; now %s", short_id(job_id), state)
                continue
            seen[job_id] = (mark, since_s)
        self._seen = seen
        return taken


class Janitor:
    """A thread that looks once a second and sweeps twice a minute."""

    def __init__(
        self,
        store: JobStore,
        files: JobFiles,
        *,
        rules: LeaseRules,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._files = store, files
        self._leases = LeaseWatch(store, rules)
        self._on_change = on_change
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self._clock_s = time.time() - time.monotonic()
        self._has_deleted = self._wipes = False
        self.unknown_files = 0
        """Files in the folder that belong to no analysis of the database; they are kept."""
        self._next_wipe_s = time.monotonic() + WIPE_S

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def sweep(self) -> None:
        """Delete what dead processes left, what has expired and files without a job."""
        dead = {*self._files.sweep_dead()}
        dead |= {name for name in self._store.waiters() if not self._files.is_alive(name)}
        left = [job.id for job in self._store.waited_by(dead) if self.remove(job.id)]
        _log_deleted("of clients that were lost with their server", left)
        is_steady = self._clock_is_steady()
        if is_steady:
            expired = [i for i in self._store.expired(time.time()) if self.remove(i)]
            _log_deleted("that have expired", expired)
        swept = self._files.sweep(self._store.owners)
        if swept.deleted:
            log.info("deleted %d files that no analysis needs", len(swept.deleted))
        self._tell_unknown(swept.unknown)
        if is_steady:
            held = {job_id_of(path) for path in (*swept.waiting, *swept.unknown)}
            self._store.forget_deleted(time.time() - REMEMBER_DELETED_S, held)
        if self._has_deleted:
            # Until then SQLite's log still holds what was deleted.
            self._has_deleted = not self._store.checkpoint()
        if self._wipes and time.monotonic() >= self._next_wipe_s:
            # SQLite leaves pieces of rows that it moved between pages.
            self._next_wipe_s = time.monotonic() + WIPE_S
            self._wipes = not self._store.wipe()

    def remove(self, job_id: str) -> bool:
        """Delete a job with everything that belongs to it; whether there was one."""
        job = self._store.get(job_id)
        deleted = self._store.delete(job_id)
        if deleted:
            self._has_deleted = self._wipes = True
        self._files.forget_media(job_id)
        if job is not None and job.report is not None:
            self._files.forget_report(job.report)
        if job is not None and job.overlay is not None:
            self._files.forget_overlay(job.overlay)
        return deleted

    def _tell_unknown(self, paths: tuple[Path, ...]) -> None:
        """Count files of unknown analyses, and log where there are more than before."""
        if len(paths) > self.unknown_files:
            log.warning(
                "%d files of %d analyses that the database does not know are kept: "
                "`evolvisense data check` lists them, `data adopt` imports them, `data reset` "
                "deletes them",
                len(paths),
                len({job_id_of(path) for path in paths}),
            )
        self.unknown_files = len(paths)

    def _clock_is_steady(self) -> bool:
        """False once after the wall clock jumped: nothing expires by a jump alone."""
        offset_s = time.time() - time.monotonic()
        steady = abs(offset_s - self._clock_s) < CLOCK_JUMP_S
        if not steady:
            log.warning("the clock jumped by %.0f s", offset_s - self._clock_s)
        self._clock_s = offset_s
        return steady

    def _run(self) -> None:
        next_sweep_s = time.monotonic()
        while not self._stop.wait(LOOK_S):
            try:
                if self._leases.look():
                    self._on_change()
                if time.monotonic() >= next_sweep_s:
                    next_sweep_s = time.monotonic() + SWEEP_S
                    self.sweep()
            except BusyError as error:
                log.info("the database is busy: %s", error)
            except StorageError as error:
                log.warning("the queue cannot be kept at this moment: %s", error)
            except Exception:
                log.exception("keeping the queue failed; trying again")


def _log_deleted(which: str, ids: Sequence[str]) -> None:
    if ids:
        some = ", ".join(short_id(job_id) for job_id in ids[:SHOWN_IDS])
        more = ", ..." if len(ids) > SHOWN_IDS else ""
        log.info("deleted %d analyses %s: %s%s", len(ids), which, some, more)
