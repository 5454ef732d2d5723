"""`/v1/comparison`: two analyses side by side, without claims."""

from __future__ import annotations

from typing import Any

import pytest

from evolvisense.api.schemas import Comparison
from evolvisense.report import Report, observations_only
from evolvisense.report.comparability import cautions
from evolvisense.report.indicator_parts import BaselinePart
from tests.service.http.v1.conftest import Shelf
from tests.service.http.v1.test_analyses import problem


def changed(report: Report, part: str, **values: Any) -> Report:
    return report.model_copy(update={part: getattr(report, part).model_copy(update=values)})


def test_two_analyses(shelf: Shelf, talk: Report):
    score = {"score": 40.0, "interval_low": 35.0, "interval_high": 45.0, "no_score_reason": None}
    first, second = (
        changed(
            talk,
            "indicators",
            scores=[s.model_copy(update=score | more) for s in talk.indicators.scores],
        )
        for more in ({}, {"score": 60.0, "interval_low": 55.0, "interval_high": 65.0})
    )
    ids = [shelf.put(report) for report in (first, second)]
    answer = shelf.get("/v1/comparison", first=ids[0], second=ids[1])
    found = Comparison.model_validate(answer.json())
    rows = {row.name: row for row in found.rows}
    tension = rows["tension"]
    assert (tension.first, tension.second) == (40, 60)
    assert (tension.first_interval, tension.second_interval) == ((35, 45), (55, 65))
    assert tension.note == "intervals do not overlap"
    assert rows["happy"].first == rows["happy"].second
    assert {figure.name for figure in found.figures} == {row.figure for row in found.rows}
    assert all(figure.data for figure in found.figures)
    assert [warning.code for warning in found.warnings] == ["several_people"]
    assert "do not diagnose" in found.limits
    dark = shelf.get("/v1/comparison", first=ids[0], second=ids[1], theme="dark").json()
    assert dark["rows"] == answer.json()["rows"]
    assert dark["figures"] != answer.json()["figures"]


def test_what_cannot_be_told_has_a_reason(shelf: Shelf, talk: Report):
    ids = [shelf.put(report) for report in (talk, observations_only(talk))]
    found = shelf.get("/v1/comparison", first=ids[0], second=ids[1]).json()
    happy = next(row for row in found["rows"] if row["name"] == "happy")
    means = next(person for person in talk.people if person.is_main).mean_probabilities
    assert (happy["first"] is None) == (means is None)
    assert happy["second"] is None
    assert "second: withheld" in happy["note"]
    pitch = next(row for row in found["rows"] if row["name"] == "f0_median_hz")
    assert pitch["first"] == pitch["second"]


def test_wrong_parameters(shelf: Shelf, talk: Report):
    one = shelf.put(talk)
    problem(shelf.get("/v1/comparison", first=one), 422, "invalid_option")
    wrong = shelf.get("/v1/comparison", first=one, second=one, theme="blue")
    problem(wrong, 422, "invalid_option")
    problem(shelf.get("/v1/comparison", first=one, second="x"), 404, "analysis_not_found")


BASELINE = BaselinePart(
    is_used=True, recordings=3, days=2, missing_recordings=0, missing_days=0, changes=[]
)


@pytest.mark.parametrize(
    ("part", "values", "code"),
    [
        ("indicators", {"language": "pl"}, "other_language"),
        ("indicators", {"baseline": BASELINE}, "other_baseline"),
        ("indicators", {"baseline": BASELINE.model_copy(update={"is_used": False})}, None),
        ("options", {"frame_skip": 5}, "other_options"),
        ("options", {"max_frames": 5}, None),
    ],
)
def test_what_speaks_against_a_comparison(
    talk: Report, part: str, values: dict[str, Any], code: str | None
):
    alone = talk.model_copy(update={"people": talk.people[:1]})
    assert cautions(alone, alone) == []
    for pair in ((alone, changed(alone, part, **values)), (changed(alone, part, **values), alone)):
        assert [notice.code for notice in cautions(*pair)] == ([code] if code else [])


def test_other_models_speak_against_it(talk: Report):
    models = [*talk.models[1:], talk.models[0].model_copy(update={"version": "99"})]
    other = talk.model_copy(update={"models": models})
    (first, _) = cautions(talk, other)
    assert first.code == "other_models"
    name, version = talk.models[0].id, talk.models[0].version
    assert f"{name} {version} and 99" in first.message
    assert cautions(talk, other.model_copy(update={"models": talk.models[::-1]}))[0].code == (
        "several_people"
    )
