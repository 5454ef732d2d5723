"""The whole flow on painted frames: what holds whatever the engines say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense import AnalysisOptions
from evolvisense.report import Report, to_json
from tests.factory.faces import Painted
from tests.factory.flow import analyze_painted

TIMES = ("time_s", "start_s", "end_s", "time")
"""Keys of the report whose values are times on the file's clock."""

FPS = 25
LEFT, RIGHT = (80, 120), (240, 110)
SPEECH = ((0.4, 1.2), (1.6, 2.4))


def scene(index: int) -> list[Painted]:
    """Two people: one talks and blinks, the other comes later and only looks."""
    emotion = "happy" if index >= 40 else "neutral"
    motion = (0.0, 0.5, 1.0, 0.5)[index % 4] if 10 <= index < 50 else 0.0
    left = Painted(*LEFT, emotion=emotion, motion=motion)
    return [left, Painted(*RIGHT, side_px=64)] if index >= 20 else [left]


def regular(count: int, rate_hz: float = FPS) -> list[tuple[float, list[Painted]]]:
    return [(i / rate_hz, scene(i)) for i in range(count)]


def content(report: Report) -> dict[str, Any]:
    text: dict[str, Any] = json.loads(to_json(report))
    del text["timings_s"]
    return text


def assert_shifted(still: object, moved: object, shift_s: float, key: str = "") -> None:
    """The same numbers, but for the times."""
    if isinstance(still, dict) and isinstance(moved, dict):
        assert still.keys() == moved.keys()
        for name in still:
            assert_shifted(still[name], moved[name], shift_s, name)
    elif isinstance(still, list) and isinstance(moved, list):
        assert len(still) == len(moved)
        for one, other in zip(still, moved, strict=True):
            assert_shifted(one, other, shift_s, key)
    elif isinstance(still, float):
        # Segments of speech have three decimals.
        expected = (still + shift_s, 1.1e-3) if key in TIMES else (still, 1e-9)
        assert moved == pytest.approx(expected[0], abs=expected[1]), key
    else:
        assert moved == still, key


gaps_ms = st.sampled_from([20, 33, 40, 41, 83, 200, 500, 600, 601, 1000])


@settings(max_examples=15)
@given(
    st.lists(gaps_ms, min_size=1, max_size=40),
    st.floats(0, 1e5),
    st.sampled_from(["one-euro", "off"]),
)
def test_shifting_all_times_shifts_the_times_of_the_report_and_nothing_else(
    gaps: Sequence[int], shift_s: float, smoothing: Any
) -> None:
    times = np.cumsum([0, *gaps]) / 1000
    options = AnalysisOptions(smoothing=smoothing)
    reports = [
        analyze_painted(
            [(float(t) + by, scene(i)) for i, t in enumerate(times)],
            [(start + by, end + by) for start, end in SPEECH],
            options,
        )
        for by in (0.0, shift_s)
    ]
    assert_shifted(content(reports[0]), content(reports[1]), shift_s)


def test_two_people_are_described_apart() -> None:
    report = analyze_painted(regular(75), SPEECH)
    left, right = report.people
    assert (left.frames, right.frames) == (75, 50)
    assert left.timeline.actions is not None
    assert max(left.timeline.left_px) < 160 < min(right.timeline.left_px)
    assert right.mean_probabilities_all_frames["neutral"] == pytest.approx(0.7)
    assert 0.05 < left.mean_probabilities_all_frames["happy"] < 0.7
    assert right.timeline.yaw_deg == pytest.approx(0)
    assert left.timeline.yaw_deg is not None
    assert left.timeline.yaw_deg.max() > 5


def test_the_one_whose_mouth_moves_speaks_while_there_is_a_voice() -> None:
    report = analyze_painted(regular(75), SPEECH)
    left, right = report.people
    times = left.timeline.time_s
    in_speech = sum(((times >= start) & (times < end)) for start, end in SPEECH) > 0
    # The mouth moves from .4 s to 2 s.
    expected = in_speech & (times < 1.9)
    said = np.array(left.timeline.speaking)
    assert (said[expected] == "yes").all()
    assert (said[~in_speech] == "no").all()
    assert set(right.timeline.speaking) == {"no"}
    assert left.speaking_unknown_reason is None
    assert left.measures.speaking_share == pytest.approx((said == "yes").mean(), abs=1e-4)


def test_smoothing_off_gives_the_frames_as_they_were_read() -> None:
    smooth, raw = (
        analyze_painted(regular(60), SPEECH, AnalysisOptions(smoothing=smoothing))
        for smoothing in ("one-euro", "off")
    )
    steps = [person.timeline.probabilities["happy"] for person in (smooth.people[0], raw.people[0])]
    assert steps[1] == pytest.approx(np.where(np.arange(60) < 40, 0.05, 0.7))
    assert ((steps[0] > 0.06) & (steps[0] < 0.69)).any()
    assert smooth.people[0].mean_probabilities == raw.people[0].mean_probabilities
    assert smooth.people[0].blinks == raw.people[0].blinks
    assert content(smooth)["v1"] == content(raw)["v1"]
    assert raw.options.smoothing == "off"


def test_frames_too_far_apart_say_what_they_cannot_tell() -> None:
    (left,) = analyze_painted(regular(15, rate_hz=5), [(0.0, 3.0)]).people
    assert left.blinks is None
    assert left.blinks_absent_reason == "sampled_too_slowly"
    assert left.speaking_unknown_reason == "sampled_too_slowly"
    assert set(left.timeline.speaking) == {"unknown"}
    assert left.measures.head_speed_deg_s is None
    assert left.measures.speaking_share is None
    assert left.measures.blinks_per_min is None


def test_without_a_voice_track_nobody_knows_who_speaks() -> None:
    (left, right) = analyze_painted(regular(50), None).people
    for person in (left, right):
        assert set(person.timeline.speaking) == {"unknown"}
        assert person.speaking_unknown_reason == "no_voice"


def test_a_clock_that_jumps_back_gives_finite_numbers() -> None:
    # Two recordings joined into one file.
    scenes = [*regular(50), *regular(50)]
    report = analyze_painted(scenes, SPEECH)
    assert Report.model_validate_json(to_json(report)).frames.time_s.tolist() == pytest.approx(
        [pts_s for pts_s, _ in scenes]
    )
    for person in report.people:
        measures = person.measures
        assert person.blinks is not None
        assert measures.head_speed_deg_s is not None
        assert measures.head_speed_deg_s >= 0
        assert all(0 < blink.end_s - blink.start_s <= 0.5 for blink in person.blinks or [])
