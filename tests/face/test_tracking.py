"""Ids across frames and gaps; persons; the main person."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.face.tracking import MAX_GAP_S, NearestTracker, center_and_size, group_people
from evolvisense.types.face import FaceDetections


def boxes(*left_top_size: tuple[float, float, float]) -> FaceDetections:
    xyxy = np.array([(x, y, x + s, y + s) for x, y, s in left_top_size], np.float32)
    return FaceDetections(xyxy.reshape(-1, 4), np.ones(len(xyxy), np.float32))


def test_a_moving_face_keeps_its_id() -> None:
    state = NearestTracker().start()
    ids = [state.update(t / 10, boxes((100 + 8 * t, 50, 60)))[0] for t in range(40)]
    assert set(ids) == {1}


def test_two_faces_are_not_mixed_up_whatever_their_order() -> None:
    state = NearestTracker().start()
    state.update(0.0, boxes((100, 50, 60), (300, 60, 70)))
    for t in range(1, 30):
        left, right = (100.0 + t, 50.0, 60.0), (300.0 - t, 60.0, 70.0)
        pair = (left, right) if t % 2 else (right, left)
        ids = state.update(t / 10, boxes(*pair))
        assert ids.tolist() == ([1, 2] if t % 2 else [2, 1])


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    state = NearestTracker().start()
    first = state.update(0.0, boxes((100, 50, 60)))[0]
    state.update(1.0, FaceDetections.none())
    assert state.update(MAX_GAP_S - 0.1, boxes((104, 52, 61)))[0] == first
    assert state.update(2 * MAX_GAP_S + 1, boxes((104, 52, 61)))[0] != first


def test_a_face_elsewhere_or_of_another_size_is_another() -> None:
    state = NearestTracker().start()
    first = state.update(0.0, boxes((100, 50, 60)))[0]
    assert state.update(0.04, boxes((400, 50, 60)))[0] != first
    assert state.update(0.08, boxes((100, 50, 150)))[0] != first


def test_ids_are_unique_within_a_frame() -> None:
    state = NearestTracker().start()
    for t in range(5):
        ids = state.update(t / 25, boxes((100, 50, 60), (102, 51, 60), (98, 49, 61)))
        assert len(set(ids.tolist())) == 3


def test_a_face_that_returns_to_its_place_is_the_same_person() -> None:
    track_id = np.array([1, 1, 2, 2])
    row = np.array([0, 1, 30, 31])
    xyxy = np.array([[100, 50, 160, 110]] * 4, np.float32)
    (person,) = group_people(track_id, row, xyxy)
    assert person.track_ids == (1, 2)
    assert person.is_main


def test_faces_seen_together_are_different_people() -> None:
    track_id = np.array([1, 2, 1, 2])
    row = np.array([0, 0, 1, 1])
    xyxy = np.array([[0, 0, 50, 50], [0, 0, 60, 60]] * 2, np.float32)
    people = group_people(track_id, row, xyxy)
    assert [person.track_ids for person in people] == [(1,), (2,)]
    assert [person.is_main for person in people] == [False, True]


@pytest.mark.parametrize(("frames_of_small", "main"), [(10, 1), (2, 2)])
def test_the_main_person_is_longest_and_largest(frames_of_small: int, main: int) -> None:
    # A face of 50 px in n frames against one of 100 px in 3.
    row = np.concatenate([np.arange(frames_of_small), np.arange(3)])
    track_id = np.array([1] * frames_of_small + [2] * 3)
    xyxy = np.array([[0, 0, 50, 50]] * frames_of_small + [[300, 0, 400, 100]] * 3, np.float32)
    order = np.argsort(row, kind="stable")
    people = group_people(track_id[order], row[order], xyxy[order])
    assert [person.id for person in people if person.is_main] == [main]


def test_nobody() -> None:
    empty = np.zeros(0, np.int64)
    assert group_people(empty, empty, np.zeros((0, 4), np.float32)) == ()


@given(st.integers(0, 2**32 - 1))
def test_people_are_those_of_the_plain_rule(seed: int) -> None:
    """The rule as it is written: each track joins the first person whose last face it continues."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 40))
    row = np.sort(rng.integers(0, 12, count))
    track_id = rng.integers(1, 9, count)
    corner = rng.uniform(0, 120, (count, 2))
    xyxy = np.hstack([corner, corner + rng.uniform(20, 60, (count, 1))]).astype(np.float32)
    groups: list[list[int]] = []
    for track in sorted(set(track_id.tolist()), key=lambda t: (row[track_id == t][0], t)):
        first = np.flatnonzero(track_id == track)[0]
        for group in groups:
            last = np.flatnonzero(track_id == group[-1])[-1]
            (a, b), (m, n) = center_and_size(xyxy[[last, first]])
            near = np.linalg.norm(b - a) <= 1.5 * max(m, n)
            if row[last] < row[first] and near and max(m, n) <= 2 * min(m, n):
                group.append(track)
                break
        else:
            groups.append([track])
    people = group_people(track_id, row, xyxy)
    assert [list(person.track_ids) for person in people] == groups
    assert sum(person.is_main for person in people) == 1
