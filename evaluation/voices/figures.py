"""Pure functions from scores, labels and weights of speakers to figures, one for each draw.

`weights` is float64 (R, S), how often each of S speakers is in a draw; `speaker` int64 (N,) is the
speaker of each clip. A figure that a draw cannot have is NaN.
"""

from __future__ import annotations

import numpy as np

from evaluation import metrics
from evolvisense.types.arrays import F64, I64, Bools

DRAWS_AT_A_TIME = 64
"""Bounds the memory of `auc`: 64 x 8,000 clips are 4 MB."""


def auc(score: F64, aroused: Bools, speaker: I64, weights: F64) -> F64:
    """Area under the ROC curve (R,) over all pairs of an aroused and a calm clip.

    Mann & Whitney (1947): the share of pairs in which the aroused clip has the higher score, a tie
    counts half. A NaN among `score` (N,) says nothing and is a tie with every clip. `aroused` (N,).
    """
    parts = [
        _auc(score, aroused, weights[start : start + DRAWS_AT_A_TIME][:, speaker])
        for start in range(0, len(weights), DRAWS_AT_A_TIME)
    ]
    return np.concatenate(parts)


def auc_within_speaker(score: F64, aroused: Bools, speaker: I64, weights: F64) -> F64:
    """The same share (R,) over the pairs whose two clips are of one speaker.

    This is the mean of the speakers' own AUC with their numbers of pairs as weights. A speaker
    without one of the sides has no pair. One that is drawn twice is two people.
    """
    wins, pairs = speaker_wins(score, aroused, speaker, weights.shape[1])
    return _ratio(weights @ wins, weights @ pairs)


def speaker_wins(score: F64, aroused: Bools, speaker: I64, speakers: int) -> tuple[F64, F64]:
    """Pairs of each speaker that are in the right order (S,), and all of them (S,)."""
    wins, pairs = np.zeros(speakers), np.zeros(speakers)
    for number in np.unique(speaker):
        own = speaker == number
        pairs[number] = np.count_nonzero(own & aroused) * np.count_nonzero(own & ~aroused)
        if pairs[number]:
            share = _auc(score[own], aroused[own], np.ones((1, np.count_nonzero(own))))
            wins[number] = share[0] * pairs[number]
    return wins, pairs


def confusions(expected: I64, predicted: I64, speaker: I64, weights: F64, classes: int) -> F64:
    """Weighted counts (R, C, C + 1), see `metrics.confusion_matrix`."""
    speakers, cells = weights.shape[1], classes * (classes + 1)
    cell = expected * (classes + 1) + predicted % (classes + 1)
    counts = np.bincount(speaker * cells + cell, minlength=speakers * cells)
    return (weights @ counts.reshape(speakers, cells)).reshape(-1, classes, classes + 1)


def accuracy(confusion: F64) -> F64:
    """Share of right answers (R,) of counts (R, C, C + 1)."""
    return _ratio(_right(confusion).sum(axis=1), confusion.sum(axis=(1, 2)))


def unweighted_average_recall(confusion: F64) -> F64:
    """Mean recall (R,) of the classes that a draw has (Schuller et al. 2009, INTERSPEECH)."""
    support = confusion.sum(axis=2)
    recall = np.where(support > 0, _ratio(_right(confusion), support), 0)
    return _ratio(recall.sum(axis=1), np.count_nonzero(support, axis=1).astype(np.float64))


def calibration_error(confidence: F64, correct: Bools, speaker: I64, weights: F64) -> F64:
    """ECE (R,) of the top label in bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    bins = metrics.CALIBRATION_BINS
    index = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence, side="left")
    # |accuracy - confidence| of a bin times its count is |sum of (correct - confidence)|.
    speakers = weights.shape[1]
    gaps = np.bincount(speaker * bins + index, correct - confidence, speakers * bins)
    counts = np.bincount(speaker, minlength=speakers)
    return _ratio(np.abs(weights @ gaps.reshape(speakers, bins)).sum(axis=1), weights @ counts)


def _auc(score: F64, aroused: Bools, weights: F64) -> F64:
    """AUC (R,) of clips with weights (R, N)."""
    pairs = weights[:, aroused].sum(axis=1) * weights[:, ~aroused].sum(axis=1)
    says = np.isfinite(score)
    # Clips in the order of their scores, then those of one score as one step.
    order = np.flatnonzero(says)[np.argsort(score[says], kind="stable")]
    if not len(order):
        return np.where(pairs > 0, 0.5, np.nan)
    starts = np.flatnonzero(np.diff(score[order], prepend=-np.inf) > 0)
    ordered = weights[:, order]
    high = np.add.reduceat(ordered * aroused[order], starts, axis=1)
    low = np.add.reduceat(ordered * ~aroused[order], starts, axis=1)
    wins = (high * (low.cumsum(axis=1) - low / 2)).sum(axis=1)
    silent_pairs = pairs - high.sum(axis=1) * low.sum(axis=1)
    return _ratio(wins + silent_pairs / 2, pairs)


def _right(confusion: F64) -> F64:
    return np.diagonal(confusion, axis1=1, axis2=2)


def _ratio(part: F64, whole: F64) -> F64:
    """part / whole, NaN where whole is 0."""
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
