"""Voice, indicators, comparison and changes."""

from __future__ import annotations

import json

import pytest
from plotly import graph_objects

from evolvisense.report import Report, observations_only
from evolvisense.report.figures import Theme, changes_of, comparison_of, comparison_rows, figure_of
from evolvisense.report.indicator_parts import ChangePart

CHANGES = [
    ChangePart(feature="pause_share", value=0.1, baseline_mean=0.4, change=-0.3, is_reliable=True),
    ChangePart(
        feature="syllable_rate_hz", value=4.5, baseline_mean=4, change=0.5, is_reliable=False
    ),
]


def texts(report: Report, name: str) -> str:
    figure = figure_of(report, name)  # pyright: ignore[reportArgumentType]
    return " | ".join(note["text"] for note in figure.layout["annotations"])


def test_pitch_is_missing_where_it_is_unvoiced(spoken: Report) -> None:
    figure = figure_of(spoken, "voice")
    (pitch,) = [trace for trace in figure.data if trace.get("name") == "pitch"]
    at = dict(zip(pitch["x"], pitch["y"], strict=True))
    assert {y for x, y in at.items() if 1.1 < x < 2.4} == {None}
    assert all(y is not None and y > 50 for x, y in at.items() if 2.6 < x < 4.4)


def test_speech_is_shaded_and_syllables_are_marked(spoken: Report) -> None:
    figure = figure_of(spoken, "voice")
    assert figure.data[0]["x"] == [0, 0, 1, 1, None, 2.5, 2.5, 4.5, 4.5]
    assert spoken.voice is not None
    ticks = [t for t in figure.data if t.get("marker", {}).get("symbol") == "line-ns"]
    assert len(ticks[0]["x"]) == len(spoken.voice.syllables_s)


def test_a_voice_without_pitch_says_so(scored: Report) -> None:
    assert scored.voice is not None
    timeline = scored.voice.timeline.model_copy(
        update={"f0_hz": scored.voice.timeline.f0_hz * float("nan")}
    )
    voice = scored.voice.model_copy(update={"timeline": timeline})
    silent = scored.model_copy(update={"voice": voice})
    assert "cannot tell: nothing is voiced here" in texts(silent, "voice")


def test_windows_of_the_voice_are_drawn_at_their_middle(spoken: Report) -> None:
    assert spoken.voice is not None
    assert spoken.voice.emotion is not None
    angry = next(t for t in figure_of(spoken, "voice_emotion").data if t["name"] == "angry")
    assert angry["x"] == [1.5, 3.0, 4.5]
    assert angry["y"] == pytest.approx([0.7] * 3, abs=1e-3)


def test_indicators_have_a_place_an_interval_or_a_reason(scored: Report) -> None:
    told = texts(scored, "indicators")
    assert "<b>Activation</b> 62 (48 to 75)" in told
    assert "too short for an interval" in told
    assert "cannot tell: " in told
    assert "the voice is less than 15 dB over the background" in told.replace("<br>", " ")
    places = [t["x"] for t in figure_of(scored, "indicators").data if "text" in t]
    assert places == [[0.62, 0.41]]


def test_indicators_over_time_have_gaps_where_they_cannot_tell(windowed: Report) -> None:
    figure = figure_of(windowed, "indicators")
    graph_objects.Figure(data=figure.data, layout=figure.layout)
    line = next(t for t in figure.data if t.get("name") == "activation")
    assert line["x"] == [1, 3, 5]
    assert line["y"] == [40, None, 42]
    hatched = next(t for t in figure.data if "fillpattern" in t and t["yaxis"] == line["yaxis"])
    assert (min(hatched["x"]), max(hatched["x"])) == (2, 4)
    assert "<b>Activation</b> 62 (48 to 75)" in texts(windowed, "indicators")


def test_indicators_that_stand_on_emotion_are_withheld(windowed: Report) -> None:
    told = texts(observations_only(windowed), "indicators")
    assert "62" not in told
    assert "withheld on request" in told


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_comparison_says_whether_intervals_overlap_and_no_more(
    spoken: Report, scored: Report, theme: Theme
) -> None:
    figures = comparison_of(spoken, scored, theme)
    for figure in figures:
        graph_objects.Figure(data=figure.data, layout=figure.layout)
        json.dumps(figure.to_json(), allow_nan=False)
    assert [figure.name for figure in figures] == [
        "compared_indicators",
        "compared_expression",
        "compared_voice",
    ]
    rows = {row.name: row for row in comparison_rows(spoken, scored)}
    assert rows["activation"].note == "intervals overlap"
    assert rows["activation"].first_interval == (48, 75)
    assert rows["tension"].first is None
    assert "cannot tell" in rows["tension"].note
    assert rows["happy"].unit == "%"
    assert rows["syllable_rate_hz"].first is not None
    assert rows["syllable_rate_hz"].second is None
    assert rows["syllable_rate_hz"].note == "second: cannot tell"


def test_intervals_that_do_not_overlap_are_said_to(scored: Report) -> None:
    scores = [
        score.model_copy(update={"score": 10.0, "interval_low": 5.0, "interval_high": 20.0})
        if score.name == "activation"
        else score
        for score in scored.indicators.scores
    ]
    block = scored.indicators.model_copy(update={"scores": scores})
    other = scored.model_copy(update={"indicators": block})
    for rows in (comparison_rows(scored, other), comparison_rows(other, scored)):
        assert rows[0].note == "intervals do not overlap"


def test_nothing_withheld_is_compared(spoken: Report) -> None:
    rows = {row.name: row for row in comparison_rows(spoken, observations_only(spoken))}
    assert rows["happy"].second is None
    assert rows["happy"].note.endswith("second: withheld on request")
    assert rows["activation"].second is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_changes_beyond_chance_are_filled_and_said(theme: Theme) -> None:
    figure = changes_of(CHANGES, theme)
    graph_objects.Figure(data=figure.data, layout=figure.layout)
    assert figure.description.endswith("beyond chance: share of pauses.")
    symbols = [t["marker"]["symbol"] for t in figure.data if "text" in t]
    assert symbols == [["circle", "circle"], ["diamond", "diamond-open"]]
    told = " | ".join(note["text"] for note in figure.layout["annotations"])
    assert "\u22120.30: beyond chance" in told
    assert "+0.5: within chance" in told
    assert changes_of([], theme).absent_reason == "no feature is known on both sides"
