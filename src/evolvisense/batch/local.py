"""The local engine: one sandboxed worker process per core, each driven by a thread."""

from __future__ import annotations

import logging
import os
import queue
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from evolvisense.batch.engine import Task, leave_tasks
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.stores import local_copy
from evolvisense.batch.work import CRASHED, THREADS, failed
from evolvisense.errors import (
    CancelledError,
    EngineUnavailableError,
    FileUnreadableError,
    InvalidOptionError,
    SandboxDiedError,
    SandboxLimitError,
    SandboxTaskError,
    StorageFullError,
    is_disk_full,
)
from evolvisense.sandbox import Files, Limits, Sandbox
from evolvisense.service.queue.messages import STORAGE_FULL
from evolvisense.service.queue.worker import LIMIT_TEXTS, RECYCLED_SHARE
from evolvisense.types.job import Failure

TARGET = "evolvisense.batch.work:serve"
LOAD_PATIENCE_S = 300.0
STARTS = 3
"""So often a process is started before all work stops."""
DAY_S = 24 * 3600.0
LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=DAY_S, wall_s=DAY_S)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerRules:
    """What a process may use, and when it is given up."""

    limits: Limits = LIMITS
    attempts: int = 2
    """So often a file is tried whose process dies."""
    silence_s: float = 600.0
    """A process that decodes nothing for so long hangs."""
    target: str = TARGET
    files: Files = field(default_factory=Files)
    """What its process may reach besides what it works on."""


class LocalWorker:
    """Analyses task after task in a process that lives on between them; used by one thread."""

    def __init__(
        self, name: str, folder: Path, rules: WorkerRules, *, is_cancelled: Callable[[], bool]
    ) -> None:
        self._name, self._folder, self._rules = name, folder, rules
        self._is_cancelled = is_cancelled
        self._sandbox: Sandbox | None = None

    def analyse(self, task: Task) -> Outcome:
        """The outcome of a task. Raises CancelledError, and what stops all tasks."""
        try:
            with self._at_hand(task) as (local, media):
                return replace(self._tried(local, media), name=task.file.name)
        except FileUnreadableError as error:
            return failed(task, Failure(error.code, str(error)))

    def close(self) -> None:
        """End the process."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

    @contextmanager
    def _at_hand(self, task: Task) -> Generator[tuple[Task, int]]:
        """The task with its file on this machine, opened: its process has no network and no files.

        Raises FileUnreadableError.
        """
        try:
            with local_copy(task.file.uri, self._folder) as path:
                media = _open(path)
                try:
                    yield replace(task, file=replace(task.file, uri=str(path))), media
                finally:
                    os.close(media)
        except OSError as error:
            if is_disk_full(error):
                raise StorageFullError("the disk is full: a file could not be fetched") from error
            raise

    def _tried(self, task: Task, media: int) -> Outcome:
        began_s = time.monotonic()
        for _ in range(self._rules.attempts):
            sandbox = self._ready()
            watch = _Watch(self._rules.silence_s)
            try:
                with tempfile.TemporaryFile(dir=self._folder) as output:
                    self._request(sandbox, task, (media, output.fileno()), watch)
                    return Outcome.unpack(output.read())
            except SandboxLimitError as error:
                failure = Failure(*LIMIT_TEXTS[error.which])
                return failed(task, failure, time.monotonic() - began_s)
            except SandboxDiedError:
                if watch.is_over:
                    return failed(task, Failure(*LIMIT_TEXTS["wall"]), time.monotonic() - began_s)
        return failed(task, CRASHED, time.monotonic() - began_s)

    def _request(
        self, sandbox: Sandbox, task: Task, opened: tuple[int, int], watch: _Watch
    ) -> None:
        message = {
            "file": asdict(task.file),
            "sha256": task.sha256,
            "key": task.key,
            "options": asdict(task.options),
            "keep_json": task.keep_json,
        }

        def tick() -> None:
            if watch.is_over:
                sandbox.kill()

        try:
            sandbox.request(
                message,
                files=opened,
                on_event=watch.hear,
                is_cancelled=self._is_cancelled,
                tick=tick,
            )
        except SandboxTaskError as error:
            if error.code == STORAGE_FULL:
                raise StorageFullError("the disk is full: a result could not be written") from error
            raise

    def _ready(self) -> Sandbox:
        """A process that has its models. Raises SandboxDiedError where none can be started."""
        sandbox = self._sandbox
        most_bytes = RECYCLED_SHARE * self._rules.limits.memory_bytes
        if sandbox is not None and sandbox.is_alive and sandbox.rss_bytes < most_bytes:
            return sandbox
        for _ in range(STARTS - 1):
            try:
                return self._started()
            except SandboxDiedError as error:
                # On a machine that is very busy a process may not come up in its time.
                log.warning("%s; starting another", error)
        return self._started()

    def _started(self) -> Sandbox:
        self.close()
        self._sandbox = Sandbox(
            self._rules.target,
            self._rules.limits,
            name=self._name,
            env=THREADS,
            files=replace(self._rules.files, private=self._folder),
        )
        self._sandbox.start()
        end_s = time.monotonic() + LOAD_PATIENCE_S
        while time.monotonic() < end_s:
            if self._is_cancelled():
                raise CancelledError("the work was stopped on request")
            received = self._sandbox.receive(0.2)
            if received is None:
                continue
            if received.message.get("event") == "ready":
                return self._sandbox
            raise EngineUnavailableError(str(received.message.get("detail")))
        raise SandboxDiedError(f"{self._name} did not load its models")


def _open(path: Path) -> int:
    """A descriptor to read a file by. Raises FileUnreadableError, its text without the name."""
    try:
        # Without waiting: a named pipe has no content to analyse.
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise FileUnreadableError("the file is not there") from error
    except OSError as error:
        raise FileUnreadableError(f"the file cannot be read ({type(error).__name__})") from error


class _Watch:
    """Notices when nothing is heard of a process any more."""

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._heard_s = time.monotonic()

    def hear(self, _message: object) -> None:
        self._heard_s = time.monotonic()

    @property
    def is_over(self) -> bool:
        return time.monotonic() - self._heard_s > self._silence_s


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
            crew = _WorkerGroup(tasks, self.workers, Path(folder), self._rules)
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


class _WorkerGroup:
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
