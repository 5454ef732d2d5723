"""The engine of a batch: the protocol of whatever analyses its files, and the progress of a batch.

`read_ahead` hashes the next files before a worker is free to analyse them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import Outcome
from evolvisense.options import AnalysisOptions


@dataclass(frozen=True)
class BatchProgress:
    """Counts of files; `elapsed_s` since the first one was taken."""

    files: int
    """All files of the run."""
    finished: int
    """Done, in this run or before."""
    reused: int
    """Of those: done before, or of the same content as another."""
    failed: int
    """Of those finished: could not be analysed."""
    bytes: int
    """Size of all files."""
    finished_bytes: int
    analysed_bytes: int
    """Of the files that were analysed in this run."""
    media_s: float
    """Length of the videos that were analysed in this run."""
    elapsed_s: float

    @property
    def files_per_min(self) -> float | None:
        """Files analysed a minute; None while none is."""
        if not (self.analysed_bytes or self.media_s) or self.elapsed_s <= 0:
            return None
        return 60 * (self.finished - self.reused) / self.elapsed_s

    @property
    def remaining_s(self) -> float | None:
        """Expected by the bytes that are left and the rate so far; None while there is no rate."""
        if not self.analysed_bytes or self.elapsed_s <= 0:
            return None
        return (self.bytes - self.finished_bytes) * self.elapsed_s / self.analysed_bytes


BatchListener = Callable[[BatchProgress], None]

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 4
FILES_AHEAD = 16


def map_ahead(
    work: Callable[[Item], Result], items: Iterable[Item], stopping: threading.Event
) -> Iterator[tuple[Item, Result]]:
    """Items with what `work` makes of them, in their order; at most FILES_AHEAD wait.

    `stopping` is set when the iteration ends, also by being given up: `work` looks at it, so that
    nobody waits for what is not wanted any more.
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(THREADS, "ahead")
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > FILES_AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        stopping.set()
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Task:
    """One file to analyse; can be pickled."""

    file: InputFile
    sha256: str
    """Of the content that was found; a file that has another one meanwhile fails."""
    key: str
    """Another one for each task of a run; the outcome has the same. See `identity.key_of`."""
    options: AnalysisOptions
    keep_json: bool = False
    """Whether the report is wanted too."""


def leave_tasks() -> None:
    """For tasks that nobody has to wait for."""


class Engine(Protocol):
    """Analyses files, several at a time."""

    def run(
        self, tasks: Iterator[Task], *, stop_tasks: Callable[[], None] = leave_tasks
    ) -> Iterator[Outcome]:
        """One outcome for each task, in whatever order they come to their end.

        A task is taken from `tasks` only when there is room for it, by one thread at a time. A file
        that fails gives an outcome with its failure; what stops all the work is raised. Closing the
        iterator breaks off what is under way. `stop_tasks` is called before anything is waited for
        then: a thread that waits in `tasks` comes back.
        """
        ...
