"""A bounded queue of work on threads: what does not fit is refused at once, with a time to wait."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from evolvisense.errors import BusyError

T = TypeVar("T")

RECENT = 16
FIRST_GUESS_S = 5.0
LONGEST_RETRY_S = 600


class WorkQueue:
    """Runs `workers` functions at a time and lets `waiting` more wait."""

    def __init__(self, workers: int, waiting: int) -> None:
        if workers < 1 or waiting < 0:
            raise ValueError(f"expected workers >= 1 and waiting >= 0, got {workers} and {waiting}")
        self._workers = workers
        self._places = workers + waiting
        self._pool = ThreadPoolExecutor(workers, "analysis")
        self._lock = threading.Lock()
        self._in_flight = 0
        self._recent_s: deque[float] = deque(maxlen=RECENT)

    @property
    def in_flight(self) -> int:
        """Functions that run or wait."""
        return self._in_flight

    def check_room(self) -> None:
        """Raise BusyError where `submit` would; the place is not kept."""
        with self._lock:
            self._require_room()

    def submit(self, fn: Callable[[], T]) -> Future[T]:
        """Run `fn` on a worker as soon as one is free. Raises BusyError when all places are taken.

        Cancelling the future gives its place back unless the work has begun.
        """
        with self._lock:
            self._require_room()
            self._in_flight += 1
        try:
            future = self._pool.submit(self._timed, fn)
        except RuntimeError:  # closed
            self._leave()
            raise
        future.add_done_callback(lambda _: self._leave())
        return future

    def close(self) -> None:
        """Cancel what waits, and return when what runs has ended."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _require_room(self) -> None:
        if self._in_flight >= self._places:
            wait_s = self._retry_after_s()
            raise BusyError(f"all places are taken; try again in {wait_s} s", wait_s)

    def _retry_after_s(self) -> int:
        known = self._recent_s
        mean_s = sum(known) / len(known) if known else FIRST_GUESS_S
        return min(LONGEST_RETRY_S, max(1, math.ceil(mean_s / self._workers)))

    def _timed(self, fn: Callable[[], T]) -> T:
        began_s = time.monotonic()
        try:
            return fn()
        finally:
            with self._lock:
                self._recent_s.append(time.monotonic() - began_s)

    def _leave(self) -> None:
        with self._lock:
            self._in_flight -= 1
