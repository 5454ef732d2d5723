"""Observations only: nothing that infers an emotion stays, everything else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evolvisense.report import Report, observations_only, to_csv, to_json
from evolvisense.types.scores import EMOTIONS


@pytest.fixture
def kept(scored: Report) -> Report:
    return observations_only(scored)


def content(report: Report) -> dict[str, Any]:
    return json.loads(to_json(report))


def test_no_emotion_of_a_face_or_a_voice_stays(kept: Report) -> None:
    assert all(person.mean_probabilities is None for person in kept.people)
    assert all(person.timeline.probabilities is None for person in kept.people)
    assert kept.voice is not None
    assert kept.voice.emotion is None
    assert kept.v1 is None
    text = to_json(kept)
    assert not [emotion for emotion in EMOTIONS if f'"{emotion}"' in text]


def test_indicators_that_stand_on_emotion_are_withheld_with_all_their_numbers(
    scored: Report, kept: Report
) -> None:
    activation, tension, slowing = kept.indicators.scores
    for score in (activation, tension):
        assert score.no_score_reason == "withheld"
        assert (score.score, score.interval_low, score.interval_high) == (None, None, None)
        assert score.contributions == []
    assert slowing == scored.indicators.scores[2]


def test_features_that_are_an_emotion_are_withheld_and_others_stay(
    scored: Report, kept: Report
) -> None:
    heard, rate = kept.indicators.features
    assert (heard.value, heard.missing_reason, heard.stands_on_s) == (None, "withheld", None)
    assert rate == scored.indicators.features[1]
    assert kept.indicators.baseline is not None
    assert [c.feature for c in kept.indicators.baseline.changes] == ["syllable_rate_hz"]


def test_the_report_names_what_is_not_there(kept: Report) -> None:
    assert kept.withheld is not None
    assert kept.withheld.reason == "observations_only"
    assert kept.withheld.parts == [
        "v1",
        "people[].mean_probabilities",
        "people[].mean_probabilities_all_frames",
        "people[].timeline.probabilities",
        "summary.people[].expressions.shares",
        "summary.people[].expressions_speaking.shares",
        "summary.people[].expressions_silent.shares",
        "summary.people[].values[expression]",
        "voice.emotion",
        "summary.voice[voice_expression]",
        "indicators.scores[activation]",
        "indicators.scores[tension]",
        "indicators.features[voice_fear]",
        "indicators.baseline.changes[voice_fear]",
    ]


def test_what_was_not_there_before_is_not_called_withheld(full: Report) -> None:
    report = full.model_copy(update={"people": [], "voice": None})
    found = observations_only(report).withheld
    assert found is not None
    assert not [part for part in found.parts if part.startswith(("people", "voice"))]


def test_all_else_is_as_it_was(scored: Report, kept: Report) -> None:
    before, after = content(scored), content(kept)
    for person in (*before["people"], *after["people"]):
        person["mean_probabilities"] = person["timeline"]["probabilities"] = None
        person["mean_probabilities_all_frames"] = None
    for one in (before, after):
        one["voice"]["emotion"] = one["v1"] = one["withheld"] = one["indicators"] = None
        one["summary"] = one["moments"] = None
    assert before == after


def test_the_report_that_was_given_is_unchanged(scored: Report) -> None:
    before = to_json(scored)
    observations_only(scored)
    assert to_json(scored) == before


def test_doing_it_twice_changes_nothing(kept: Report) -> None:
    assert observations_only(kept) is kept


def test_it_survives_the_json(kept: Report) -> None:
    assert to_json(Report.model_validate_json(to_json(kept))) == to_json(kept)


def test_columns_of_the_table_stay_and_are_empty(scored: Report, kept: Report) -> None:
    before, after = (to_csv(report).splitlines() for report in (scored, kept))
    assert after[0] == before[0]
    names = after[0].split(",")
    row = dict(zip(names, after[1].split(","), strict=True))
    assert {row[emotion] for emotion in EMOTIONS} == {""}
    assert row["smile"]
