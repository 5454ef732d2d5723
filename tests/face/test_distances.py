"""Distances between landmarks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.face import CropRegion
from evolvisense.face.blinks import eye_distance, lid_gaps, mouth_gap
from tests.factory.faces import face_layout

LAYOUT = face_layout()


def face(*, right_lids: float = 0.3, left_lids: float = 0.3, lips: float = 0.0) -> np.ndarray:
    """Landmarks (1, P, 2): eyes 2 wide and 6 apart; gaps of the lids as shares of their width."""
    points = np.zeros((1, len(LAYOUT.mesh_points), 2), np.float32)
    for middle, lids, outer, inner, upper, lower in (
        (-3.0, right_lids, 33, 133, (160, 159, 158), (144, 145, 153)),
        (3.0, left_lids, 263, 362, (387, 386, 385), (373, 374, 380)),
    ):
        outwards = np.sign(middle)
        points[0, LAYOUT.points(outer, inner)] = [(middle + outwards, 0), (middle - outwards, 0)]
        points[0, LAYOUT.points(*upper)] = [(middle + x, -lids) for x in (-0.5, 0, 0.5)]
        points[0, LAYOUT.points(*lower)] = [(middle + x, lids) for x in (-0.5, 0, 0.5)]
    points[0, LAYOUT.points(81, 13, 311)] = [(x, 5 - 3 * lips) for x in (-1, 0, 1)]
    points[0, LAYOUT.points(178, 14, 402)] = [(x, 5 + 3 * lips) for x in (-1, 0, 1)]
    return points


def test_gaps_are_shares_right_eye_first() -> None:
    points = face(right_lids=0.3, left_lids=0.1, lips=0.25)
    assert eye_distance(points, LAYOUT) == pytest.approx([6])
    assert lid_gaps(points, LAYOUT) == pytest.approx(np.array([[0.3, 0.1]]))
    assert mouth_gap(points, LAYOUT) == pytest.approx([0.25])


def test_closed_is_zero() -> None:
    points = face(right_lids=0, left_lids=0, lips=0)
    assert lid_gaps(points, LAYOUT).tolist() == [[0, 0]]
    assert mouth_gap(points, LAYOUT).tolist() == [0]


@given(
    st.floats(-2000, 2000), st.floats(-2000, 2000), st.floats(1, 100), st.floats(-180, 180)
)  # fmt: skip
def test_place_size_and_turn_of_the_face_change_no_gap(
    x: float, y: float, scale: float, turn_deg: float
) -> None:
    points = face(right_lids=0.2, left_lids=0.35, lips=0.15)
    moved = CropRegion(x, y, scale, turn_deg).to_frame(points[0])[None]
    assert lid_gaps(moved, LAYOUT) == pytest.approx(lid_gaps(points, LAYOUT), abs=2e-3)
    assert mouth_gap(moved, LAYOUT) == pytest.approx(mouth_gap(points, LAYOUT), abs=2e-3)
    assert eye_distance(moved, LAYOUT) == pytest.approx([6 * scale], rel=2e-3)


def test_each_face_is_measured_for_itself() -> None:
    faces = np.concatenate([face(lips=0.1), face(lips=0.4), face(right_lids=0.05)])
    assert mouth_gap(faces, LAYOUT) == pytest.approx([0.1, 0.4, 0])
    assert lid_gaps(faces, LAYOUT)[:, 0] == pytest.approx([0.3, 0.3, 0.05])


def test_no_face_and_a_face_without_size_give_no_warning() -> None:
    none = np.zeros((0, len(LAYOUT.mesh_points), 2), np.float32)
    assert lid_gaps(none, LAYOUT).shape == (0, 2)
    assert mouth_gap(none, LAYOUT).shape == eye_distance(none, LAYOUT).shape == (0,)
    point = np.ones((1, len(LAYOUT.mesh_points), 2), np.float32)
    assert np.isfinite(lid_gaps(point, LAYOUT)).all()
    assert np.isfinite(mouth_gap(point, LAYOUT)).all()
