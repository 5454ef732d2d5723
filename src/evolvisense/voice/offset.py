"""A constant offset of the samples (DC), taken off before levels are measured."""

from __future__ import annotations

from collections import deque

import numpy as np

from evolvisense.types.arrays import F32

MIN_OFFSET = 1e-3
"""-60 dB re full scale: less is hidden by the noise of any room, and is left alone."""
MEMORY_S = 8
"""The offset is the median of the means of so many seconds."""
MIN_KNOWN_S = 0.25
"""Of a stream that has not lasted a second yet, its mean is the offset once so much is known."""


class OffsetRemoval:
    """Takes the offset off the samples of one stream; without one they pass unchanged."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._means: deque[float] = deque(maxlen=MEMORY_S)
        self._sum, self._count = 0.0, 0

    def push(self, mono: F32) -> F32:
        """The next samples (N,) at the stream's rate, without the offset known by their end."""
        left = mono
        while len(left):
            part, left = (
                left[: self._rate_hz - self._count],
                left[self._rate_hz - self._count :],
            )
            self._sum += float(part.sum(dtype=np.float64))
            self._count += len(part)
            if self._count >= self._rate_hz:
                self._means.append(self._sum / self._count)
                self._sum, self._count = 0.0, 0
        offset = self._offset()
        return mono if abs(offset) < MIN_OFFSET else mono - np.float32(offset)

    def _offset(self) -> float:
        if self._means:
            return float(np.median(self._means))
        return self._sum / self._count if self._count >= MIN_KNOWN_S * self._rate_hz else 0.0
