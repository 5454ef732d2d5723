"""Places for uploads: where all are taken, one that hardly moves gives way to a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager

GRACE_S = 5.0
"""So long an upload may be as slow as it likes."""


class Pace:
    """How fast one upload comes; used on the event loop."""

    def __init__(self) -> None:
        self.gave_way = False
        self._began_s = time.monotonic()
        self._bytes = 0
        self._waits: asyncio.Timeout | None = None

    @property
    def bytes_per_s(self) -> float:
        """Since its beginning; infinite in the time of grace."""
        age_s = time.monotonic() - self._began_s
        return float("inf") if age_s < GRACE_S else self._bytes / age_s

    def add(self, nbytes: int) -> None:
        """Count what has come."""
        self._bytes += nbytes

    @contextmanager
    def waiting(self, timeout: asyncio.Timeout) -> Generator[None]:
        """For as long as the next bytes are waited for under that timeout."""
        self._waits = timeout
        try:
            yield
        finally:
            self._waits = None

    def give_way(self) -> None:
        """End the upload; whoever waits for its bytes gets a TimeoutError."""
        self.gave_way = True
        if self._waits is not None and not self._waits.expired():
            self._waits.reschedule(asyncio.get_running_loop().time())


class UploadPlaces:
    """`most` uploads at the same time. One slower than `slow_bytes_per_s` may lose its place."""

    def __init__(self, most: int, slow_bytes_per_s: float) -> None:
        self._most, self._slow = most, slow_bytes_per_s
        self._taken: set[Pace] = set()

    def __len__(self) -> int:
        return len(self._taken)

    @property
    def has_room(self) -> bool:
        """Whether a further upload may begin."""
        return len(self._taken) < self._most or self._slowest() is not None

    @contextmanager
    def take(self) -> Generator[Pace]:
        """A place, for the time of the block; look for room first."""
        if len(self._taken) >= self._most and (slowest := self._slowest()) is not None:
            self._taken.discard(slowest)
            slowest.give_way()
        pace = Pace()
        self._taken.add(pace)
        try:
            yield pace
        finally:
            self._taken.discard(pace)

    def _slowest(self) -> Pace | None:
        slowest = min(self._taken, key=lambda pace: pace.bytes_per_s, default=None)
        return slowest if slowest is not None and slowest.bytes_per_s < self._slow else None
