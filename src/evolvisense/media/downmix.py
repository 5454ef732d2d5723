"""Channels become one: their mean, or the loudest where they would cancel each other."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64

CANCEL_BELOW = 0.25
"""The mean of C unrelated channels has 1 / C of their mean power, that of equal ones all of it. A
mean with less than this share of 1 / C is made by channels in opposite phase (ours)."""
HALF_LIFE_S = 8.0
"""Powers of this long ago count half, so that the choice holds from word to word."""
LOUDER = 2.0
"""The chosen channel is left only for one of so many times its power: a change turns the phase."""
MIN_POWER = 1e-9
"""-90 dB re full scale: below, there is nothing to judge by."""


class Mixer:
    """Mixes the channels of one stream, frame by frame."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._channel_power: F64 = np.zeros(0)
        self._mean_power = 0.0
        self._chosen = 0
        self.one_channel_s = 0.0
        """Seconds in which one channel stands for all, as they cancel each other."""

    def mono(self, samples: F32) -> F32:
        """One channel (N,) of samples (C, N)."""
        if len(samples) == 1:
            return samples[0]
        mean = samples.mean(axis=0, dtype=np.float32)
        count = samples.shape[1]
        if len(self._channel_power) != len(samples):
            self._channel_power, self._mean_power = np.zeros(len(samples)), 0.0
            self._chosen = 0
        keep = 0.5 ** (count / (HALF_LIFE_S * self._rate_hz))
        self._channel_power = keep * self._channel_power + np.nan_to_num(
            np.einsum("cn,cn->c", samples, samples)
        )
        self._mean_power = keep * self._mean_power + float(np.nan_to_num(mean @ mean))
        average = float(self._channel_power.mean())
        has_sound = average > MIN_POWER * self._rate_hz
        if not has_sound or self._mean_power * len(samples) >= CANCEL_BELOW * average:
            return mean
        self.one_channel_s += count / self._rate_hz
        loudest = int(self._channel_power.argmax())
        if self._channel_power[loudest] > LOUDER * self._channel_power[self._chosen]:
            self._chosen = loudest
        return np.ascontiguousarray(samples[self._chosen])
