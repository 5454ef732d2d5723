"""The 1-euro filter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.smoothing import DEGREES, FRACTIONS, one_euro
from tests.factory.findings import random_probs

seeds = st.integers(0, 2**32 - 1)
times = st.lists(st.sampled_from([0.02, 0.033, 0.04, 0.1, 0.5, 0.7]), min_size=1, max_size=40).map(
    lambda gaps: np.cumsum(np.array(gaps))
)


def smooth_one(pts_s: np.ndarray, signal: np.ndarray) -> np.ndarray:
    column = signal.astype(np.float32)[:, None]
    return one_euro(pts_s, column, FRACTIONS, together=False)[:, 0]


@settings(max_examples=40)
@given(times, seeds)
def test_rows_go_on_summing_to_one(pts_s: np.ndarray, seed: int) -> None:
    probs = random_probs(len(pts_s), seed)
    smoothed = one_euro(pts_s, probs, FRACTIONS, together=True)
    assert smoothed.dtype == np.float32
    assert smoothed.sum(axis=1) == pytest.approx(np.ones(len(pts_s)), abs=1e-5)
    assert (smoothed >= 0).all()


@settings(max_examples=40)
@given(times, seeds, st.booleans())
def test_values_stay_between_those_that_came(pts_s: np.ndarray, seed: int, together: bool) -> None:
    signal = np.random.default_rng(seed).random((len(pts_s), 3), np.float32)
    smoothed = one_euro(pts_s, signal, FRACTIONS, together=together)
    assert (smoothed <= np.maximum.accumulate(signal) + 1e-6).all()
    assert (smoothed >= np.minimum.accumulate(signal) - 1e-6).all()


@settings(max_examples=40)
@given(times, seeds, st.floats(0, 1e6))
def test_a_shifted_clock_changes_no_value(pts_s: np.ndarray, seed: int, shift_s: float) -> None:
    probs = random_probs(len(pts_s), seed)
    still, moved = (one_euro(pts_s + by, probs, FRACTIONS, together=True) for by in (0, shift_s))
    np.testing.assert_array_equal(still, moved)


@settings(max_examples=40)
@given(times, st.floats(-180, 180))
def test_what_does_not_change_stays_as_it_is(pts_s: np.ndarray, value: float) -> None:
    signal = np.full((len(pts_s), 3), value, np.float32)
    np.testing.assert_array_equal(one_euro(pts_s, signal, DEGREES, together=False), signal)


@pytest.mark.parametrize("rate_hz", [25, 30, 60])
@pytest.mark.parametrize(("before", "after"), [(0.0, 0.8), (0.1, 0.9), (0.9, 0.1)])
def test_an_onset_is_kept(rate_hz: int, before: float, after: float) -> None:
    pts_s = np.arange(2 * rate_hz) / rate_hz
    step = np.where(pts_s < 1, before, after)
    arrived = np.abs(smooth_one(pts_s, step) - after) <= 0.1 * abs(after - before)
    assert pts_s[np.flatnonzero(arrived)[0]] - 1 <= 0.1
    assert arrived[pts_s >= 1.1].all()


@pytest.mark.parametrize("rate_hz", [25, 30, 60])
def test_noise_at_rest_is_reduced_by_a_third(rate_hz: int) -> None:
    pts_s = np.arange(2000) / rate_hz
    noisy = 0.3 + 0.03 * np.random.default_rng(1).standard_normal(2000)
    assert smooth_one(pts_s, noisy).std() <= 2 / 3 * noisy.std()


def test_a_blink_stays_visible() -> None:
    pts_s = np.arange(60) / 30
    closure = 0.1 + 0.7 * np.exp(-0.5 * ((pts_s - 1) / 0.06) ** 2)
    smoothed = smooth_one(pts_s, closure)
    assert smoothed.max() > 0.1 + 0.75 * 0.7
    assert abs(pts_s[smoothed.argmax()] - 1) <= 2 / 30


def test_after_a_gap_the_filter_starts_again() -> None:
    signal = np.array([0.0, 1.0, 0.2, 0.9])
    for gap_s, restarts in (
        (FRACTIONS.restart_gap_s, False),
        (FRACTIONS.restart_gap_s + 0.04, True),
    ):
        pts_s = np.array([0.0, 0.04, 0.04 + gap_s, 0.08 + gap_s])
        smoothed = smooth_one(pts_s, signal)
        assert (smoothed[2] == pytest.approx(0.2)) == restarts
    # After the gap the past is forgotten: the rest is filtered as if it were alone.
    assert smoothed[2:] == pytest.approx(smooth_one(pts_s[2:], signal[2:]))


@pytest.mark.parametrize("second_s", [7.0, 6.5])
def test_a_clock_that_stands_still_or_jumps_back_starts_again(second_s: float) -> None:
    assert smooth_one(np.array([7.0, second_s]), np.array([0.0, 1.0])).tolist() == [0, 1]


def test_columns_filtered_apart_know_nothing_of_each_other() -> None:
    pts_s = np.arange(50) / 25
    signal = np.random.default_rng(0).random((50, 2), np.float32)
    both = one_euro(pts_s, signal, FRACTIONS, together=False)
    for column in (0, 1):
        assert both[:, column] == pytest.approx(smooth_one(pts_s, signal[:, column]))


def test_no_frame_gives_no_frame() -> None:
    assert one_euro(np.zeros(0), np.zeros((0, 7), np.float32), FRACTIONS, together=True).shape == (
        0,
        7,
    )


def test_the_given_signal_is_not_changed() -> None:
    signal = random_probs(20)
    before = signal.copy()
    one_euro(np.arange(20) / 25, signal, FRACTIONS, together=True)
    np.testing.assert_array_equal(signal, before)
