"""The figures of one engine on one folder, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from evaluation import metrics
from evolvisense.types.arrays import F64, I64, Bools
from evolvisense.types.scores import EMOTIONS

HEADLINE: tuple[str, ...] = ("accuracy", "balanced_accuracy", "macro_f1", "ece")


@dataclass(frozen=True)
class Answers:
    """One row for each picture or group of pictures; arrays (N,)."""

    NONE: ClassVar[int] = -1
    """In `predicted`: no face was found."""

    expected: I64
    """Index in EMOTIONS."""
    predicted: I64
    """Index in EMOTIONS or NONE."""
    confidence: F64
    """Probability of the top label, 1/7-1."""

    @property
    def correct(self) -> Bools:
        """(N,)"""
        return self.expected == self.predicted

    def confusion(self, rows: I64 | slice = slice(None)) -> I64:
        """Counts (7, 8) of those rows, see `metrics.confusion_matrix`."""
        return metrics.confusion_matrix(self.expected[rows], self.predicted[rows], len(EMOTIONS))

    def bins(self, rows: I64 | slice = slice(None)) -> metrics.ReliabilityBins:
        """Calibration of those rows."""
        return metrics.reliability_bins(self.confidence[rows], self.correct[rows])


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scores:
    """All figures of one engine on one folder."""

    n: int
    headline: Mapping[str, Estimate]
    """The figures of HEADLINE, 0-1."""
    confusion: I64
    """(7, 8), see `metrics.confusion_matrix`."""
    bins: metrics.ReliabilityBins


def score(answers: Answers, resamples: int) -> Scores:
    """Figures of one engine, intervals over the rows of `answers`."""

    def figures(rows: I64 | slice) -> F64:
        confusion = answers.confusion(rows)
        return np.array(
            [
                metrics.accuracy(confusion),
                metrics.balanced_accuracy(confusion),
                metrics.macro_f1(confusion),
                metrics.expected_calibration_error(answers.bins(rows)),
            ]
        )

    count = len(answers.expected)
    values = figures(slice(None))
    lows, highs = metrics.bootstrap_interval(figures, count, resamples)
    estimates = map(Estimate, values.tolist(), lows.tolist(), highs.tolist())
    headline = dict(zip(HEADLINE, estimates, strict=True))
    return Scores(count, headline, answers.confusion(), answers.bins())


def accuracy_gain(answers: Answers, baseline: Answers, resamples: int) -> Estimate:
    """Accuracy minus that of another engine on the same rows, which are resampled in pairs."""
    gain = answers.correct.astype(np.float64) - baseline.correct

    def mean(rows: I64) -> F64:
        return gain[rows].mean(keepdims=True)

    low, high = metrics.bootstrap_interval(mean, len(gain), resamples)
    return Estimate(float(gain.mean()), float(low[0]), float(high[0]))
