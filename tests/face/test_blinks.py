"""Blinks of drawn closures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.blinks import MIN_RATE_HZ, BlinkOptions, find_blinks

HALF_WIDTH = 2 * np.sqrt(2 * np.log(2))
"""Of a Gaussian, in standard deviations."""


def closure(
    pts_s: np.ndarray, *blinks: tuple[float, float], depth: float = 0.7, rest: float = 0.1
) -> np.ndarray:
    """Lids at `rest` that close at each (middle_s, width_s) by `depth`; width at half height."""
    drawn = np.full(len(pts_s), rest)
    for middle_s, width_s in blinks:
        drawn += depth * np.exp(-0.5 * ((pts_s - middle_s) / (width_s / HALF_WIDTH)) ** 2)
    return drawn.astype(np.float32)


def closed(pts_s: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    """Lids that close within .1 s, stay closed and open within .1 s."""
    return np.interp(
        pts_s, [start_s - 0.1, start_s, end_s, end_s + 0.1], [0.1, 0.8, 0.8, 0.1]
    ).astype(np.float32)


widths = st.floats(0.12, 0.35)
drawn_blinks = st.lists(st.tuples(st.floats(1.5, 3.0), widths), max_size=6)
"""Wide blinks that follow each other faster raise the running median, and half height with it."""


@settings(max_examples=40)
@given(drawn_blinks, st.sampled_from([25, 30, 60]), st.floats(0, 0.3), st.floats(0, 1e5))
def test_blinks_are_found_where_they_are(
    drawn: list[tuple[float, float]], rate_hz: int, rest: float, shift_s: float
) -> None:
    middles = np.cumsum([gap for gap, _ in drawn])
    blinks = [(float(m), width) for m, (_, width) in zip(middles, drawn, strict=True)]
    pts_s = np.arange(int(rate_hz * (2 + max([0, *middles])))) / rate_hz
    found = find_blinks(pts_s + shift_s, closure(pts_s, *blinks, rest=rest))
    assert found is not None
    assert len(found) == len(blinks)
    for blink, (middle_s, width_s) in zip(found, blinks, strict=True):
        assert blink.start_s - shift_s == pytest.approx(middle_s - width_s / 2, abs=1 / rate_hz)
        assert blink.end_s - shift_s == pytest.approx(middle_s + width_s / 2, abs=1 / rate_hz)
        assert blink.depth == pytest.approx(rest + 0.7, abs=0.15)


@settings(max_examples=30)
@given(st.floats(0, 1e6), st.sampled_from([12, 24, 25, 30]))
def test_a_shifted_clock_shifts_the_blinks(shift_s: float, rate_hz: int) -> None:
    pts_s = np.arange(6 * rate_hz) / rate_hz
    drawn = closure(pts_s, (1.3, 0.25), (2.4, 0.2), (4.5, 0.3))
    still, moved = find_blinks(pts_s, drawn), find_blinks(pts_s + shift_s, drawn)
    assert still is not None
    assert moved is not None
    assert len(still) == len(moved) == 3
    for one, other in zip(still, moved, strict=True):
        assert other.start_s == pytest.approx(one.start_s + shift_s, abs=1e-5)
        assert other.end_s == pytest.approx(one.end_s + shift_s, abs=1e-5)
        assert other.depth == one.depth


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_noise_makes_no_blink_and_hides_none(seed: int) -> None:
    pts_s = np.arange(300) / 30
    noise = 0.03 * np.random.default_rng(seed).standard_normal(300)
    found = find_blinks(pts_s, closure(pts_s, (3.0, 0.2), (7.0, 0.2)) + noise.astype(np.float32))
    assert found is not None
    assert [blink.start_s for blink in found] == pytest.approx([2.9, 6.9], abs=0.05)


def test_slow_drift_is_no_blink() -> None:
    pts_s = np.arange(600) / 30
    assert find_blinks(pts_s, np.linspace(0.0, 0.7, 600, dtype=np.float32)) == ()
    drift = (0.3 + 0.25 * np.sin(2 * np.pi * pts_s / 10)).astype(np.float32)
    assert find_blinks(pts_s, drift) == ()
    found = find_blinks(pts_s, drift + closure(pts_s, (5.0, 0.2), depth=0.4, rest=0.0))
    assert found is not None
    assert len(found) == 1


@pytest.mark.parametrize("seconds", [0.7, 1.0, 1.9, 2.0, 2.1, 3.0, 6.0])
def test_closed_eyes_are_no_blink(seconds: float) -> None:
    pts_s = np.arange(600) / 30
    assert find_blinks(pts_s, closed(pts_s, 8.0, 8.0 + seconds)) == ()


def test_half_closed_lids_may_still_blink() -> None:
    pts_s = np.arange(300) / 30
    found = find_blinks(pts_s, closure(pts_s, (5.0, 0.2), depth=0.4, rest=0.42))
    assert found is not None
    assert [round(blink.depth, 1) for blink in found] == [0.8]


def test_begin_and_end_lie_between_frames() -> None:
    pts_s = np.arange(300) / 30
    lids = np.interp(pts_s, [4.9, 5.0, 5.1], [0.1, 0.9, 0.1]).astype(np.float32)
    found = find_blinks(pts_s, lids)
    assert found is not None
    assert [(b.start_s, b.end_s) for b in found] == [pytest.approx((4.95, 5.05), abs=1e-3)]


def test_blinks_are_seen_while_somebody_looks_down() -> None:
    pts_s = np.arange(900) / 30
    looking_down = np.interp(pts_s, [10, 10.3, 20, 20.3], [0, 0.4, 0.4, 0]).astype(np.float32)
    drawn = closure(pts_s, (5.0, 0.2), (15.0, 0.2), (25.0, 0.2), depth=0.45)
    found = find_blinks(pts_s, drawn + looking_down)
    assert found is not None
    assert [blink.start_s for blink in found] == pytest.approx([4.9, 14.9, 24.9], abs=1 / 30)


def test_a_shallow_flutter_is_no_blink() -> None:
    pts_s = np.arange(300) / 30
    assert find_blinks(pts_s, closure(pts_s, (5.0, 0.2), depth=0.2)) == ()


def test_two_blinks_in_a_row_are_two() -> None:
    pts_s = np.arange(300) / 30
    found = find_blinks(pts_s, closure(pts_s, (5.0, 0.15), (5.4, 0.15)))
    assert found is not None
    assert [blink.start_s for blink in found] == pytest.approx([4.925, 5.325], abs=1 / 30)
    assert found[0].end_s <= found[1].start_s


@pytest.mark.parametrize(
    "lids", [(0.3, 0.7, 0.85, 0.5, 0.37, 0.5, 0.8, 0.6, 0.3), (0.3, 0.55, 0.32, 0.5, 0.3)]
)
def test_a_blink_that_opens_halfway_in_between_is_one(lids: tuple[float, ...]) -> None:
    pts_s = np.arange(300) / 30
    drawn = closure(pts_s)
    drawn[150 : 150 + len(lids)] = lids
    found = find_blinks(pts_s, drawn)
    assert found is not None
    assert [blink.depth for blink in found] == pytest.approx([max(lids)])


@pytest.mark.parametrize("rate_hz", [1, 5, 10, MIN_RATE_HZ - 0.1])
def test_frames_too_far_apart_cannot_show_a_blink(rate_hz: float) -> None:
    pts_s = np.arange(100) / rate_hz
    assert find_blinks(pts_s, closure(pts_s, (5.0, 0.2))) is None


@pytest.mark.parametrize("start_s", [0.0, 1.1, 7.7, 33.3])
def test_the_lowest_rate_is_enough_whatever_the_clock(start_s: float) -> None:
    # 24 frames a second, every second one.
    pts_s = start_s + np.arange(72) / MIN_RATE_HZ
    assert find_blinks(pts_s, closure(pts_s - start_s)) == ()


def test_fewer_than_two_frames_cannot_show_a_blink() -> None:
    for count in (0, 1):
        assert find_blinks(np.zeros(count), np.zeros(count, np.float32)) is None


def test_a_blink_does_not_reach_over_a_gap() -> None:
    # The face is lost while its lids are closed and comes back with open ones.
    pts_s = np.concatenate([np.arange(60) / 30, 59 / 30 + 0.25 + np.arange(60) / 30])
    drawn = closure(pts_s)
    drawn[57:60] = (0.3, 0.6, 0.8)
    found = find_blinks(pts_s, drawn)
    assert found is not None
    assert [blink.end_s for blink in found] == pytest.approx([59 / 30])
    # It comes back with closed ones that open: a second blink, for all that is known.
    drawn[60:63] = (0.8, 0.6, 0.3)
    found = find_blinks(pts_s, drawn)
    assert found is not None
    assert [blink.start_s for blink in found][1:] == pytest.approx([pts_s[60]])


def test_blinks_before_and_after_a_jump_of_the_clock_are_two() -> None:
    once = np.arange(90) / 30
    drawn = closure(once, (2.9, 0.2))
    found = find_blinks(np.concatenate([once, once]), np.concatenate([drawn, drawn]))
    assert found is not None
    assert len(found) == 2
    assert found[0].start_s == pytest.approx(found[1].start_s)


def test_lids_that_sink_in_a_gaze_shift_do_not_blink() -> None:
    pts_s = np.arange(300) / 30
    shift = closure(pts_s, (3.0, 0.3), depth=0.28, rest=0.05)
    blink = closure(pts_s, (7.0, 0.2), depth=0.6, rest=0.0)
    found = find_blinks(pts_s, shift + blink)
    assert found is not None
    assert [round(b.start_s, 1) for b in found] == [6.9]
    loose = find_blinks(pts_s, shift + blink, BlinkOptions(min_closure=0.2))
    assert loose is not None
    assert len(loose) == 2


def test_a_longer_closure_counts_where_the_options_say_so() -> None:
    pts_s = np.arange(600) / 30
    lids = closed(pts_s, 8.0, 8.7)
    assert find_blinks(pts_s, lids) == ()
    found = find_blinks(pts_s, lids, BlinkOptions(max_duration_s=1.0))
    assert found is not None
    assert len(found) == 1


@pytest.mark.parametrize(
    "wrong", [{"min_rise": 0.0}, {"min_closure": 1.1}, {"max_duration_s": 0.0}]
)
def test_options_that_make_no_sense_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BlinkOptions(**wrong)
