"""Gaps, rates and windows of frames."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.face.frame_times import around, frame_rate, gap_s, gaps_s

shifts = st.floats(0, 1e6)
rates = st.sampled_from([8, 10, 12, 24, 24000 / 1001, 25, 30, 60])


@given(st.floats(0, 1e5), st.floats(1e-5, 1e4))
def test_a_gap_is_what_lies_between(earlier: float, gap: float) -> None:
    assert gap_s(earlier, earlier + gap) == pytest.approx(gap, abs=1e-6)


@pytest.mark.parametrize("later_s", [3600.0, 3599.96, 0.0])
def test_a_clock_that_stands_still_or_jumps_back_is_an_endless_gap(later_s: float) -> None:
    assert gap_s(3600.0, later_s) == math.inf
    assert gaps_s(np.array([3600.0, later_s, later_s + 1])).tolist() == [math.inf, 1.0]


def test_before_the_first_frame_lies_an_endless_gap() -> None:
    assert gap_s(-math.inf, 0.0) == math.inf


@given(shifts, rates)
def test_a_shifted_clock_has_the_same_gaps_and_rate(shift_s: float, rate_hz: float) -> None:
    pts_s = np.arange(50) / rate_hz
    assert frame_rate(pts_s + shift_s) == frame_rate(pts_s)
    assert gaps_s(pts_s + shift_s).tolist() == gaps_s(pts_s).tolist()
    assert gap_s(shift_s, shift_s + 7 / rate_hz) == gap_s(0.0, 7 / rate_hz)


@pytest.mark.parametrize("rate_hz", [8, 12, 25, 29.97])
def test_the_rate_is_that_of_the_usual_gap(rate_hz: float) -> None:
    pts_s = np.arange(30) / rate_hz
    pts_s[20:] += 5.0  # the face was away
    assert frame_rate(pts_s) == pytest.approx(rate_hz, rel=1e-4)


def test_a_rate_needs_two_frames_at_different_times() -> None:
    assert frame_rate(np.zeros(0)) == 0
    assert frame_rate(np.ones(1)) == 0
    assert frame_rate(np.ones(9)) == 0


def test_a_window_has_the_frames_around_and_both_its_edges() -> None:
    first, last = around(np.array([0.0, 0.1, 0.2, 0.3, 1.0]), 0.2)
    assert list(zip(first, last, strict=True)) == [(0, 2), (0, 3), (1, 4), (2, 4), (4, 5)]


@given(shifts, rates, st.sampled_from([0.5, 0.6, 2.0, 4.0]))
def test_a_shifted_clock_has_the_same_windows(
    shift_s: float, rate_hz: float, width_s: float
) -> None:
    pts_s = np.arange(80) / rate_hz
    still, moved = around(pts_s, width_s), around(pts_s + shift_s, width_s)
    np.testing.assert_array_equal(still, moved)


def test_no_window_reaches_over_a_jump_of_the_clock() -> None:
    first, last = around(np.array([5.0, 5.1, 0.0, 0.1]), 4.0)
    assert list(zip(first, last, strict=True)) == [(0, 2), (0, 2), (2, 4), (2, 4)]


def test_no_frame_has_no_window() -> None:
    assert [len(edge) for edge in around(np.zeros(0), 1.0)] == [0, 0]
