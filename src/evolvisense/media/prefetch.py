"""Running a producer beside its consumer through a bounded queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

POLL_S = 0.05


class _End:
    """Last item of the queue, with the producer's error if it had one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Prefetched(Generic[T]):
    def __init__(self, items: Iterable[T], depth: int) -> None:
        self._queue: queue.Queue[T | _End] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._produce, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _produce(self, items: Iterable[T]) -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not self._put(item):
                    return
        except BaseException as caught:  # noqa: BLE001 - handed to the consumer, who raises it
            error = caught
        self._put(_End(error))

    def _put(self, item: T | _End) -> bool:
        """False where the consumer has gone."""
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def prefetch(items: Iterable[T], depth: int) -> Generator[Iterable[T]]:
    """The same items, made by a thread of their own, at most `depth` ahead.

    The thread has ended when the block is left, however it is left; an error of the producer is
    raised where its item would have come.
    """
    prefetched = _Prefetched(items, depth)
    try:
        yield prefetched
    finally:
        prefetched.close()
