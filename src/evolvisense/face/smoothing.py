"""The 1-euro filter: steady while a signal rests, quick when it moves.

Casiez, Roussel & Vogel (2012), doi:10.1145/2207676.2208639: a first-order low-pass whose cut-off
rises with the speed of the signal, so that noise at rest is smoothed and onsets stay where they
are. It looks back only and may run live.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from evolvisense.face.frame_times import gaps_s
from evolvisense.thresholds import SmoothingOptions
from evolvisense.types.arrays import F32, F64


@dataclass(frozen=True)
class OneEuro:
    """Parameters of a filter; x is the unit of the signal."""

    min_cutoff_hz: float
    """Cut-off at rest."""
    beta: float
    """Cut-off gained per x/s."""
    speed_cutoff_hz: float
    """Cut-off of the speed estimate."""
    restart_gap_s: float
    """After a longer gap between frames the filter starts again."""

    @classmethod
    def of_fractions(cls, options: SmoothingOptions) -> OneEuro:
        """For probabilities and blendshapes, 0-1."""
        return cls(
            options.min_cutoff_hz, options.beta, options.speed_cutoff_hz, options.restart_gap_s
        )

    @classmethod
    def of_degrees(cls, options: SmoothingOptions) -> OneEuro:
        """For head pose."""
        return cls(
            options.min_cutoff_hz, options.beta_deg, options.speed_cutoff_hz, options.restart_gap_s
        )


DEFAULT_SMOOTHING = SmoothingOptions()
FRACTIONS = OneEuro.of_fractions(DEFAULT_SMOOTHING)
DEGREES = OneEuro.of_degrees(DEFAULT_SMOOTHING)


def one_euro(pts_s: F64, signal: F32, filter_: OneEuro, *, together: bool) -> F32:
    """Smoothed copy of signal (K, C) at increasing times pts_s (K,).

    `together`: all columns share the cut-off of the fastest, which keeps their sum: for rows that
    sum to 1. Otherwise each column has its own.
    """
    smoothed = signal.astype(np.float64)
    speed = np.zeros(signal.shape[1])
    for k, dt in enumerate(gaps_s(pts_s).tolist(), start=1):
        if dt > filter_.restart_gap_s:
            speed = np.zeros(signal.shape[1])
            continue
        change = (signal[k] - smoothed[k - 1]) / dt
        speed += _alpha(np.array(filter_.speed_cutoff_hz), dt) * (change - speed)
        pace = np.abs(speed).max(keepdims=True) if together else np.abs(speed)
        alpha = _alpha(filter_.min_cutoff_hz + filter_.beta * pace, dt)
        smoothed[k] = smoothed[k - 1] + alpha * (signal[k] - smoothed[k - 1])
    return smoothed.astype(np.float32)


def _alpha(cutoff_hz: F64, dt: float) -> F64:
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * dt))
