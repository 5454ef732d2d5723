"""Pure functions from labels and probabilities to figures.

A class is an index; `predicted` -1 means that there is no answer, which is never right. Means over
classes are over those that occur among the expected ones, as in a folder without neutral faces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F64, I64, Bools

CALIBRATION_BINS = 15
PERCENTILES = (2.5, 97.5)


def confusion_matrix(expected: I64, predicted: I64, classes: int) -> I64:
    """Counts int64 (C, C + 1): row expected, column predicted, last column no answer.

    Raises ValueError for no rows, different lengths, or a class outside 0..C-1 (-1 predicted).
    """
    _require_same_length(expected, predicted)
    if expected.min() < 0 or expected.max() >= classes:
        raise ValueError(f"expected classes 0..{classes - 1}, got {np.unique(expected).tolist()}")
    if predicted.min() < -1 or predicted.max() >= classes:
        raise ValueError(f"expected -1..{classes - 1}, got {np.unique(predicted).tolist()}")
    columns = classes + 1
    cells = expected * columns + predicted % columns
    return np.bincount(cells, minlength=classes * columns).reshape(classes, columns)


def accuracy(confusion: I64) -> float:
    """Share of right answers, 0-1."""
    return float(np.trace(confusion) / confusion.sum())


def recall(confusion: I64) -> F64:
    """Share of each class that was recognised, (C,), NaN for a class that does not occur."""
    return _shares(confusion.diagonal(), confusion.sum(axis=1))


def precision(confusion: I64) -> F64:
    """Share of right ones among the answers of each class, (C,), NaN where it was never given."""
    return _shares(confusion.diagonal(), confusion.sum(axis=0)[: len(confusion)])


def f1(confusion: I64) -> F64:
    """Harmonic mean of precision and recall, (C,), NaN for a class that does not occur."""
    support = confusion.sum(axis=1)
    answers = confusion.sum(axis=0)[: len(confusion)]
    values = _shares(2 * confusion.diagonal(), support + answers)
    return np.where(support > 0, values, np.nan)


def balanced_accuracy(confusion: I64) -> float:
    """Mean recall of the classes that occur, 0-1."""
    return float(np.nanmean(recall(confusion)))


def macro_f1(confusion: I64) -> float:
    """Mean F1 of the classes that occur, 0-1."""
    return float(np.nanmean(f1(confusion)))


@dataclass(frozen=True)
class ReliabilityBins:
    """Answers by their confidence, in B bins of equal width; bin b is (edges[b], edges[b+1]]."""

    edges: F64
    """(B + 1,), from 0 to 1."""
    count: I64
    """(B,)"""
    accuracy: F64
    """(B,), share of right answers, NaN where the bin is empty."""
    confidence: F64
    """(B,), mean confidence, NaN where the bin is empty."""


def reliability_bins(
    confidence: F64, correct: Bools, bins: int = CALIBRATION_BINS
) -> ReliabilityBins:
    """Bins of the top label's confidence (N,), 0-1 (Guo et al. 2017, arXiv:1706.04599).

    Raises ValueError for no rows, different lengths, or a confidence outside 0-1.
    """
    _require_same_length(confidence, correct)
    if not (confidence.min() >= 0 and confidence.max() <= 1):
        raise ValueError(f"expected 0-1, got {confidence.min()} to {confidence.max()}")
    edges = np.linspace(0, 1, bins + 1)
    index = np.searchsorted(edges[1:-1], confidence, side="left")
    count = np.bincount(index, minlength=bins)
    return ReliabilityBins(
        edges,
        count,
        _shares(np.bincount(index, correct, bins), count),
        _shares(np.bincount(index, confidence, bins), count),
    )


def expected_calibration_error(bins: ReliabilityBins) -> float:
    """ECE, 0-1: mean distance of accuracy and confidence, each bin by its count (Guo et al.)."""
    gaps = np.abs(bins.accuracy - bins.confidence)
    return float(np.nansum(gaps * bins.count) / bins.count.sum())


def pearson_r(a: F64, b: F64) -> float:
    """Correlation of two rows (N,), -1 to 1; NaN where one of them is constant."""
    _require_same_length(a, b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    centred_a, centred_b = a - a.mean(), b - b.mean()
    norms = np.linalg.norm(centred_a) * np.linalg.norm(centred_b)
    return float(np.clip(centred_a @ centred_b / norms, -1, 1))


def bootstrap_interval(
    statistic: Callable[[I64], F64], rows: int, resamples: int, seed: int = 0
) -> F64:
    """95 % percentile interval float64 (2, K) of K figures (Efron & Tibshirani 1993, ch. 13).

    `statistic` gets int64 (rows,) indices drawn with replacement and returns (K,). Rows have to be
    independent: what belongs together (pictures of one clip) is one row.
    """
    generator = np.random.default_rng(seed)
    samples = [statistic(generator.integers(rows, size=rows)) for _ in range(resamples)]
    return np.percentile(samples, PERCENTILES, axis=0)


def _shares(part: F64 | I64, whole: F64 | I64) -> F64:
    """part / whole, NaN where whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _require_same_length(a: F64 | I64, b: F64 | I64 | Bools) -> None:
    if not len(a) or a.shape != b.shape:
        raise ValueError(f"expected two arrays of one length > 0, got {a.shape} and {b.shape}")
