"""Tables under the column names of other tools."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import codebook, conversions
from evolvisense.models.registry import spec
from evolvisense.report import Report
from evolvisense.report.conversions import (
    CORRESPONDENCES,
    FEAT_COLUMNS,
    OPENFACE_COLUMNS,
    UNITS_OF_OURS,
    openface_angles,
    to_openface_csv,
)

ROOT = Path(__file__).resolve().parents[2]
ANGLES = st.floats(-80, 80)


def _openface(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_openface_csv(report))))


def test_the_page_is_up_to_date() -> None:
    stored = (ROOT / "docs" / "column-names.md").read_text(encoding="utf-8")
    assert stored == conversions.page_text(), "run `make docs`"


def test_every_column_of_ours_is_in_the_codebook() -> None:
    known = {row.column for row in codebook.rows()}
    for entry in CORRESPONDENCES:
        assert set(entry.ours.split(", ")) <= known, entry
    assert tuple(spec("face").parameters["action_units"]) == UNITS_OF_OURS


def test_names_of_a_tool_are_columns_that_are_written_once() -> None:
    for tool, columns in (("OpenFace 2", OPENFACE_COLUMNS), ("py-feat", FEAT_COLUMNS)):
        names = [entry.theirs for entry in CORRESPONDENCES if entry.tool == tool]
        assert len(set(names)) == len(names)
        assert set(names) <= set(columns)


def test_openface_rows_are_those_of_the_table_of_faces(sample: Report, tmp_path: Path) -> None:
    rows, ours = _openface(sample), sample.frames()
    assert tuple(rows[0]) == OPENFACE_COLUMNS
    assert len(rows) == len(ours)
    first, mine = rows[0], ours.iloc[0]
    assert first["frame"] == str(mine["frame_number"])
    assert first["face_id"] == "0"
    assert float(first["AU12_r"]) == pytest.approx(mine["AU12"], abs=0.006)
    assert [row["AU12_c"] for row in rows] == [f"{float(v >= 1):.1f}" for v in ours["AU12"]]
    assert float(first["AU45_r"]) == pytest.approx(5 * (1 - mine["eye_openness"]), abs=0.006)
    assert float(first["pose_Ry"]) == pytest.approx(-np.radians(mine["yaw_deg"]), abs=0.01)
    empty = {name for name in OPENFACE_COLUMNS if not any(row[name] for row in rows)}
    filled = {entry.theirs for entry in CORRESPONDENCES if entry.tool == "OpenFace 2"}
    assert empty == set(OPENFACE_COLUMNS) - filled
    sample.to_openface_csv(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == to_openface_csv(sample)


def test_a_frame_without_a_face_has_success_0_and_nothing_else(full: Report) -> None:
    rows = _openface(full)
    nobody = [row for row in rows if row["success"] == "0"]
    assert len(nobody) == 3
    for row in nobody:
        values = {name: value for name, value in row.items() if value}
        assert set(values) == {"frame", "face_id", "timestamp", "confidence", "success"}
        assert values["confidence"] == "0.00"
    assert {row["face_id"] for row in rows} == {"0", "1"}


def test_the_frame_for_py_feat(sample: Report) -> None:
    table, ours = sample.to_feat(), sample.frames()
    assert tuple(table.columns) == FEAT_COLUMNS
    assert table["frame"].tolist() == [number - 1 for number in ours["frame_number"]]
    emotions = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
    assert np.allclose(table[emotions].sum(axis=1), 1, atol=1e-3)
    assert np.allclose(table["happiness"], ours["happy"])
    assert np.allclose(table["AU12"] * 5, ours["AU12"])
    assert np.allclose(table["FaceRectX"] + table["FaceRectWidth"], ours["right_px"])
    assert table["x_0"].isna().all()
    assert table["approx_time"].iloc[-1] == "00:37"


@given(ANGLES, ANGLES, ANGLES)
def test_the_rotation_stays_the_same(pitch: float, yaw: float, roll: float) -> None:
    def about(axis: int, radians: float) -> np.ndarray:
        cos, sin = np.cos(radians), np.sin(radians)
        one, two = (axis + 1) % 3, (axis + 2) % 3
        matrix = np.eye(3)
        matrix[[one, two], [one, two]] = cos
        matrix[one, two], matrix[two, one] = -sin, sin
        return matrix

    ours = about(2, -np.radians(roll)) @ about(1, np.radians(yaw)) @ about(0, -np.radians(pitch))
    found = openface_angles(*(np.array([angle]) for angle in (pitch, yaw, roll)))
    x, y, z = (float(angle[0]) for angle in found)
    turned = np.diag([1, -1, -1])
    assert about(0, x) @ about(1, y) @ about(2, z) == pytest.approx(
        turned @ ours @ turned, abs=1e-9
    )


@pytest.mark.parametrize(("which", "sign"), [(0, -1), (1, -1), (2, 1)])
def test_single_angles_have_the_signs_of_openface(which: int, sign: int) -> None:
    given_deg = [np.zeros(1), np.zeros(1), np.zeros(1)]
    given_deg[which] = np.array([20.0])
    found = np.degrees(np.concatenate(openface_angles(*given_deg)))
    assert found == pytest.approx([sign * 20.0 if i == which else 0.0 for i in range(3)])
