"""Pitch and activity of a voice while it is speaking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from evolvisense.types.arrays import F32, F64
from evolvisense.types.engines import PitchTracker, VoiceActivity
from evolvisense.types.voice import PitchContour
from evolvisense.voice.levelling import RATE_HZ, Levelling

STEP_S = 0.032
PUSH_S = 0.08
"""Sound is worked on in pieces of this length: shorter ones cost more, longer ones come later."""


@dataclass(frozen=True)
class LiveVoiceUpdate:
    """What became known since the last update; times in seconds from the first sample."""

    contour: PitchContour
    step_s: F64
    """(K,) starts of the steps of voice activity, 32 ms each."""
    speech_probability: F32
    """(K,)"""


class LiveVoice:
    """One live stream at any rate, whatever its gain.

    Speech is known after .12 s. F0 needs .16 s of sound after it (the reach of swift-f0), so it
    is known after .27 s. The level that the engines hear is that of the past alone; the first
    word may be judged a little differently than by `VoiceReader`, which knows what follows.
    """

    def __init__(self, activity: VoiceActivity, pitch: PitchTracker, rate_hz: int) -> None:
        self._activity, self._pitch = activity.start(), pitch.start()
        self._to_16k = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="MQ")
        self._is_16k = rate_hz == RATE_HZ
        self._levelling = Levelling()
        self._held = np.zeros(0, np.float32)
        self._steps = 0

    def push(self, mono: F32) -> LiveVoiceUpdate:
        """Take float32 (N,) at the stream's rate, without a constant offset (`voice.offset`)."""
        self._held = np.concatenate([self._held, self._resampled(mono, last=False)])
        size = round(PUSH_S * RATE_HZ)
        whole = len(self._held) // size * size
        pieces = self._held[:whole].reshape(-1, size)
        self._held = self._held[whole:]
        return self._hear([self._levelling.push(piece) for piece in pieces], last=False)

    def flush(self) -> LiveVoiceUpdate:
        """The rest; the stream is over."""
        rest = self._resampled(np.zeros(0, np.float32), last=True)
        return self._hear([self._levelling.push(np.concatenate([self._held, rest]))], last=True)

    def _resampled(self, mono: F32, *, last: bool) -> F32:
        if self._is_16k:
            return mono
        return np.asarray(self._to_16k.resample_chunk(mono, last=last), np.float32)

    def _hear(self, pieces: list[F32], *, last: bool) -> LiveVoiceUpdate:
        heard = np.concatenate([np.zeros(0, np.float32), *pieces])
        probability = [self._activity.push(heard)]
        contours = [self._pitch.push(heard)]
        if last:
            probability.append(self._activity.flush())
            contours.append(self._pitch.flush())
        speech = np.concatenate(probability)
        steps = self._steps + np.arange(len(speech))
        self._steps += len(speech)
        return LiveVoiceUpdate(
            PitchContour(
                np.concatenate([c.pts_s for c in contours]),
                np.concatenate([c.f0_hz for c in contours]),
                np.concatenate([c.confidence for c in contours]),
            ),
            (steps * STEP_S).astype(np.float64),
            speech,
        )
