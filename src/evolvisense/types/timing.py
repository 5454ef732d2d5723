"""Seconds per stage."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class StageClock:
    """Adds up seconds by stage; stages run side by side, so their sum exceeds `total`."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = Lock()
        self._started = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Count the time inside the block for `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._add(name, time.perf_counter() - started)

    def timed(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """The items, counting the time that producing each takes."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, and `total` since the clock was made."""
        with self._lock:
            return {**self._seconds, "total": time.perf_counter() - self._started}

    def _add(self, name: str, seconds: float) -> None:
        with self._lock:
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds
