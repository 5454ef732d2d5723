"""Average precision, recall and precision of detections against drawn boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.face import FaceDetections

MATCH_IOU = 0.35
"""Overlap (intersection over union) from which a detection counts as a drawn face. Low, because
people draw some boxes from the brows to the chin and others around the whole head."""
AT_SCORE = 0.6
"""Score from which a detection counts in recall, precision and false boxes: the threshold of the
product."""


@dataclass(frozen=True)
class Matched:
    """Detections of many images, best score first."""

    score: F64
    """(D,), 0-1."""
    is_right: Bools
    """(D,): whether the detection is the first that overlaps its drawn box enough."""
    drawn: int
    """How many boxes were drawn."""


def match(found: FaceDetections, drawn: F32, min_iou: float = MATCH_IOU) -> Bools:
    """Which detections of one image are right.

    Best score first, each takes the drawn box that it overlaps most among those that are still
    free; with less than `min_iou` it is false, and so is a second detection of one face.

    Args:
        found: best score first.
        drawn: float32 (G, 4).
        min_iou: intersection over union, 0-1.

    Returns:
        bool (D,).

    Example:
        >>> box = np.array([[0, 0, 10, 10]], np.float32)
        >>> twice = FaceDetections(np.repeat(box, 2, axis=0), np.array([0.9, 0.8], np.float32))
        >>> match(twice, box).tolist()
        [True, False]
    """
    is_right = np.zeros(len(found), np.bool_)
    overlap = iou(found.xyxy, drawn)
    for row in range(len(found) if len(drawn) else 0):
        best = int(overlap[row].argmax())
        if overlap[row, best] >= min_iou:
            is_right[row] = True
            overlap[:, best] = -1.0
    return is_right


def iou(a: F32, b: F32) -> F32:
    """Intersection over union (A, B) of boxes xyxy (A, 4) and (B, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.maximum(high - low, 0).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)
    return (both / np.maximum(area_a[:, None] + area_b[None] - both, 1e-6)).astype(np.float32)


def joined(images: Sequence[tuple[FaceDetections, F32]]) -> Matched:
    """Detections and drawn boxes of many images as one ranking."""
    score = np.concatenate([np.zeros(0), *(f.score.astype(np.float64) for f, _ in images)])
    is_right = np.concatenate(
        [np.zeros(0, np.bool_), *(match(found, drawn) for found, drawn in images)]
    )
    order = np.argsort(-score, kind="stable")
    return Matched(score[order], is_right[order], sum(len(drawn) for _, drawn in images))


def average_precision(matched: Matched) -> float | None:
    """Area under the precision envelope over recall (all points, as PASCAL VOC 2010 and later).

    Returns:
        0-1; None where no box was drawn.

    Example:
        >>> average_precision(Matched(np.array([0.9, 0.8]), np.array([True, False]), 2))
        0.5
    """
    if not matched.drawn:
        return None
    right = np.cumsum(matched.is_right)
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall rises by one face at each right detection.
    return float(envelope[matched.is_right].sum() / matched.drawn)


def recall_at(matched: Matched, score: float = AT_SCORE) -> float | None:
    """Share of drawn boxes found with at least this score; None where none was drawn."""
    if not matched.drawn:
        return None
    return float((matched.is_right & (matched.score >= score)).sum() / matched.drawn)


def precision_at(matched: Matched, score: float = AT_SCORE) -> float | None:
    """Share of detections with at least this score that are right; None without a detection."""
    counted = matched.score >= score
    return float(matched.is_right[counted].mean()) if counted.any() else None
