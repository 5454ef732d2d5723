"""Periods of the voice, one by one: jitter and shimmer.

Definitions and limits are Praat's (Boersma & Weenink), so that figures can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.voice.vad import runs

SHORTEST_S = 0.0001
LONGEST_S = 0.02
MAX_PERIOD_FACTOR = 1.3
"""Periods that differ by more are not counted as neighbours."""
MAX_AMPLITUDE_FACTOR = 1.6
NEAREST, FURTHEST = 0.8, 1.25
"""Where the next period is looked for, in periods."""
MIN_CORRELATION = 0.3
MIN_PEAK = 0.01
"""Of the highest peak of the voiced run."""
AMPLITUDE_REACH = 0.2
"""The amplitude of a period is the Hann-weighted RMS this share of a period around its mark."""
MIN_PAIRS = 20
"""Fewer pairs of periods say nothing (ours)."""


@dataclass(frozen=True)
class PeriodMarks:
    """One mark per period of voice; arrays (P,)."""

    pts_s: F64
    amplitude: F64
    """NaN where a neighbour is missing."""


def period_marks(mono: F32, rate_hz: int, frame_s: F64, f0_hz: F32) -> PeriodMarks:
    """Marks of the periods of samples (N,) with F0 (F,) at the times (F,), NaN where unvoiced.

    Praat's `To PointProcess (cc)`: from the highest peak in the middle of a voiced run to
    both sides, each time to where a window of one period correlates best (Boersma 1993).
    """
    voiced = np.isfinite(f0_hz)
    if not voiced.any():
        return PeriodMarks(np.zeros(0), np.zeros(0))
    hop = float(frame_s[1] - frame_s[0]) * rate_hz if len(frame_s) > 1 else 1.0
    energy = np.concatenate([[0.0], np.cumsum(np.square(mono, dtype=np.float64))])
    marks: list[float] = []
    for first, last in runs(voiced):
        periods = (rate_hz / f0_hz[first:last].astype(np.float64)).tolist()
        marks.extend(_Walk(mono, energy, float(frame_s[first]) * rate_hz, hop, periods).marks())
    pts_s = np.array(marks, np.float64) / rate_hz
    return PeriodMarks(pts_s, period_amplitudes(mono, rate_hz, pts_s))


def period_amplitudes(mono: F32, rate_hz: int, pts_s: F64) -> F64:
    """Hann-weighted RMS (P,) around marks (P,); NaN where the period on a side is missing."""
    amplitude = np.full(len(pts_s), np.nan)
    if len(pts_s) < 3:
        return amplitude
    before, after = np.diff(pts_s)[:-1], np.diff(pts_s)[1:]
    inner = np.flatnonzero(_alike(before, after)) + 1
    if not len(inner):
        return amplitude
    reach = int(AMPLITUDE_REACH * LONGEST_S * rate_hz) + 1
    middle = pts_s[inner] * rate_hz
    at = np.rint(middle).astype(np.int64)[:, None] + np.arange(-reach, reach + 1)
    distance = at - middle[:, None]
    period = np.where(distance < 0, before[inner - 1][:, None], after[inner - 1][:, None])
    phase = np.clip(distance / (AMPLITUDE_REACH * rate_hz * period), -1, 1)
    weight = 0.5 + 0.5 * np.cos(np.pi * phase)
    samples = mono[np.clip(at, 0, len(mono) - 1)] * weight
    amplitude[inner] = np.sqrt(np.square(samples).sum(axis=1) / np.square(weight).sum(axis=1))
    return amplitude


def local_jitter_pct(pts_s: F64) -> float | None:
    """Mean absolute difference of neighbouring periods over the mean period, percent.

    Praat's `Get jitter (local)`: periods of 0.1-20 ms whose neighbours differ by less than 1.3.
    """
    period = np.diff(pts_s)
    alike = _alike(period[:-1], period[1:])
    if alike.sum() < MIN_PAIRS:
        return None
    either = np.concatenate([alike, [False]]) | np.concatenate([[False], alike])
    difference = np.abs(np.diff(period))[alike]
    return float(100 * difference.mean() / period[either].mean())


def local_shimmer_pct(marks: PeriodMarks) -> float | None:
    """Mean absolute difference of the amplitudes of neighbouring periods over their mean, percent.

    Praat's `Get shimmer (local)`: amplitudes that differ by less than a factor of 1.6.
    """
    known = np.isfinite(marks.amplitude) & (marks.amplitude > 0)
    pts_s, amplitude = marks.pts_s[known], marks.amplitude[known]
    period = np.diff(pts_s)
    ratio = amplitude[1:] / amplitude[:-1]
    alike = (period >= SHORTEST_S) & (period <= LONGEST_S)
    alike &= np.maximum(ratio, 1 / ratio) <= MAX_AMPLITUDE_FACTOR
    if alike.sum() < MIN_PAIRS:
        return None
    return float(100 * np.abs(np.diff(amplitude))[alike].mean() / amplitude.mean())


def _alike(before: F64, after: F64) -> Bools:
    """Pairs of periods that may be compared."""
    shorter, longer = np.minimum(before, after), np.maximum(before, after)
    return (shorter >= SHORTEST_S) & (longer <= LONGEST_S) & (longer <= MAX_PERIOD_FACTOR * shorter)


class _Walk:
    """Steps through one voiced run, from period to period; positions are in samples."""

    def __init__(
        self, mono: F32, energy: F64, first: float, hop: float, periods: list[float]
    ) -> None:
        self._mono, self._energy = mono, energy
        self._first, self._hop, self._periods = first, hop, periods
        self._left = first - hop / 2
        self._right = first + (len(periods) - 0.5) * hop

    def marks(self) -> list[float]:
        """Positions of the marks, ascending."""
        middle = (self._left + self._right) / 2
        half = self._period_at(middle) / 2
        begin = max(0, round(middle - half))
        search = self._mono[begin : round(middle + half) + 1]
        if not len(search):
            return []
        start = float(begin + np.argmax(np.abs(search - search.mean())))
        whole = self._mono[max(0, round(self._left)) : round(self._right) + 1]
        least = MIN_PEAK * float(np.abs(whole).max(initial=0))
        return [*reversed(self._side(start, -1, least)), start, *self._side(start, 1, least)]

    def _side(self, start: float, direction: int, least: float) -> list[float]:
        marks: list[float] = []
        at = start
        while True:
            at, correlation, peak = self._next(at, direction)
            if not self._left <= at <= self._right:
                return marks
            if correlation > MIN_CORRELATION and peak > least:
                marks.append(at)

    def _period_at(self, at: float) -> float:
        """Linear between frames."""
        last = len(self._periods) - 1
        place = min(max((at - self._first) / self._hop, 0.0), last)
        frame = min(int(place), max(last - 1, 0))
        here, there = self._periods[frame], self._periods[min(frame + 1, last)]
        return here + (there - here) * (place - frame)

    def _next(self, at: float, direction: int) -> tuple[float, float, float]:
        """Position of the neighbouring period, its correlation and its peak."""
        period = self._period_at(at)
        length = max(2, round(period))
        nearest, furthest = int(NEAREST * period), int(np.ceil(FURTHEST * period))
        lags = (nearest, furthest) if direction > 0 else (-furthest, -nearest)
        first = round(at - period / 2)
        begin, end = first + lags[0], first + lags[1] + length
        if min(first, begin) < 0 or max(end, first + length) > len(self._mono):
            return at + direction * period, 0.0, 0.0
        here = self._mono[first : first + length]
        there = self._mono[begin:end]
        energy = self._energy[begin + length : end + 1] - self._energy[begin : end - length + 1]
        own = self._energy[first + length] - self._energy[first]
        scale = np.sqrt(np.maximum(energy * own, 1e-30))
        correlation = np.correlate(there, here, "valid") / scale
        best = int(correlation.argmax())
        value, shift = float(correlation[best]), 0.0
        if 0 < best < len(correlation) - 1:
            a, c = float(correlation[best - 1]), float(correlation[best + 1])
            curvature = a + c - 2 * value
            if curvature < 0:
                shift = (a - c) / (2 * curvature)
        peak = float(np.abs(there[best : best + length]).max())
        return at + lags[0] + best + shift, value, peak
