"""Who speaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.speaking import (
    MIN_MOUTH_MOTION,
    MIN_RATE_HZ,
    mouth_motion,
    voiced_frames,
    who_speaks,
)
from evolvisense.types.voice import SpeechSegment

TIMES = np.arange(100) / 25
STILL = np.full(100, 0.1, np.float32)
WHOLE = [SpeechSegment(0.0, 4.0)]


def talking(amount: float, times: np.ndarray = TIMES) -> np.ndarray:
    """A mouth that opens and closes five times a second, by a standard deviation of `amount`."""
    return (0.2 + amount * np.sqrt(2) * np.sin(2 * np.pi * 5 * times)).astype(np.float32)


def test_the_mouth_that_moves_speaks_while_there_is_a_voice() -> None:
    segments = [SpeechSegment(1.0, 2.0), SpeechSegment(3.0, 3.2)]
    ((said, reason),) = who_speaks([TIMES], [talking(0.05)], segments)
    assert reason is None
    expected = ((TIMES >= 1) & (TIMES < 2)) | ((TIMES >= 3) & (TIMES < 3.2))
    assert [answer == "yes" for answer in said] == expected.tolist()
    assert set(said) == {"yes", "no"}


def test_of_two_mouths_the_one_that_moves_more_has_the_voice() -> None:
    (less, _), (more, _) = who_speaks([TIMES, TIMES], [talking(0.03), talking(0.06)], WHOLE)
    assert set(less) == {"no"}
    assert set(more) == {"yes"}


def test_the_voice_goes_to_and_fro() -> None:
    first, second = talking(0.05), talking(0.05)
    first[50:] = second[:50] = 0.2
    (one, _), (other, _) = who_speaks([TIMES, TIMES], [first, second], WHOLE)
    assert set(one[:40]) == set(other[60:]) == {"yes"}
    assert set(one[60:]) == set(other[:40]) == {"no"}
    assert not any(a == b == "yes" for a, b in zip(one, other, strict=True))


def test_who_speaks_less_visibly_speaks_while_the_other_is_away() -> None:
    here, away = np.arange(100) < 50, TIMES[:50]
    (always, _), (half, _) = who_speaks([TIMES, away], [talking(0.03), talking(0.06, away)], WHOLE)
    assert [answer == "yes" for answer in always] == (~here).tolist()
    assert set(half) == {"yes"}


def test_a_voice_without_a_moving_mouth_belongs_to_nobody_in_the_picture() -> None:
    answers = who_speaks([TIMES, TIMES], [STILL, talking(0.8 * MIN_MOUTH_MOTION)], WHOLE)
    assert [(set(said), reason) for said, reason in answers] == [({"no"}, None)] * 2


def test_a_mouth_that_stays_open_is_not_talking() -> None:
    ((said, _),) = who_speaks([TIMES], [np.full(100, 0.6, np.float32)], WHOLE)
    assert set(said) == {"no"}


def test_a_moving_mouth_in_silence_does_not_speak() -> None:
    ((said, reason),) = who_speaks([TIMES], [talking(0.1)], [])
    assert (set(said), reason) == ({"no"}, None)


def test_without_a_voice_track_nothing_is_known() -> None:
    answers = who_speaks([TIMES, TIMES[:3]], [talking(0.1), STILL[:3]], None)
    assert answers == [(("unknown",) * 100, "no_voice"), (("unknown",) * 3, "no_voice")]


def test_slow_sampling_leaves_the_voice_unknown_and_silence_known() -> None:
    slow = np.arange(20) / (MIN_RATE_HZ - 1)
    ((said, reason),) = who_speaks([slow], [talking(0.1, slow)], [SpeechSegment(1.0, 2.0)])
    assert reason == "sampled_too_slowly"
    assert [answer == "unknown" for answer in said] == ((slow >= 1) & (slow < 2)).tolist()
    assert set(said) == {"unknown", "no"}


@pytest.mark.parametrize("start_s", [0.0, 1.1, 7.7, 33.3])
def test_the_lowest_rate_is_enough_whatever_the_clock(start_s: float) -> None:
    # 24 frames a second, every third one.
    times = start_s + np.arange(40) / MIN_RATE_HZ
    ((_, reason),) = who_speaks([times], [STILL[:40]], WHOLE)
    assert reason is None


def test_an_engine_without_actions_leaves_the_voice_unknown() -> None:
    ((said, reason),) = who_speaks([TIMES], [None], [SpeechSegment(0.0, 2.0)])
    assert reason == "engine_reads_no_actions"
    assert said == ("unknown",) * 50 + ("no",) * 50


def test_nobody_gets_no_answer() -> None:
    assert who_speaks([], [], WHOLE) == []


def test_motion_is_the_standard_deviation_around_each_frame() -> None:
    motion = mouth_motion(TIMES, talking(0.05))
    assert motion[10:-10] == pytest.approx(np.full(80, 0.05), abs=0.005)
    assert mouth_motion(TIMES, STILL) == pytest.approx(np.zeros(100), abs=1e-6)


@pytest.mark.parametrize("error_s", [0.0, 1e-9, -1e-9])
def test_frames_at_the_begin_of_a_stretch_belong_to_it_and_those_at_its_end_do_not(
    error_s: float,
) -> None:
    # Sound and picture count time in different units: what is one moment may differ a little.
    times = np.array([0.96, 1.0, 1.04, 2.0, 2.04])
    inside = voiced_frames(times, [SpeechSegment(1.0 + error_s, 2.0 + error_s)])
    assert inside.tolist() == [False, True, True, False, False]


@settings(max_examples=30)
@given(st.floats(0, 1e5))
def test_a_shifted_clock_changes_no_answer(shift_s: float) -> None:
    mouths = [talking(0.05), talking(0.04)]
    mouths[0][60:] = 0.2
    still, moved = (
        who_speaks([TIMES + by, TIMES + by], mouths, [SpeechSegment(0.4 + by, 1.6 + by)])
        for by in (0.0, shift_s)
    )
    assert still == moved
