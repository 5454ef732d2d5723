"""Faces followed by their landmarks, read by engines that know what was painted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.redetection import MIN_DETECTOR_SCORE, MIN_PRESENCE, MIN_TRACKING_PRESENCE
from evolvisense.types.scores import EMOTIONS
from tests.factory.faces import Painted, PaintedDetector, picture
from tests.factory.follower import ONE, OTHER, Follower, Led, middles


def test_a_moving_face_is_followed_to_its_place() -> None:
    follower = Follower()
    path = [replace(ONE, x=ONE.x + 6 * i) for i in range(20)]
    found = follower.watch([[face] for face in path])
    assert follower.detector.efforts == ["full"]
    for frame, face in zip(found, path, strict=True):
        assert middles(frame) == pytest.approx(np.array([[face.x, face.y]]), abs=1)


def test_a_face_is_read_again_only_where_it_moves_fast() -> None:
    slow, fast = Follower(), Follower()
    slow.watch([[replace(ONE, x=ONE.x + i)] for i in range(20)])
    assert slow.network.counts == [1] * 20
    fast.watch([[ONE], [replace(ONE, x=ONE.x + 15)], [replace(ONE, x=ONE.x + 15)]])
    assert fast.network.counts == [1, 1, 1, 1]


def test_a_crop_that_is_off_is_cut_again_in_the_same_frame() -> None:
    follower = Follower(PaintedDetector(off=0.2))
    found = follower.see(0.0, ONE)
    assert follower.network.counts == [1, 1]
    assert middles(found) == pytest.approx(np.array([[ONE.x, ONE.y]]), abs=0.5)


@pytest.mark.parametrize(("apart", "faces"), [(0.3, 1), (0.4, 2)])
def test_crops_at_one_place_show_one_face(apart: float, faces: int) -> None:
    neighbour = replace(ONE, x=ONE.x + round(apart * ONE.side_px))
    assert len(Follower().see(0.0, ONE, neighbour).detections) == faces


def test_two_crops_that_come_to_show_one_face_give_one_face() -> None:
    follower = Follower()
    neighbour = replace(ONE, x=ONE.x + 30)
    assert len(follower.see(0.0, ONE, neighbour).detections) == 2
    # One has gone; the other is now the nearest to the middle of both crops.
    found = follower.see(0.04, replace(ONE, x=ONE.x + 20))
    assert not found.detected
    assert middles(found) == pytest.approx(np.array([[ONE.x + 20, ONE.y]]), abs=0.5)
    assert follower.see(0.08, replace(ONE, x=ONE.x + 20)).detections.xyxy.shape == (1, 4)


@pytest.mark.parametrize(
    ("first", "second", "taken"),
    [
        (0.6, 0.5, 0.6),
        (0.6, 0.65, 0.65),
        (0.95, MIN_TRACKING_PRESENCE + 0.01, MIN_TRACKING_PRESENCE + 0.01),
        (0.95, MIN_TRACKING_PRESENCE - 0.01, 0.95),
    ],
)
def test_a_second_look_counts_only_where_it_is_as_sure(
    first: float, second: float, taken: float
) -> None:
    follower = Follower(network=Led((first, 0.2, 0), (second, 0, 0)))
    found = follower.see(0.0, ONE)
    assert found.detections.score.tolist() == pytest.approx([taken])
    # Both put the face at the same place: the first by its landmarks, the second by its crop.
    assert middles(found)[0, 0] == pytest.approx(ONE.x + 0.2 * ONE.side_px, abs=1)


def test_of_two_crops_at_one_place_the_surer_is_taken() -> None:
    follower = Follower(PaintedDetector(boxes_per_face=2), Led((0.8, 0, 0), (0.9, 0, 0)))
    assert follower.see(0.0, ONE).detections.score.tolist() == pytest.approx([0.9])


def test_roll_is_that_of_the_head_before_the_camera() -> None:
    follower = Follower(network=Led((1, 0, 20), (1, 0, 3), (1, 0, 4)))
    for pts_s, roll_deg in ((0.0, 23), (0.04, 24)):
        geometry = follower.see(pts_s, ONE).geometry
        assert geometry is not None
        assert geometry.pose_deg[0, 2] == pytest.approx(roll_deg, abs=0.01)


def test_noise_in_the_landmarks_does_not_move_the_crop_of_a_still_face() -> None:
    follower = Follower(network=Led(*[(1.0, 0.02, 0), (1.0, -0.02, 0)] * 30))
    found = follower.watch([[ONE]] * 60)
    assert {frame.quality.sharpness[0] for frame in found} == {found[0].quality.sharpness[0]}


@pytest.mark.parametrize(
    ("presence", "score", "found"),
    [
        (MIN_PRESENCE - 0.1, MIN_DETECTOR_SCORE - 0.05, False),
        (MIN_PRESENCE - 0.1, MIN_DETECTOR_SCORE + 0.05, True),
        (MIN_PRESENCE + 0.1, MIN_DETECTOR_SCORE - 0.05, True),
    ],
)
def test_a_face_is_what_the_network_sees_or_the_detector_is_sure_of(
    presence: float, score: float, found: bool
) -> None:
    follower = Follower(PaintedDetector(score=score))
    seen = follower.see(0.0, replace(ONE, presence=presence))
    assert seen.detections.score.tolist() == pytest.approx([presence] * found, abs=0.01)


def test_a_face_that_only_the_detector_sees_has_its_box_and_no_second_look() -> None:
    detector = PaintedDetector(off=0.2)
    follower = Follower(detector)
    covered = replace(ONE, presence=MIN_PRESENCE - 0.1)
    expected = detector.detect(picture(covered)).xyxy
    for pts_s in (0.0, 0.04):
        seen = follower.see(pts_s, covered)
        assert seen.detections.xyxy == pytest.approx(expected)
    assert follower.network.counts == [1, 1]


def test_a_covered_face_that_shows_itself_is_followed() -> None:
    follower = Follower()
    follower.see(0.0, replace(ONE, presence=MIN_PRESENCE - 0.1))
    shown = follower.see(0.04, replace(ONE, x=ONE.x + 6))
    assert not shown.detected
    assert middles(shown) == pytest.approx(np.array([[ONE.x + 6, ONE.y]]), abs=0.5)
    assert shown.detections.score[0] > 0.9


def test_a_face_that_leaves_is_gone_at_once() -> None:
    follower = Follower()
    found = follower.watch([[ONE, OTHER]] * 5 + [[OTHER]] * 5 + [[]] * 2)
    assert [len(frame.detections) for frame in found] == [2] * 5 + [1] * 5 + [0] * 2


def test_every_array_has_a_row_for_each_face() -> None:
    follower = Follower()
    for faces in ((), (ONE,), (ONE, OTHER)):
        found = follower.see(10.0 * len(faces), *faces)
        count, geometry = len(faces), found.geometry
        assert geometry is not None
        assert found.detections.xyxy.shape == (count, 4)
        assert found.probs.shape == (count, len(EMOTIONS))
        assert geometry.action.shape == (count, 52)
        assert geometry.pose_deg.shape == (count, 3)
        assert geometry.lid_gap.shape == (count, 2)
        assert geometry.mouth_gap.shape == geometry.eye_distance_px.shape == (count,)
        assert found.quality.size_px.shape == found.quality.sharpness.shape == (count,)


def test_what_is_said_belongs_to_its_face() -> None:
    faces = [
        Painted(60, 60, side_px=64, presence=0.8, emotion="sad", motion=1.0),
        Painted(230, 150, side_px=128, presence=0.9, emotion="happy", motion=0.0),
    ]
    found = Follower().see(0.0, *faces)
    assert found.geometry is not None
    order = np.argsort(middles(found)[:, 0])
    assert [EMOTIONS[i] for i in found.probs[order].argmax(axis=1)] == ["sad", "happy"]
    assert found.detections.score[order] == pytest.approx([0.8, 0.9], abs=0.01)
    assert found.geometry.pose_deg[order, 1] == pytest.approx([10, 0])
    distances = found.geometry.eye_distance_px[order]
    assert distances[1] / distances[0] == pytest.approx(2, rel=0.05)
    gaps = found.geometry.mouth_gap[order]
    assert gaps[0] > gaps[1] + 0.1


def test_boxes_stay_inside_the_picture() -> None:
    found = Follower().see(0.0, Painted(12, 15), Painted(305, 230))
    assert len(found.detections) == 2
    assert (found.detections.xyxy >= 0).all()
    assert (found.detections.xyxy <= np.array((320, 240, 320, 240))).all()


def test_the_same_frames_are_read_the_same_again() -> None:
    scenes = [[replace(ONE, x=100 + 5 * i), replace(OTHER, y=120 + i % 3)] for i in range(12)]
    first, second = Follower().watch(scenes), Follower().watch(scenes)
    for a, b in zip(first, second, strict=True):
        assert a.detected == b.detected
        np.testing.assert_array_equal(a.detections.xyxy, b.detections.xyxy)
        np.testing.assert_array_equal(a.probs, b.probs)


steps = st.tuples(
    st.sampled_from([0.02, 0.04, 0.3, 0.6, 0.64, 1.5]), st.integers(-8, 8), st.integers(-8, 8)
)


@settings(max_examples=20)
@given(st.integers(1, 3), st.lists(steps, min_size=1, max_size=12))
def test_faces_that_stay_are_each_found_once_in_every_frame(
    count: int, path: list[tuple[float, int, int]]
) -> None:
    follower, pts_s = Follower(), 0.0
    homes = [Painted(70, 60), Painted(240, 70, side_px=64), Painted(150, 170, side_px=96)][:count]
    for gap_s, dx, dy in path:
        pts_s += gap_s
        faces = [replace(face, x=face.x + dx, y=face.y + dy) for face in homes]
        found = middles(follower.see(pts_s, *faces))
        target = np.array([(face.x, face.y) for face in faces])
        distances = np.linalg.norm(found[:, None] - target[None], axis=2)
        assert distances.shape == (count, count)
        assert sorted(distances.argmin(axis=1)) == list(range(count))
        assert (distances.min(axis=1) < 1.5).all()
