"""Clipping and spectrum of a stream at its own rate, step by step."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.voice import SpeechSegment, VoiceTimeline
from evolvisense.voice.recording import STEP_S, BandPower, flattened_peaks
from evolvisense.voice.segments import inside


class StreamQuality:
    """Takes samples at the stream's own rate and, later, which steps of 32 ms were speech."""

    def __init__(self, rate_hz: int) -> None:
        self._per_step = STEP_S * rate_hz
        self._bands = BandPower(rate_hz)
        self._rest = np.zeros(0, np.float32)
        self._steps = 0
        self._waiting: list[F64] = []
        self._flat: list[F32] = []

    def push(self, mono: F32) -> None:
        """Measure the steps that these samples (N,) complete."""
        samples = np.concatenate([self._rest, mono])
        count = int((self._first(self._steps) + len(samples)) / self._per_step) - self._steps
        first = [self._first(self._steps + i) for i in range(max(count, 0) + 1)]
        starts = np.array(first, np.int64) - first[0]
        if count <= 0 or starts[-1] > len(samples):
            self._rest = samples
            return
        flat = flattened_peaks(samples[: starts[-1]])
        share = np.add.reduceat(flat, starts[:-1], dtype=np.int64) / np.diff(starts)
        self._flat.append(share.astype(np.float32))
        steps = np.lib.stride_tricks.sliding_window_view(samples, self._bands.length)[starts[:-1]]
        self._waiting.extend(self._bands.of(steps))
        self._rest = samples[starts[-1] :].copy()
        self._steps += count

    def _first(self, step: int) -> int:
        """Number of the first sample of a step."""
        return int(np.ceil(step * self._per_step - 1e-6))

    def sort(self, active: Bools) -> None:
        """Speech or not, of the next steps (K,)."""
        known = min(len(active), len(self._waiting))
        if known:
            self._bands.add(np.stack(self._waiting[:known]), active[:known])
            del self._waiting[:known]

    def finish(self, active: Bools) -> None:
        """The last steps."""
        self.sort(active)

    def clipped_share(self, timeline: VoiceTimeline, segments: tuple[SpeechSegment, ...]) -> float:
        """Share of the samples of speech that sit at a flattened peak, 0-1."""
        flat = np.concatenate([np.zeros(0, np.float32), *self._flat])[: len(timeline.pts_s)]
        speech = inside(timeline.pts_s[: len(flat)], segments)
        return float(flat[speech].mean()) if speech.any() else 0.0

    def bandwidth_hz(self) -> float | None:
        """Highest frequency that carries speech."""
        return self._bands.bandwidth_hz()
