"""The table and the JSON of reports with and without facial actions."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from evolvisense.report import Report, to_csv, to_json
from evolvisense.report.tables import BASE_COLUMNS, MOTION_COLUMNS
from evolvisense.types.scores import EMOTIONS
from tests.factory.faces import Painted
from tests.factory.findings import LAYOUT, geometry, observations
from tests.factory.flow import analyze_painted
from tests.report.conftest import with_people

TIMES = np.arange(30) / 30


def table(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(report))))


def test_columns_have_one_name_each() -> None:
    names = [*BASE_COLUMNS, *LAYOUT.actions]
    assert len(names) == len(set(names))
    assert set(EMOTIONS) | set(MOTION_COLUMNS) < set(BASE_COLUMNS)


def test_with_actions_the_table_has_a_column_for_each(full: Report) -> None:
    rows = table(full)
    columns = tuple(rows[0])
    before = len(BASE_COLUMNS) + len(LAYOUT.actions)
    assert columns[:before] == (*BASE_COLUMNS, *LAYOUT.actions)
    assert all(name.startswith("AU") for name in columns[before:])
    for row in rows[:25]:
        for name in (*MOTION_COLUMNS, *LAYOUT.actions):
            assert np.isfinite(float(row[name]))
        assert row["speaking"] in ("yes", "no", "unknown")
        assert row["detected"] in ("true", "false")


def test_without_actions_the_table_ends_before_them(expressions_only: Report) -> None:
    rows = table(expressions_only)
    assert tuple(rows[0]) == BASE_COLUMNS
    assert {row[name] for row in rows for name in MOTION_COLUMNS} == {""}
    assert sum(float(rows[0][emotion]) for emotion in EMOTIONS) == pytest.approx(1, abs=5e-4)


def test_rows_are_by_frame_and_person_and_say_where_nobody_was(full: Report) -> None:
    places = [(int(row["frame_number"]), row["person_id"]) for row in table(full)]
    both = [(number, person) for number in range(1, 11) for person in "12"]
    second = [(number, "2") for number in range(11, 16)]
    nobody = [(number, "") for number in range(16, 19)]
    assert places == [*both, *second, *nobody]


def test_a_row_of_nobody_is_empty_but_for_its_frame(full: Report) -> None:
    last = table(full)[-1]
    assert [name for name, value in last.items() if value] == ["frame_number", "time_s"]


def test_the_table_says_what_the_json_says(full: Report) -> None:
    rows = [row for row in table(full) if row["person_id"] == "2"]
    timeline = json.loads(to_json(full))["people"][1]["timeline"]
    for name in ("left_px", "score", "smile", "yaw_deg", "eye_openness", "mouth_opening"):
        assert [float(row[name]) for row in rows] == timeline[name]
    for name in ("uncertain", "speaking"):
        assert [row[name] for row in rows] == timeline[name]
    assert [row["detected"] == "true" for row in rows] == timeline["detected"]
    blink = [float(row["eyeBlinkLeft"]) for row in rows]
    assert blink == timeline["actions"]["eyeBlinkLeft"]


@pytest.mark.parametrize("name", ["full", "expressions_only"])
def test_json_reads_back_as_the_same_report(name: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(name)
    text = to_json(report)
    again = Report.model_validate_json(text)
    assert to_json(again) == text
    assert to_csv(again) == to_csv(report)
    timeline = again.people[0].timeline
    assert timeline.detected.dtype == np.bool_
    assert timeline.uncertain == report.people[0].timeline.uncertain
    assert (timeline.actions is None) == (name == "expressions_only")


def test_blinks_and_reasons_survive_the_json() -> None:
    closure = 0.1 + 0.7 * np.exp(-0.5 * ((TIMES - 0.5) / 0.06) ** 2)
    track_id = np.tile([1, 2], 30)
    faces = observations(
        np.repeat(np.arange(30), 2),
        track_id,
        face_geometry=geometry(60, closure=np.repeat(closure, 2)),
    )
    scenes = [(float(t), [Painted(80, 120)]) for t in TIMES]
    report = with_people(analyze_painted(scenes), faces)
    again = Report.model_validate_json(to_json(report))
    assert again.people[0].blinks is not None
    assert len(again.people[0].blinks) == 1
    assert again.people[0].blinks == report.people[0].blinks
    assert again.people[0].speaking_unknown_reason is None
