"""Decoding of the detector's output, without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pytest

from evolvisense.face.single_shot import PADDING, SingleShotDetector, decode, suppress
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F32


class Answers:
    """A session that says the same whatever it sees, and remembers what it saw."""

    def __init__(self, values: F32) -> None:
        self.values = values
        self.seen = np.zeros(0, np.float32)

    def run(self, inputs: Mapping[str, Any]) -> list[F32]:
        self.seen = inputs["rgb"]
        return [self.values[None]]


def values_of(cells: int, **rows: tuple[float, ...]) -> F32:
    values = np.zeros((cells, 15), np.float32)
    for name, row in rows.items():
        values[int(name[1:]), : len(row)] = row
    return values


def test_cells_are_row_by_row_smallest_stride_first() -> None:
    # 64 x 32 px: 8 x 4 cells of 8 px, 4 x 2 of 16, 2 x 1 of 32.
    side = np.log(2.0)
    values = values_of(
        32 + 8 + 2, r9=(0.9, 0, 0, 0, 0), r36=(0.8, 0.5, -0.5, side, 0), r41=(0.7, 0, 0, 0, side)
    )
    values[9, 5:7] = (0.25, -0.5)
    detector = SingleShotDetector(cast("OnnxSession", Answers(values)))
    found, points = detector.detect_with_landmarks(np.zeros((32, 64, 3), np.uint8))
    assert found.xyxy == pytest.approx(
        np.array([[8, 8, 16, 16], [0, 8, 32, 24], [32, -16, 64, 48]]), abs=1e-4
    )
    assert found.score == pytest.approx([0.9, 0.8, 0.7])
    assert points[0, 0] == pytest.approx([12 + 2, 12 - 4])
    assert points[0, 1] == pytest.approx([12, 12])


def test_images_are_padded_on_the_right_and_below() -> None:
    session = Answers(values_of(64 + 16 + 4))
    detector = SingleShotDetector(cast("OnnxSession", session))
    rgb = np.random.default_rng(0).integers(0, 255, (33, 40, 3)).astype(np.uint8)
    assert len(detector.detect_once(rgb)) == 0
    assert session.seen.shape == (1, 3, 64, 64)
    assert np.array_equal(session.seen[0, :, :33, :40].transpose(1, 2, 0), rgb)
    assert (session.seen[0, :, 33:] == PADDING).all()
    assert (session.seen[0, :, :, 40:] == PADDING).all()


def test_the_threshold_belongs_to_it_and_wild_sizes_stay_finite() -> None:
    values = values_of(3, r0=(0.6, 0, 0, 900, -900), r1=(0.59, 0, 0, 0, 0), r2=(0.95, 0, 0, 0, 0))
    grid = np.array([[4, 4, 8], [12, 4, 8], [20, 4, 8]], np.float32)
    xyxy, points, score = decode(values, grid, 0.6)
    assert score == pytest.approx([0.95, 0.6])
    assert np.isfinite(xyxy).all()
    assert points.shape == (2, 5, 2)


def test_of_overlapping_boxes_the_best_is_kept() -> None:
    xyxy = np.array(
        [[0, 0, 10, 10], [1, 0, 11, 10], [8, 0, 18, 10], [0, 0, 10, 10], [50, 50, 60, 60]],
        np.float32,
    )
    score = np.array([0.9, 0.8, 0.7, 0.65, 0.6], np.float32)
    assert suppress(xyxy, score, 0.4) == [0, 2, 4]
    assert suppress(xyxy[:0], score[:0], 0.4) == []
    # What was dropped suppresses nothing: the third overlaps the second by .2 only through it.
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], np.float32)
    assert suppress(chain, score[:3], 0.4) == [0, 2]
