"""How fast a client may send."""

from __future__ import annotations

import time
from collections.abc import Callable


class Allowance:
    """A bucket that fills at `rate` units a second up to `burst`."""

    def __init__(
        self, rate: float, burst: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left, self._filled_s = burst, now()

    def take(self, units: float = 1.0) -> bool:
        """Whether so much may pass now; where it may not, nothing is taken."""
        if self._wait_s(units) > 0:
            return False
        self._left -= units
        return True

    def take_later(self, units: float = 1.0) -> float:
        """Take it in any case; seconds until it would have been allowed."""
        wait_s = self._wait_s(units)
        self._left -= units
        return wait_s

    def _wait_s(self, units: float) -> float:
        now_s = self._now()
        self._left = min(self._burst, self._left + (now_s - self._filled_s) * self._rate)
        self._filled_s = now_s
        return max(0.0, (units - self._left) / self._rate)
