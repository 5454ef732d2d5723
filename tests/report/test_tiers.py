"""Tiers say what the report says, on the clock of a player, without overlaps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report import Report, observations_only
from evolvisense.report.annotations import Tier, tiers_of
from evolvisense.report.figures.series import GAP_STEPS
from evolvisense.report.parts import BlinkEvent, Person
from evolvisense.report.words import clock_of
from evolvisense.types.behaviour import SMILE, UNCERTAINTIES
from evolvisense.types.scores import EMOTIONS
from tests.factory.flow import analyze_painted

STEP_S = 1 / 25


def tier(report: Report, name: str) -> Tier:
    (found,) = [t for t in tiers_of(report) if t.name == name]
    return found


def labels(report: Report, name: str) -> list[str]:
    return [span.label for span in tier(report, name).spans]


def times(report: Report, name: str) -> list[tuple[float, float]]:
    return [(round(s.start_s, 6), round(s.end_s, 6)) for s in tier(report, name).spans]


def first(report: Report, **columns: object) -> Report:
    """The report with these columns in the timeline of its first person."""
    person = report.people[0]
    changed = person.model_copy(update={"timeline": person.timeline.model_copy(update=columns)})
    return report.model_copy(update={"people": [changed, *report.people[1:]]})


def certain(person: Person, *expressions: str) -> dict[str, object]:
    """Columns in which these expressions are read without a doubt."""
    codes = np.array([EMOTIONS.index(e) for e in expressions])
    columns = {e: (codes == i).astype(np.float64) for i, e in enumerate(EMOTIONS)}
    return {"probabilities": columns, "uncertain": [""] * person.frames}


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_stretches_are_inside_of_the_recording_in_order_and_apart(
    name: str, request: pytest.FixtureRequest
) -> None:
    report: Report = request.getfixturevalue(name)
    end_s = clock_of(report).end_s
    found = tiers_of(report)
    assert len({t.name for t in found}) == len(found)
    for one in found:
        assert all(0 <= s.start_s < s.end_s <= end_s and s.label for s in one.spans)
        assert all(a.end_s <= b.start_s for a, b in pairwise(one.spans))


def test_speech_and_pauses_are_on_the_clock_of_a_player(scored: Report) -> None:
    media = scored.media.model_copy(update={"start_s": 0.5})
    assert scored.voice is not None
    later = scored.voice.timeline.model_copy(update={"time_s": scored.voice.timeline.time_s + 0.25})
    voice = scored.voice.model_copy(update={"timeline": later})
    report = scored.model_copy(update={"media": media, "voice": voice})
    assert times(report, "speech") == [(0, 0.75), (2.25, 4.25)]
    assert times(report, "pauses") == [(0.75, 2.25)]
    assert labels(report, "pauses") == ["long pause"]


def test_a_pause_of_a_second_is_not_long(scored: Report) -> None:
    assert scored.voice is not None
    one, two = scored.voice.segments
    segments = [one, two.model_copy(update={"start_s": one.end_s + 1.0})]
    voice = scored.voice.model_copy(update={"segments": segments})
    assert labels(scored.model_copy(update={"voice": voice}), "pauses") == ["pause"]


def test_no_voice_is_said_over_the_whole_recording() -> None:
    report = analyze_painted([(i / 25, []) for i in range(5)])
    assert [t.name for t in tiers_of(report)] == ["speech", "pauses"], "and nobody was found"
    for name in ("speech", "pauses"):
        assert labels(report, name) == ["cannot tell: the file has no sound"]
        assert times(report, name) == [(0.0, round(clock_of(report).end_s, 6))]


def test_an_expression_lasts_until_the_frame_that_shows_another(full: Report) -> None:
    person = full.people[0]
    assert person.frames == 10
    report = first(full, **certain(person, *["happy"] * 4, *["sad"] * 6))
    assert labels(report, "person 1 expression") == ["happy", "sad"]
    assert times(report, "person 1 expression") == [(0, 4 * STEP_S), (4 * STEP_S, 10 * STEP_S)]


def test_where_it_should_not_be_read_there_is_a_reason_and_no_expression(full: Report) -> None:
    person = full.people[0]
    columns = certain(person, *["happy"] * 10)
    columns["uncertain"] = [""] * 3 + ["small"] * 2 + ["dark"] + [""] * 4
    report = first(full, **columns)
    assert times(report, "person 1 expression") == [(0, 0.12), (0.24, 0.4)]
    assert times(report, "person 1 uncertain") == [(0.12, 0.2), (0.2, 0.24)]
    assert labels(report, "person 1 uncertain") == [
        "cannot tell: the face is small",
        "cannot tell: the face is dark",
    ]


def test_a_frame_without_the_face_parts_two_stretches(full: Report) -> None:
    person = full.people[0]
    kept = [0, 1, 2, 6, 7, 8]
    columns = {
        "frame_number": person.timeline.frame_number[kept],
        "time_s": person.timeline.time_s[kept],
        **certain(person, *["happy"] * 6),
        "uncertain": [""] * 6,
        "speaking": ["yes"] * 6,
        "smile": np.full(6, 0.9),
    }
    person = person.model_copy(update={"frames": 6})
    report = first(full.model_copy(update={"people": [person]}), **columns)
    for name in ("seen", "expression", "smiles", "speaking"):
        assert times(report, f"person 1 {name}") == [(0, 0.12), (0.24, 0.36)], name


def test_a_frame_does_not_stand_for_a_long_gap(full: Report) -> None:
    times_s = full.frames.time_s + np.where(np.arange(len(full.frames.number)) >= 5, 10.0, 0.0)
    frames = full.frames.model_copy(update={"time_s": times_s})
    media = full.media.model_copy(update={"duration_s": 20.0})
    report = full.model_copy(update={"frames": frames, "media": media})
    held = (4 + GAP_STEPS) * STEP_S
    assert times(report, "person 1 seen") == [(0, round(held, 6)), (10.2, 10.4)]


def test_a_smile_is_labelled_from_its_threshold_on(full: Report) -> None:
    smile = np.array([0.0, SMILE - 0.01, SMILE, 0.9, 0.2, 0.2, 0.2, 0.2, 0.2, 0.6])
    assert times(first(full, smile=smile), "person 1 smiles") == [(0.08, 0.16), (0.36, 0.4)]


def test_blinks_and_speaking_are_those_of_the_report(full: Report) -> None:
    blinks = [BlinkEvent(start_s=0.1, end_s=0.2, depth=0.9)]
    person = full.people[0].model_copy(update={"blinks": blinks})
    speaking = ["no"] * 2 + ["yes"] * 3 + ["unknown"] * 5
    report = first(
        full.model_copy(
            update={"people": [person.model_copy(update={"speaking_unknown_reason": "no_voice"})]}
        ),
        speaking=speaking,
    )
    assert times(report, "person 1 blinks") == [(0.1, 0.2)]
    assert labels(report, "person 1 speaking") == ["speaks", "cannot tell: no voice was read"]


def test_what_an_engine_does_not_read_is_said(expressions_only: Report) -> None:
    why = "cannot tell: the expression engine does not read them"
    for name in ("smiles", "blinks", "speaking"):
        assert labels(expressions_only, f"person 1 {name}") == [why]
    for name in ("smiles", "blinks"):
        assert times(expressions_only, f"person 1 {name}") == [(0, 0.4)]


def test_observations_only_have_no_tier_of_expressions(full: Report) -> None:
    names = {t.name for t in tiers_of(full)}
    kept = {t.name for t in tiers_of(observations_only(full))}
    assert names - kept == {"person 1 expression", "person 2 expression"}


@given(st.lists(st.sampled_from(UNCERTAINTIES), min_size=10, max_size=10))
def test_each_frame_of_a_face_is_read_or_told_why_not(full: Report, doubts: list[str]) -> None:
    report = first(full, uncertain=doubts)
    read, told = (tier(report, f"person 1 {name}").spans for name in ("expression", "uncertain"))
    for i, doubt in enumerate(doubts):
        middle_s = (i + 0.5) * STEP_S
        inside = [s.label for s in (*read, *told) if s.start_s < middle_s < s.end_s]
        assert len(inside) == 1
        assert inside[0].startswith("cannot tell") == bool(doubt)
