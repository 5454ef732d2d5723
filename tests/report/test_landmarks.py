"""Landmarks in a report: packed, read back, absent where nobody asked."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evolvisense import AnalysisOptions
from evolvisense.report import Report, observations_only, to_csv, to_json
from evolvisense.report.landmarks import Landmarks, decode
from evolvisense.types.landmarks import LARGEST, UNKNOWN, pack
from tests.factory.faces import Painted, face_layout
from tests.factory.flow import analyze_painted

LAYOUT = face_layout()
POINTS = len(LAYOUT.mesh_points)


@pytest.fixture(scope="module")
def report() -> Report:
    """Two people; the second comes later. What the network says is the mean shape."""
    left, right = Painted(80, 120), Painted(240, 110, side_px=64)
    scenes = [[left], [left], [left, right], [left, right]]
    return analyze_painted(
        [(i / 2, faces) for i, faces in enumerate(scenes)], options=AnalysisOptions(landmarks=True)
    )


def test_points_are_where_the_network_saw_them(report: Report) -> None:
    for person, (x, y, side_px) in zip(report.people, [(80, 120, 80), (240, 110, 64)], strict=True):
        found = decode(person.timeline)
        assert found is not None
        assert found.shape == (person.frames, POINTS, 2)
        middle = np.array((x, y)) + (LAYOUT.mean_shape_xy - 0.5) * side_px
        # The marker's place is read to a fraction of a pixel.
        assert np.abs(found - middle).max() < 0.5


def test_json_holds_base64_that_reads_back(report: Report) -> None:
    text = to_json(report)
    packed = json.loads(text)["people"][0]["timeline"]["landmarks"]
    assert packed["points"] == list(LAYOUT.mesh_points)
    assert len(base64.b64decode(packed["values"])) == 4 * POINTS * 2 * 2
    again = Report.model_validate_json(text)
    for person, copy in zip(report.people, again.people, strict=True):
        # Boxes are written to .1 px.
        np.testing.assert_allclose(decode(copy.timeline), decode(person.timeline), atol=0.2)


def test_values_are_what_the_description_says(report: Report) -> None:
    timeline = report.people[0].timeline
    assert timeline.landmarks is not None
    raw = json.loads(to_json(report))["people"][0]["timeline"]["landmarks"]["values"]
    first = int.from_bytes(base64.b64decode(raw)[:2], "little")
    width_px = timeline.right_px[0] - timeline.left_px[0]
    expected_px = timeline.left_px[0] + (first / 65535 * 3 - 1) * width_px
    found = decode(timeline)
    assert found is not None
    assert found[0, 0, 0] == pytest.approx(expected_px, abs=0.01)


def test_nobody_asked() -> None:
    report = analyze_painted([(0.0, [Painted(80, 120)])])
    assert report.options.landmarks is False
    assert report.people[0].timeline.landmarks is None
    assert decode(report.people[0].timeline) is None


def test_they_are_geometry_and_stay_where_emotions_are_withheld(report: Report) -> None:
    kept = observations_only(report)
    assert kept.people[0].timeline.landmarks is not None


def test_tables_leave_them_out(report: Report) -> None:
    assert "landmark" not in to_csv(report)


def test_a_face_that_only_the_detector_sees_has_none() -> None:
    report = analyze_painted(
        [(0.0, [Painted(80, 120, presence=0.2)])], options=AnalysisOptions(landmarks=True)
    )
    timeline = report.people[0].timeline
    found = decode(timeline)
    assert found is not None
    assert np.isnan(found).all()
    assert timeline.landmarks is not None
    assert (timeline.landmarks.values == UNKNOWN).all()


coordinate = st.floats(-1.0, 2.0)


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=8), st.floats(2, 4000))
def test_packing_is_exact_to_a_twenty_thousandth_of_the_box(
    shares: list[tuple[float, float]], side_px: float
) -> None:
    xyxy = np.array([[7, 11, 7 + side_px, 11 + 2 * side_px]], np.float32)
    side = (xyxy[:, 2:] - xyxy[:, :2])[:, None]
    points = (xyxy[:, None, :2] + np.array([shares]) * side).astype(np.float32)
    packed = pack(points, xyxy)
    assert packed.max() < UNKNOWN
    back = xyxy[:, None, :2] + (packed / LARGEST * 3 - 1) * side
    assert np.abs((back - points) / side).max() < 1 / 20_000


def test_a_face_without_a_box_is_unknown() -> None:
    points = np.zeros((2, POINTS, 2), np.float32)
    flat = np.array([[5, 5, 5.5, 50], [0, 0, 50, 50]], np.float32)
    assert [bool((face == UNKNOWN).all()) for face in pack(points, flat)] == [True, False]


@pytest.mark.parametrize("values", [base64.b64encode(b"\0" * 6).decode(), "%%%"])
def test_broken_values_are_refused(values: str) -> None:
    with pytest.raises(ValidationError):
        Landmarks.model_validate({"points": [1, 2], "values": values})
