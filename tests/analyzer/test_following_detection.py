"""When the detector is asked, and who is found by it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evolvisense.face.redetection import (
    FULL_DETECTION_S,
    HOLD_S,
    MAX_TRACKING_GAP_S,
    MIN_TRACKING_PRESENCE,
    REDETECT_S,
)
from tests.factory.follower import FPS, ONE, OTHER, SMALL, Follower, middles


def test_a_sure_face_is_followed_without_the_detector() -> None:
    follower = Follower()
    found = follower.watch([[ONE]] * FPS)
    assert follower.detector.efforts == ["full"]
    assert follower.network.counts == [1] * FPS
    assert [frame.detected for frame in found] == [True] + [False] * (FPS - 1)
    for frame in found:
        assert middles(frame) == pytest.approx(np.array([[ONE.x, ONE.y]]), abs=0.5)


@pytest.mark.parametrize("start_s", [0.0, 1.1, 7.7])
def test_the_detector_looks_again_after_a_while(start_s: float) -> None:
    follower = Follower()
    found = follower.watch([[ONE]] * (3 * FPS), start_s)
    asked = np.flatnonzero([frame.detected for frame in found])
    assert asked.tolist() == [0, FPS * REDETECT_S, 2 * FPS * REDETECT_S]


def test_the_detector_looks_where_presence_drops() -> None:
    follower = Follower()
    unsure = replace(ONE, presence=MIN_TRACKING_PRESENCE - 0.1)
    found = follower.watch([[ONE]] * 3 + [[unsure]] * 2 + [[ONE]] * 3)
    assert [frame.detected for frame in found] == [True, *[False] * 2, True, *[False] * 4]
    assert [len(frame.detections) for frame in found] == [1] * 8


@pytest.mark.parametrize("presence", [MIN_TRACKING_PRESENCE - 0.1, 0.1])
def test_while_a_face_stays_unsure_the_detector_looks_now_and_then(presence: float) -> None:
    follower = Follower()
    found = follower.watch([[replace(ONE, presence=presence)]] * FPS)
    assert [len(frame.detections) for frame in found] == [1] * FPS
    asked = np.flatnonzero([frame.detected for frame in found]) / FPS
    assert len(asked) > 2
    assert ((np.diff(asked) >= HOLD_S) & (np.diff(asked) < HOLD_S + 1 / FPS)).all()


def test_a_second_face_that_becomes_unsure_is_not_held_with_the_first() -> None:
    follower = Follower()
    follower.see(0.0, replace(ONE, presence=0.6), OTHER)
    assert not follower.see(0.04, replace(ONE, presence=0.6), OTHER).detected
    assert follower.see(0.08, replace(ONE, presence=0.6), replace(OTHER, presence=0.6)).detected


@pytest.mark.parametrize("start_s", [0.0, 1.1, 7.7])
def test_the_detector_looks_after_a_gap_and_not_before(start_s: float) -> None:
    follower = Follower()
    follower.see(start_s, ONE)
    assert not follower.see(start_s + MAX_TRACKING_GAP_S, ONE).detected
    assert not follower.see(start_s + MAX_TRACKING_GAP_S + 0.1, ONE).detected
    assert follower.see(start_s + 2 * MAX_TRACKING_GAP_S + 0.14, ONE).detected


def test_a_clock_that_jumps_back_is_a_gap() -> None:
    follower = Follower()
    follower.watch([[ONE]] * 5, start_s=3600.0)
    found = follower.watch([[ONE], [ONE], [ONE, OTHER]], start_s=0.0)
    assert [frame.detected for frame in found] == [True, False, False]
    assert len(follower.see(REDETECT_S, ONE, OTHER).detections) == 2


def test_small_faces_are_looked_for_when_the_clock_jumps_back() -> None:
    follower = Follower()
    follower.watch([[]] * 3, start_s=3600.0)
    assert len(follower.see(0.0, SMALL).detections) == 1


def test_the_detector_looks_thoroughly_where_somebody_was_lost() -> None:
    follower = Follower()
    unsure = replace(ONE, presence=MIN_TRACKING_PRESENCE - 0.1)
    found = follower.watch([[], [ONE], [unsure, SMALL]])
    assert [len(frame.detections) for frame in found] == [0, 1, 2]
    assert follower.detector.efforts == ["full", "quick", "full"]


def test_a_face_that_jumps_out_of_its_crop_is_found_again() -> None:
    follower = Follower()
    follower.see(0.0, ONE)
    moved = replace(ONE, x=ONE.x + 30)
    found = follower.see(0.04, moved)
    assert found.detected
    assert middles(found) == pytest.approx(np.array([[moved.x, moved.y]]), abs=0.5)


def test_while_nobody_is_there_small_faces_are_looked_for_now_and_then() -> None:
    follower = Follower()
    found = follower.watch([[]] * FPS)
    assert [len(frame.detections) for frame in found] == [0] * FPS
    assert all(frame.detected for frame in found)
    full = np.flatnonzero([effort == "full" for effort in follower.detector.efforts]) / FPS
    assert full[0] == 0
    assert (
        (np.diff(full) >= FULL_DETECTION_S) & (np.diff(full) < FULL_DETECTION_S + 1 / FPS)
    ).all()


def test_a_large_face_is_found_at_once_and_a_small_one_soon() -> None:
    large, small = Follower(), Follower()
    large.watch([[]] * 3)
    assert len(large.see(3 / FPS, ONE).detections) == 1
    small.watch([[]] * 3)
    assert len(small.see(3 / FPS, SMALL).detections) == 0
    assert len(small.see(FULL_DETECTION_S, SMALL).detections) == 1


def test_a_person_who_joins_is_found_within_the_time_between_detections() -> None:
    follower = Follower()
    found = follower.watch([[ONE]] * 10 + [[ONE, SMALL]] * 30)
    counts = [len(frame.detections) for frame in found]
    joined = counts.index(2)
    assert (joined - 10) / FPS <= REDETECT_S
    assert counts == [1] * joined + [2] * (40 - joined)
