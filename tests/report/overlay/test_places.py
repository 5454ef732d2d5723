"""Where faces are shown, and where they are hidden, at any time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report import Report, observations_only
from evolvisense.report.overlay.hiding import hidden_boxes, is_unread
from evolvisense.report.overlay.positions import (
    FacePlacement,
    FacePositions,
    face_positions_of,
    placements_at,
)
from tests.factory.faces import Painted
from tests.factory.overlays import painted_report


def person(times_s: list[float], frames_s: list[float], left_px: list[float]) -> FacePositions:
    """Somebody with a box of 40 px who moves sideways."""
    left = np.array(left_px, np.float32)
    xyxy = np.stack([left, np.full_like(left, 50), left + 40, np.full_like(left, 90)], axis=1)
    return FacePositions(
        1, np.array(times_s), np.searchsorted(frames_s, times_s), xyxy, None, ((),) * len(left)
    )


def shown(time_s: float, frames_s: list[float], somebody: FacePositions) -> float | None:
    """The left edge at a time."""
    places = placements_at(time_s, np.array(frames_s), [somebody])
    return float(places[0].box[0]) if places else None


def test_between_analysed_pictures_a_face_moves_evenly() -> None:
    frames_s = [0.4, 0.8, 1.2]
    somebody = person(frames_s, frames_s, [100, 140, 100])
    at = [shown(t, frames_s, somebody) for t in (0.4, 0.5, 0.8, 1.1, 1.2)]
    assert at == pytest.approx([100, 110, 140, 110, 100], abs=1e-3)


def test_before_the_first_and_after_the_last_picture_it_stays() -> None:
    frames_s = [0.4, 0.8]
    somebody = person(frames_s, frames_s, [100, 140])
    assert [shown(t, frames_s, somebody) for t in (0.0, 1.0)] == [100, 140]
    assert shown(2.0, frames_s, somebody) is None


def test_who_leaves_and_comes_back_does_not_slide_across_the_gap() -> None:
    frames_s = [n / 10 for n in range(60)]
    seen_s = [t for t in frames_s if t < 1.0 or t >= 4.0]
    somebody = person(seen_s, frames_s, [0.0] * 10 + [200.0] * 20)
    at = [shown(t, frames_s, somebody) for t in (0.9, 0.94, 1.0, 2.5, 3.9, 3.97, 4.0)]
    assert at == [0, 0, None, None, None, 200, 200]


def test_a_short_dropout_is_bridged() -> None:
    frames_s = [n / 25 for n in range(10)]
    seen_s = [frames_s[n] for n in (0, 1, 2, 5, 6, 7, 8, 9)]
    somebody = person(seen_s, frames_s, [0, 0, 0, 30, 30, 30, 30, 30])
    assert shown(frames_s[3], frames_s, somebody) == pytest.approx(10, abs=1e-3)


def covers(boxes: list[np.ndarray], box: np.ndarray) -> bool:
    return any((b[:2] <= box[:2]).all() and (b[2:] >= box[2:]).all() for b in boxes)


def test_a_hidden_face_is_covered_with_its_hair() -> None:
    frames_s = np.array([0.0, 0.04])
    somebody = person([0.0, 0.04], [0.0, 0.04], [100, 100])
    (box,) = hidden_boxes(0.0, frames_s, [somebody])
    assert box.tolist() == [80, 30, 160, 110]


@given(
    steps=st.lists(st.sampled_from([0.04, 0.1, 0.4, 0.9]), min_size=2, max_size=20),
    missed=st.sets(st.integers(0, 19)),
    at=st.floats(0, 1),
)
def test_what_is_shown_is_hidden_too(steps: list[float], missed: set[int], at: float) -> None:
    frames_s = np.cumsum([0.0, *steps])
    seen = [n for n in range(len(frames_s)) if n not in missed]
    if not seen:
        return
    somebody = person(frames_s[seen].tolist(), frames_s.tolist(), [10.0 * n for n in seen])
    time_s = at * float(frames_s[-1])
    hidden = hidden_boxes(time_s, frames_s, [somebody])
    for place in placements_at(time_s, frames_s, [somebody]):
        assert covers(hidden, place.box)


def test_a_face_is_hidden_a_second_before_it_comes_and_after_it_goes() -> None:
    frames_s = np.arange(0, 12, 0.1)
    somebody = person([t for t in frames_s if 5 <= t < 6], frames_s.tolist(), [100.0] * 10)
    hidden = [bool(hidden_boxes(t, frames_s, [somebody])) for t in (3.9, 4.1, 5.5, 6.8, 7.1)]
    assert hidden == [False, True, True, True, False]


def test_between_sparse_pictures_both_places_are_hidden() -> None:
    frames_s = np.array([0.0, 3.0])
    somebody = person([0.0, 3.0], [0.0, 3.0], [100, 500])
    for time_s in (0.5, 1.5, 2.5):
        hidden = hidden_boxes(time_s, frames_s, [somebody])
        assert all(covers(hidden, box) for box in somebody.xyxy)


def test_a_face_that_comes_between_two_analysed_pictures_is_hidden_from_the_first_on() -> None:
    frames_s = np.array([0.0, 1.8, 3.6])
    somebody = person([1.8], [0.0, 1.8, 3.6], [100])
    assert [bool(hidden_boxes(t, frames_s, [somebody])) for t in (0.1, 1.0, 2.5, 3.5)] == [True] * 4


def test_what_was_not_analysed_is_unread() -> None:
    frames_s = np.array([1.0, 2.0, 6.0])
    times_s = (-0.1, 0.1, 1.5, 2.9, 4.0, 5.1, 6.0, 6.9, 7.1)
    assert [is_unread(t, frames_s) for t in times_s] == [
        True, False, False, False, True, False, False, False, True,
    ]  # fmt: skip
    assert is_unread(0.0, np.zeros(0))


@pytest.fixture(scope="module")
def report() -> Report:
    face = Painted(80, 100, emotion="happy")
    covered = Painted(80, 100, presence=0.6)
    return painted_report([(0.0, [face]), (0.04, [face]), (0.08, [covered])], landmarks=True)


def place(report: Report, time_s: float, *, landmarks: bool = True) -> FacePlacement:
    (found,) = placements_at(
        time_s, report.frames.time_s, face_positions_of(report, landmarks=landmarks)
    )
    return found


def test_the_likeliest_expression_or_why_it_cannot_be_told(report: Report) -> None:
    # Painted faces are dark.
    assert place(report, 0.0).expression == ("cannot tell: the face is dark", "cannot tell")
    (somebody,) = report.people
    timeline = somebody.timeline.model_copy(update={"uncertain": ["", "", "turned"]})
    bright = report.model_copy(
        update={"people": [somebody.model_copy(update={"timeline": timeline})]}
    )
    assert place(bright, 0.0).expression == ("happy 70 %",)
    assert place(bright, 0.08).expression[0] == "cannot tell: the head is turned away"


def test_no_expression_where_it_is_withheld(report: Report) -> None:
    assert place(observations_only(report), 0.0).expression == ()


def test_landmarks_where_the_report_has_them(report: Report) -> None:
    points = place(report, 0.02).points_px
    assert points is not None
    box = place(report, 0.02).box
    assert (points >= box[:2] - 1).all()
    assert (points <= box[2:] + 1).all()
    assert place(report, 0.0, landmarks=False).points_px is None
    assert place(painted_report([(0.0, [Painted(80, 100)])]), 0.0).points_px is None
