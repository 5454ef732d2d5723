"""Reading ahead: the content of the next files is known before somebody is free to analyse them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

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
