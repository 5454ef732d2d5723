"""Conditioning of audio before analysis: DC offset removal and loudness normalization."""

from __future__ import annotations

from collections import deque

import numpy as np

from evolvisense.types.arrays import F32

MIN_SHARE = 0.1
"""Of the RMS of the signal: a smaller offset is not removed, whatever the gain."""
MEMORY = 32
WINDOW_S = 0.25
"""The offset is the median of the means of the last MEMORY windows of WINDOW_S seconds."""


class OffsetRemoval:
    """Removes the offset of one stream; without one the samples pass unchanged.

    Each window is corrected by the windows before it, the first one by nothing, so the result does
    not depend on how the stream is cut into blocks (`test_block_size_never_changes_the_reading`).
    """

    def __init__(self, rate_hz: int) -> None:
        self._window = max(1, round(WINDOW_S * rate_hz))
        self._means: deque[float] = deque(maxlen=MEMORY)
        self._powers: deque[float] = deque(maxlen=MEMORY)
        self._pending: list[F32] = []
        self._count = 0
        self._offset = 0.0

    def push(self, mono: F32) -> F32:
        """The samples (N,) at the stream's rate, without the offset of the windows before them."""
        parts: list[F32] = []
        is_changed = False
        left = mono
        while len(left):
            room = self._window - self._count
            part, left = left[:room], left[room:]
            is_changed = is_changed or self._offset != 0
            parts.append(part - np.float32(self._offset))
            self._pending.append(part)
            self._count += len(part)
            if self._count == self._window:
                self._end_window()
        return np.concatenate(parts) if is_changed else mono

    def _end_window(self) -> None:
        window = np.concatenate(self._pending).astype(np.float64)
        self._means.append(float(window.mean()))
        self._powers.append(float(np.mean(window * window)))
        self._pending, self._count = [], 0
        offset = float(np.median(self._means))
        is_large = offset * offset > MIN_SHARE**2 * float(np.mean(self._powers))
        self._offset = offset if is_large else 0.0


STEP_SAMPLES = 512
TARGET = 0.1
"""RMS that loud speech is brought to, full scale is 1."""
MAX_GAIN = 1000.0
HALF_LIFE_S = 8.0
"""What was heard this long ago counts half."""
RATE_HZ = 16_000


class LoudnessNormalizer:
    """Scales the chunks of one stream at 16 kHz by the loudness heard so far.

    The loudness of a chunk is the mean of its 32 ms powers weighted by themselves, so silence in
    it changes nothing; a quiet chunk after a loud one is not blown up.
    """

    def __init__(self) -> None:
        self._power = 0.0

    def push(self, mono: F32) -> F32:
        """The chunk float32 (N,) at the common loudness."""
        if not len(mono):
            return mono
        steps = len(mono) // STEP_SAMPLES
        whole = mono[: steps * STEP_SAMPLES] if steps else mono
        power = np.square(whole, dtype=np.float64).reshape(max(steps, 1), -1).mean(axis=1)
        total = float(power.sum())
        here = float(np.square(power).sum() / total) if total > 0 else 0.0
        self._power = max(here, 0.5 ** (len(mono) / (HALF_LIFE_S * RATE_HZ)) * self._power)
        if self._power <= 0:
            return mono
        return mono * np.float32(min(TARGET / np.sqrt(self._power), MAX_GAIN))
