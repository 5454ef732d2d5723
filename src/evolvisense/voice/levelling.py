"""One loudness for the engines, whatever the microphone's gain."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32

STEP_SAMPLES = 512
TARGET = 0.1
"""RMS that loud speech is brought to, full scale is 1."""
MAX_GAIN = 1000.0
HALF_LIFE_S = 8.0
"""What was heard this long ago counts half."""
RATE_HZ = 16_000


class Levelling:
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
