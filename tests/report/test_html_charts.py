"""Curves are thinned without hiding gaps, and axes have round numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report.html import svg
from evolvisense.report.html.charts import clock_text, time_ticks, value_ticks
from evolvisense.report.html.markup import Markup, element
from evolvisense.report.html.series import MOST_CELLS, cells_of

steps = st.lists(st.floats(0.01, 5), min_size=1, max_size=1500)


@given(steps)
def test_cells_are_few_ascending_and_hold_their_samples(gaps: list[float]) -> None:
    times = np.cumsum(gaps)
    cells = cells_of(times)
    assert 1 <= len(cells) <= MOST_CELLS
    assert (cells.left_s < cells.right_s).all()
    assert (cells.right_s[:-1] <= cells.left_s[1:] + 1e-9).all()
    last = np.append(cells.first[1:], len(times)) - 1
    assert (cells.left_s <= times[cells.first]).all()
    assert (times[last] <= cells.right_s).all()


@given(st.lists(st.floats(-5, 5) | st.none(), min_size=1, max_size=1200))
def test_means_and_extremes_are_those_of_the_known_values(given: list[float | None]) -> None:
    values = np.array([np.nan if v is None else v for v in given])
    cells = cells_of(np.arange(len(values)) / 30)
    mean, low, high = cells.mean(values), cells.lowest(values), cells.highest(values)
    bounds = [*cells.first.tolist(), len(values)]
    for cell, (begin, end) in enumerate(pairwise(bounds)):
        known = values[begin:end][np.isfinite(values[begin:end])]
        if len(known):
            assert mean[cell] == pytest.approx(known.mean())
            assert (low[cell], high[cell]) == (known.min(), known.max())
        else:
            assert np.isnan([mean[cell], low[cell], high[cell]]).all()


def test_a_gap_in_time_breaks_a_run() -> None:
    times = np.concatenate([np.arange(10) / 10, 5 + np.arange(10) / 10])
    assert cells_of(times).runs(np.ones(20, np.bool_)) == [(0, 9), (10, 19)]


def test_no_samples_are_no_cells() -> None:
    cells = cells_of(np.zeros(0))
    assert len(cells) == 0
    assert len(cells.mean(np.zeros(0))) == len(cells.lowest(np.zeros(0))) == 0


def test_a_line_is_broken_where_a_value_is_missing() -> None:
    cells = cells_of(np.arange(4.0))
    drawn = svg.line(svg.Frame(4.0), cells, np.array([0.0, 1.0, np.nan, 0.5]), "curve")
    assert drawn.count("M") == 2
    assert "NaN" not in drawn
    assert "nan" not in drawn


def test_a_column_in_a_stack_stands_on_those_before_it() -> None:
    cells = cells_of(np.arange(2.0))
    shapes = svg.stacked(
        svg.Frame(2.0), cells, [("low", np.full(2, 0.25)), ("high", np.full(2, 0.5))]
    )
    assert ["high" in shape for shape in shapes] == [True, False], "painted from the back"
    assert " 250 " in shapes[0]
    assert " 750 " in shapes[1]


def test_values_outside_of_a_drawing_stay_inside_of_its_edges() -> None:
    frame = svg.Frame(10.0, 0.0, 1.0)
    assert frame.x(np.array([-1.0, 20.0])).tolist() == [0, svg.WIDTH]
    assert frame.y(np.array([-1.0, 2.0])).tolist() == [svg.HEIGHT, 0]


def test_nothing_to_draw_is_no_path() -> None:
    assert svg.blocks(svg.Frame(1.0), [], "yes") == ""


@pytest.mark.parametrize("end_s", [0.1, 0.9, 3, 12.5, 59, 100, 601, 3600, 5000, 90_000])
def test_times_on_the_axis_are_few_and_inside(end_s: float) -> None:
    ticks = time_ticks(end_s)
    assert ticks[0] == 0
    assert 1 <= len(ticks) <= 9
    assert ticks[-1] <= end_s + 1e-6


@given(st.floats(-500, 500), st.floats(0.5, 1000))
def test_values_on_an_axis_are_few_and_inside(low: float, span: float) -> None:
    ticks = value_ticks(low, low + span)
    assert 1 <= len(ticks) <= 5
    assert all(low - 1e-6 <= tick <= low + span + 1e-6 for tick in ticks)


@pytest.mark.parametrize(
    ("time_s", "end_s", "shown"),
    [(7.5, 60, "7.5 s"), (65, 300, "1:05"), (3665, 7200, "1:01:05"), (0, 3600, "0:00:00")],
)
def test_times_read_as_clocks_do(time_s: float, end_s: float, shown: str) -> None:
    assert clock_text(time_s, end_s) == shown


def test_only_markup_is_not_escaped() -> None:
    inner = element("b", "<i>")
    assert inner == "<b>&lt;i&gt;</b>"
    assert element("p", inner, "&", title='"') == '<p title="&quot;"><b>&lt;i&gt;</b>&amp;</p>'
    assert element("p", Markup("<br>"), hidden=None) == "<p><br></p>"
