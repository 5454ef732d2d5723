"""The two means of formula v1, as librosa computes them, in one pass over blocks.

librosa itself would load numba: 3 s and 230 MB for two means. The tests compare with librosa.
"""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32
from evolvisense.types.voice import LegacyAudioMeans

FRAME = 2048
HOP = 512
FMIN_HZ = 150.0
FMAX_HZ = 4000.0
THRESHOLD = 0.1
"""Frame, hop, band and threshold: the defaults of librosa.piptrack 0.11 and librosa.feature.rms."""


class LegacyMeans:
    """Mean of the non-zero bins of `librosa.piptrack` and mean of `librosa.feature.rms`."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        # Both centre their frames, so the signal is padded with half a frame of zeros at each end.
        self._waiting = np.zeros(FRAME // 2, np.float32)
        self._window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
        self._pitch_sum, self._pitch_count = 0.0, 0
        self._rms_sum, self._frame_count = 0.0, 0

    def push(self, mono: F32) -> None:
        """Take float32 (N,) at the stream's own rate."""
        samples = np.concatenate([self._waiting, mono])
        count = (len(samples) - FRAME) // HOP + 1
        if count <= 0:
            self._waiting = samples
            return
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP][:count]
        self._waiting = samples[count * HOP :].copy()
        self._rms_sum += float(np.sqrt(np.square(frames).mean(axis=1)).sum())
        self._frame_count += count
        peaks = _peak_frequencies(np.abs(np.fft.rfft(frames * self._window)), self._rate_hz)
        self._pitch_sum += float(peaks.sum(dtype=np.float64))
        self._pitch_count += len(peaks)

    def finish(self) -> LegacyAudioMeans:
        """The means; 0 where there is nothing to average."""
        self.push(np.zeros(FRAME // 2, np.float32))
        return LegacyAudioMeans(
            pitch_hz=self._pitch_sum / self._pitch_count if self._pitch_count else 0.0,
            rms=self._rms_sum / self._frame_count if self._frame_count else 0.0,
        )


def _peak_frequencies(magnitude: F32, rate_hz: int) -> F32:
    """Interpolated frequencies in Hz of the spectral peaks of frames (N, FRAME / 2 + 1).

    A peak exceeds a tenth of its frame's maximum and lies in 150-4000 Hz (Smith's parabolic
    interpolation of spectral peaks, as in librosa.piptrack).
    """
    left, middle, right = magnitude[:, :-2], magnitude[:, 1:-1], magnitude[:, 2:]
    floor = THRESHOLD * magnitude.max(axis=1, keepdims=True)
    kept = np.where(magnitude > floor, magnitude, 0)
    hz = np.arange(1, magnitude.shape[1] - 1, dtype=np.float64) * (rate_hz / FRAME)
    in_band = (hz >= FMIN_HZ) & (hz < min(FMAX_HZ, rate_hz / 2))
    is_peak = in_band & (kept[:, 1:-1] > kept[:, :-2]) & (kept[:, 1:-1] >= kept[:, 2:])
    rows, bins = np.nonzero(is_peak)
    curvature = (right + left - 2 * middle)[rows, bins]
    slope = ((right - left) / 2)[rows, bins]
    usable = np.abs(slope) < np.abs(curvature)
    shift = np.where(usable, -slope / np.where(usable, curvature, 1), 0)
    return ((bins + 1 + shift) * (rate_hz / FRAME)).astype(np.float32)
