"""Expression, behaviour and facial actions: what is drawn is what the report says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evolvisense.report import Report
from evolvisense.report.figures import Figure, FigureOptions, figure_of
from evolvisense.report.figures.actions import action_name, joined, most_moving

HATCHED = "fillpattern"


def traces(figure: Figure, **wanted: Any) -> list[dict[str, Any]]:
    return [
        trace
        for trace in figure.data
        if all(trace.get(key) == value for key, value in wanted.items())
    ]


def hatching(figure: Figure) -> dict[str, Any]:
    found = [trace for trace in figure.data if HATCHED in trace]
    assert all(trace["x"] == found[0]["x"] for trace in found), "the same in every row"
    return found[0]


def titles(figure: Figure) -> str:
    return " | ".join(note["text"] for note in figure.layout["annotations"])


def test_uncertain_frames_are_pale_and_hatched_and_say_why(doubtful: Report) -> None:
    figure = figure_of(doubtful, "expression", FigureOptions(person_id=1))
    pale, strong = traces(figure, name="happy")
    assert pale["opacity"] < 1
    assert None not in pale["y"][:10]
    assert [y is None for y in strong["y"][:10]] == [3 <= i <= 5 for i in range(10)]
    assert strong["y"][:3] == pale["y"][:3]
    assert min(hatching(figure)["x"]) == pytest.approx(2.5 / 25, abs=1e-3)
    assert max(hatching(figure)["x"]) == pytest.approx(5.5 / 25, abs=1e-3)
    words = traces(figure, mode="markers")[0]["text"]
    assert words[4] == "not to be read: the head is turned away"
    assert "happy" in words[0]


def test_a_face_that_is_not_seen_leaves_a_gap(certain: Report) -> None:
    figure = figure_of(certain, "expression", FigureOptions(person_id=1))
    for line in traces(figure, name="happy"):
        assert line["y"][10:] == [None] * 8
    assert traces(figure, mode="markers")[0]["text"][-1] == "this face is not seen"
    assert not hatching(figure)["x"], "not seen is not uncertain"


def test_areas_stand_on_each_other_up_to_one(certain: Report) -> None:
    options = FigureOptions(person_id=1, emotions_as="areas")
    figure = figure_of(certain, "expression", options)
    areas = [trace for trace in figure.data if trace.get("showlegend")]
    assert areas[0]["name"] == "happy"
    assert len(areas) == 7
    assert min(areas[0]["y"]) == 0
    assert max(areas[-1]["y"]) == pytest.approx(1, abs=1e-3)


def test_every_expression_has_a_row_with_its_name(full: Report) -> None:
    figure = figure_of(full, "expression")
    lines = [trace for trace in figure.data if trace.get("legendgroup")]
    assert len({trace["yaxis"] for trace in lines}) == 7
    for trace in lines:
        assert trace["legendgroup"] in titles(figure)
    assert not figure.layout["showlegend"]


def test_means_of_a_long_recording_lie_in_their_range(long: Report) -> None:
    figure = figure_of(long, "behaviour", FigureOptions(points=100))
    (line,) = traces(figure, name="smile")
    ribbon = next(t for t in figure.data if t.get("opacity") and t["yaxis"] == line["yaxis"])
    smile = long.people[0].timeline.smile
    assert smile is not None
    assert len(line["x"]) == 100
    assert line["y"][7] == pytest.approx(smile[350:400].mean(), abs=1e-3)
    assert max(ribbon["y"]) == pytest.approx(smile.max(), abs=1e-3)


def test_behaviour_marks_blinks_at_their_middle(full: Report) -> None:
    person = full.people[0]
    blink = {"start_s": 0.1, "end_s": 0.2, "depth": 0.8}
    seen = person.model_copy(
        update={"blinks": [type("Blink", (), blink)()], "blinks_absent_reason": None}
    )
    report = full.model_copy(update={"people": [seen, *full.people[1:]]})
    figure = figure_of(report, "behaviour", FigureOptions(person_id=1))
    (marks,) = traces(figure, name="blink")
    assert marks["x"] == [0.15]
    assert marks["text"] == ["of 0.10 s, lids closed by 80%"]


def test_behaviour_says_why_it_cannot_tell(expressions_only: Report) -> None:
    figure = figure_of(expressions_only, "behaviour")
    told = titles(figure)
    assert told.count("cannot tell: the expression engine does not read them") >= 4
    assert not [trace for trace in figure.data if trace.get("name") == "smile"]


def test_speaking_is_drawn_where_it_is_known(full: Report) -> None:
    person = full.people[0]
    speaking = ["yes"] * 4 + ["unknown"] * 3 + ["no"] * (person.frames - 7)
    timeline = person.timeline.model_copy(update={"speaking": speaking})
    report = full.model_copy(update={"people": [person.model_copy(update={"timeline": timeline})]})
    figure = figure_of(report, "behaviour", FigureOptions(person_id=1))
    unknown = hatching(figure)
    yes, no, _ = (t for t in figure.data if t["yaxis"] == unknown["yaxis"])
    assert max(yes["x"]) == pytest.approx(3.5 / 25, abs=1e-3)
    assert max(unknown["x"]) == pytest.approx(6.5 / 25, abs=1e-3)
    assert min(no["x"]) == max(unknown["x"])
    assert max(yes["y"]) - min(yes["y"]) > max(no["y"]) - min(no["y"])


def test_the_end_in_which_faces_were_not_read_is_shaded(full: Report) -> None:
    media = full.media.model_copy(update={"duration_s": 10.0})
    report = full.model_copy(update={"media": media})
    shade = figure_of(report, "expression").data[0]
    assert shade["mode"] == "none"
    assert max(shade["x"]) == 10
    assert min(shade["x"]) == pytest.approx(18 / 25, abs=1e-3)
    early = figure_of(report, "expression", FigureOptions(end_s=0.5))
    assert len(early.data) == len(figure_of(report, "expression").data) - 7, "one in each row"


def test_actions_are_those_that_move_most_or_those_wanted(full: Report) -> None:
    person = full.people[0]
    actions = dict(person.timeline.actions or {})
    actions["tongueOut"] = np.linspace(0, 1, person.frames)
    timeline = person.timeline.model_copy(update={"actions": actions})
    report = full.model_copy(update={"people": [person.model_copy(update={"timeline": timeline})]})
    assert next(iter(most_moving(report.people[0]))) == "tongue out"
    (heat,) = figure_of(report, "actions", FigureOptions(person_id=1)).data
    assert heat["y"][0] == "tongue out"
    assert len(heat["y"]) == len(heat["z"]) == 12
    assert heat["z"][0][:10] == [round(v, 2) for v in actions["tongueOut"].tolist()]
    assert heat["z"][0][10:] == [None] * 8
    assert len(heat["x"]) == len(heat["z"][0]) + 1, "edges of the cells"
    chosen = ("jawOpen", "mouthSmileLeft")
    (heat,) = figure_of(report, "actions", FigureOptions(person_id=1, actions=chosen)).data
    assert heat["y"] == ["jaw open", "mouth smile, left"]


def test_left_and_right_are_one_row_unless_they_differ(full: Report) -> None:
    person = full.people[0]
    ramp = np.linspace(0, 0.5, person.frames)
    actions = {
        "mouthSmileLeft": ramp,
        "mouthSmileRight": ramp + 0.1,
        "browDownLeft": ramp,
        "browDownRight": ramp + 0.4,
        "jawOpen": ramp,
    }
    timeline = person.timeline.model_copy(update={"actions": actions})
    rows = joined(person.model_copy(update={"timeline": timeline}))
    assert list(rows) == ["mouth smile", "brow down, left", "brow down, right", "jaw open"]
    np.testing.assert_allclose(rows["mouth smile"], ramp + 0.05)


@pytest.mark.parametrize(
    ("action", "words"),
    [("mouthSmileLeft", "mouth smile, left"), ("jawOpen", "jaw open"), ("cheekPuff", "cheek puff")],
)
def test_actions_have_names_in_words(action: str, words: str) -> None:
    assert action_name(action) == words


def test_an_engine_without_actions_is_said(expressions_only: Report) -> None:
    reason = figure_of(expressions_only, "actions").absent_reason
    assert reason == "the expression engine does not read them"
