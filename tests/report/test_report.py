"""The report's shape, its JSON, its table, its documentation."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.report import LIMITS_NOTICE, Report, to_csv, to_json
from evolvisense.report.tables import BASE_COLUMNS
from evolvisense.types.scores import EMOTIONS
from tests.factory.media import Film, astronaut, plain


@pytest.fixture(scope="module")
def report(analyzer: Analyzer, face_video: Path) -> Report:
    return analyzer.analyze(face_video, AnalysisOptions(frame_skip=10))


@pytest.fixture(scope="module")
def leaving(analyzer: Analyzer, generated: Path) -> Report:
    film = Film([astronaut()] * 5 + [plain((640, 360))] * 5)
    return analyzer.analyze(film.write(generated / "leaving.webm"))


def test_json_reads_back_as_the_same_report(report: Report) -> None:
    text = to_json(report)
    assert to_json(Report.model_validate_json(text)) == text


def test_json_is_strict_and_names_its_version(report: Report) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    content = json.loads(to_json(report), parse_constant=refuse)
    assert content["schema_version"] == "1.6"
    assert content["limits"] == LIMITS_NOTICE
    assert content["producer"]["name"] == "evolvisense"


def test_unvoiced_pitch_is_null_and_never_zero(report: Report) -> None:
    assert report.voice is not None
    f0_hz = json.loads(to_json(report))["voice"]["timeline"]["f0_hz"]
    assert len(f0_hz) == len(report.voice.timeline.time_s)
    assert 0 not in f0_hz
    assert f0_hz.count(None) == int(np.isnan(report.voice.timeline.f0_hz).sum())


def test_columns_of_a_table_have_one_length(report: Report) -> None:
    content = json.loads(to_json(report))
    for table in (
        content["frames"],
        content["people"][0]["timeline"]
        | content["people"][0]["timeline"]["probabilities"]
        | content["people"][0]["timeline"]["actions"],
        content["voice"]["timeline"],
    ):
        assert len({len(c) for c in table.values() if isinstance(c, list)}) == 1


def test_the_shape_rejects_what_it_does_not_know(report: Report) -> None:
    content = json.loads(to_json(report))
    with pytest.raises(ValidationError):
        Report.model_validate(content | {"surprise": 1})
    with pytest.raises(ValidationError):
        Report.model_validate(content | {"schema_version": "1.1"})


def test_table_has_one_row_for_each_face_and_frame(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert len(rows) == 7
    assert tuple(rows[0])[: len(BASE_COLUMNS)] == BASE_COLUMNS
    for row, number in zip(rows, report.frames.number, strict=True):
        assert int(row["frame_number"]) == number
        assert sum(float(row[e]) for e in EMOTIONS) == pytest.approx(1, abs=5e-4)
        assert row["is_main"] == "true"
        assert 0 <= float(row["left_px"]) < float(row["right_px"]) <= 640


def test_table_says_where_nobody_was_found(leaving: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(leaving))))
    assert [bool(row["person_id"]) for row in rows] == [True] * 5 + [False] * 5
    assert {row["happy"] for row in rows[5:]} == {""}
    assert all(row["time_s"] for row in rows)


def test_table_and_json_agree(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    timeline = json.loads(to_json(report))["people"][0]["timeline"]
    for name in ("left_px", "size_px", "sharpness", "score", "time_s"):
        assert [float(row[name]) for row in rows] == timeline[name]
    assert [float(row["happy"]) for row in rows] == timeline["probabilities"]["happy"]


def test_stages_are_timed(report: Report) -> None:
    assert {"open", "decode", "detect", "crop", "expression", "voice", "total"} <= set(
        report.timings_s
    )
    assert all(seconds >= 0 for seconds in report.timings_s.values())
