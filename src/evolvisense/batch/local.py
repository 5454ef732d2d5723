"""The engine of one machine: a process for each core, each in a sandbox of its own."""

from __future__ import annotations

import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from evolvisense.batch.engine import Task, leave_tasks
from evolvisense.batch.local_worker import LocalWorker, WorkerRules
from evolvisense.batch.outcome import Outcome
from evolvisense.errors import CancelledError, InvalidOptionError

WORKER_BYTES = 1024**3
"""Memory to count on for a process; a guess, for 343 MB were measured on a minute of video."""
WAIT_S = 0.2


class LocalEngine:
    """Runs `workers` processes; by default one for each core, fewer where memory is short.

    A file whose process dies is tried again in a new one, and fails alone. `folder`: where results
    and files of stores are kept for a moment, the folder for temporary files by default.
    Raises InvalidOptionError for fewer than one worker.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        folder: Path | None = None,
        rules: WorkerRules | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise InvalidOptionError(f"workers must be 1 or more, got {workers}")
        self.workers = workers or default_workers()
        # Processes have a working folder of their own, so a relative path means another there.
        self._folder = None if folder is None else folder.absolute()
        self._rules = rules or WorkerRules()

    def run(
        self, tasks: Iterator[Task], *, stop_tasks: Callable[[], None] = leave_tasks
    ) -> Iterator[Outcome]:
        """As `Engine.run` has it."""
        with tempfile.TemporaryDirectory(prefix="batch-", dir=self._folder) as folder:
            crew = _Crew(tasks, self.workers, Path(folder), self._rules)
            try:
                yield from crew.outcomes()
            finally:
                stop_tasks()
                crew.stop()


def default_workers() -> int:
    """One for each core that this process may use, as far as there is memory for them."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(cores, _available_bytes() // WORKER_BYTES))


def _available_bytes() -> int:
    for line in Path("/proc/meminfo").read_text("ascii").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return WORKER_BYTES


class _Crew:
    """Threads that take tasks one after the other, each with a process of its own."""

    def __init__(
        self, tasks: Iterator[Task], workers: int, folder: Path, rules: WorkerRules
    ) -> None:
        self._tasks, self._folder, self._rules = tasks, folder, rules
        self._taking = threading.Lock()
        self._stopping = threading.Event()
        # Whoever finishes waits until the last result was fetched: so few are in memory.
        self._results: queue.Queue[Outcome | BaseException | None] = queue.Queue(1)
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"batch-{number}")
            for number in range(workers)
        ]

    def outcomes(self) -> Iterator[Outcome]:
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            result = self._results.get()
            if isinstance(result, BaseException):
                raise result
            if result is None:
                running -= 1
            else:
                yield result

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _work(self, number: int) -> None:
        worker = LocalWorker(
            f"batch-{number}", self._folder, self._rules, is_cancelled=self._stopping.is_set
        )
        end: BaseException | None = None
        try:
            while (task := self._take()) is not None:
                self._give(worker.analyse(task))
        except CancelledError as error:
            if not self._stopping.is_set():
                end = error
        except BaseException as error:  # noqa: BLE001 - raised where the outcomes are awaited
            end = error
        finally:
            worker.close()
        self._give(end)

    def _take(self) -> Task | None:
        with self._taking:
            return None if self._stopping.is_set() else next(self._tasks, None)

    def _give(self, result: Outcome | BaseException | None) -> None:
        while not self._stopping.is_set():
            try:
                self._results.put(result, timeout=WAIT_S)
            except queue.Full:
                continue
            return
