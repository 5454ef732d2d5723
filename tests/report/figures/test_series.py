"""Curves are thinned without hiding gaps or touching what is outside of the window."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report.figures.series import Cells, Window, boxes, cells_of

MOST = 40
ALL = Window(0.0, 1e9)
steps = st.lists(st.floats(0.01, 5), min_size=1, max_size=200)


def split(cells: Cells) -> list[tuple[int, int]]:
    """First sample and end of each cell among all samples."""
    bounds = [*cells.first.tolist(), cells.samples.stop - cells.samples.start]
    return [(a + cells.samples.start, b + cells.samples.start) for a, b in pairwise(bounds)]


@given(steps)
def test_cells_are_few_ascending_and_hold_their_samples(gaps: list[float]) -> None:
    times = np.cumsum(gaps)
    cells = cells_of(times, ALL, MOST)
    assert 1 <= len(cells) <= MOST
    assert (cells.left_s < cells.right_s).all()
    assert (cells.right_s[:-1] <= cells.left_s[1:] + 1e-9).all()
    for cell, (begin, end) in enumerate(split(cells)):
        assert cells.left_s[cell] <= times[begin] <= times[end - 1] <= cells.right_s[cell]
        assert cells.time_s[cell] == pytest.approx(times[begin:end].mean())


@given(steps, st.floats(0, 200), st.floats(0.1, 100))
def test_a_window_has_its_samples_and_one_more_on_each_side(
    gaps: list[float], start_s: float, length_s: float
) -> None:
    times = np.cumsum(gaps)
    window = Window(start_s, start_s + length_s)
    cells = cells_of(times, window, MOST)
    inside = np.flatnonzero((times >= window.start_s) & (times <= window.end_s))
    drawn = range(*cells.samples.indices(len(times)))
    assert set(inside.tolist()) <= set(drawn)
    assert len(drawn) <= len(inside) + 2


@given(st.lists(st.floats(-5, 5) | st.none(), min_size=1, max_size=200))
def test_means_and_extremes_are_those_of_the_known_values(given: list[float | None]) -> None:
    values = np.array([np.nan if v is None else v for v in given])
    cells = cells_of(np.arange(len(values)) / 30, ALL, MOST)
    mean, low, high = cells.mean(values), cells.lowest(values), cells.highest(values)
    for cell, (begin, end) in enumerate(split(cells)):
        known = values[begin:end][np.isfinite(values[begin:end])]
        if len(known):
            assert mean[cell] == pytest.approx(known.mean())
            assert (low[cell], high[cell]) == (known.min(), known.max())
        else:
            assert np.isnan([mean[cell], low[cell], high[cell]]).all()


def test_a_gap_in_time_breaks_runs_and_lines() -> None:
    times = np.concatenate([np.arange(10) / 10, 5 + np.arange(10) / 10])
    cells = cells_of(times, ALL, MOST)
    assert cells.runs(np.ones(20, np.bool_)) == [(0, 9), (10, 19)]
    x, y = cells.line(np.ones(20))
    assert len(x) == 21
    assert y.index(None) == 10


def test_runs_are_those_of_the_cells_that_are_there() -> None:
    cells = cells_of(np.arange(6.0), ALL, MOST)
    there = np.array([True, False, True, True, False, True])
    assert cells.runs(there) == [(0, 0), (2, 3), (5, 5)]
    assert cells.spans(there)[1] == (1.5, 3.5)


def test_a_line_is_lifted_where_a_value_is_missing() -> None:
    cells = cells_of(np.arange(4.0), ALL, MOST)
    x, y = cells.line(np.array([0.0, 1.0, np.nan, 0.5]))
    assert x == [0, 1, 2, 3]
    assert y == [0, 1, None, 0.5]


def test_a_ribbon_is_a_shape_for_each_stretch() -> None:
    cells = cells_of(np.arange(4.0), ALL, MOST)
    low = np.array([0.0, 0.0, np.nan, 0.2])
    x, y = cells.ribbon(low, low + 1)
    assert x.count(None) == y.count(None) == 1
    assert (y[0], max(v for v in y[:8] if v is not None)) == (0, 1)
    assert x[0] == 0, "from where the first cell begins"


def test_no_samples_are_no_cells() -> None:
    cells = cells_of(np.zeros(0), ALL, MOST)
    assert len(cells) == 0
    assert len(cells.mean(np.zeros(0))) == len(cells.lowest(np.zeros(0))) == 0
    assert cells.line(np.zeros(0)) == cells.ribbon(np.zeros(0), np.zeros(0)) == ([], [])


def test_one_sample_is_one_cell_with_some_time() -> None:
    cells = cells_of(np.array([3.0]), ALL, MOST)
    assert (cells.left_s[0], cells.right_s[0]) == (2.5, 4.0)


def test_boxes_are_rectangles() -> None:
    x, y = boxes([(1, 2), (3, 4)], 0, 1)
    assert x == [1, 1, 2, 2, None, 3, 3, 4, 4]
    assert y == [0, 1, 1, 0, None, 0, 1, 1, 0]
