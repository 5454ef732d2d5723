"""What holds for every figure of every report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from plotly import graph_objects

from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report, observations_only
from evolvisense.report.figures import (
    FIGURES,
    MARGIN,
    FigureName,
    FigureOptions,
    Theme,
    figure_of,
    figures_of,
)
from evolvisense.report.figures.layout import clock_text, clock_ticks
from evolvisense.report.figures.series import Window
from evolvisense.report.words import clock_of

OVER_TIME: tuple[FigureName, ...] = tuple(name for name in FIGURES if name != "indicators")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("emotions_as", ["lines", "areas"])
def test_every_figure_is_one_of_plotly_and_strict_json(
    any_report: Report, theme: Theme, emotions_as: Any
) -> None:
    for figure in figures_of(any_report, FigureOptions(theme=theme, emotions_as=emotions_as)):
        graph_objects.Figure(data=figure.data, layout=figure.layout)
        again = json.loads(json.dumps(figure.to_json(), allow_nan=False))
        assert again == figure.to_json()
        assert set(again) == {
            *("name", "title", "description", "data", "layout", "height_px", "absent_reason")
        }
        assert figure.title
        assert figure.description.endswith(".")
        assert bool(figure.data) == (figure.absent_reason is None)


def test_figures_over_time_share_their_axis_and_their_edges(any_report: Report) -> None:
    options = FigureOptions(start_s=0.1, end_s=0.3)
    for figure in figures_of(any_report, options, OVER_TIME):
        layout = figure.layout
        assert layout["xaxis"]["range"] == [0.1, 0.3]
        assert {side: layout["margin"][side] for side in "lrtb"} == MARGIN
        assert layout["margin"]["autoexpand"] is False, "edges would move with what is inside"
        assert layout["hovermode"] == "x unified"
        assert all(trace["xaxis"] == "x" for trace in figure.data)


def test_traces_have_no_more_points_than_wanted_and_those_of_the_window(long: Report) -> None:
    for figure in figures_of(long, FigureOptions(points=50, start_s=50, end_s=60)):
        for trace in figure.data:
            if trace.get("mode", "none") != "none":
                assert len(trace["x"]) <= 52, figure.name
                known = [x for x in trace["x"] if x is not None]
                assert all(49 <= x <= 61 for x in known), figure.name


def test_the_window_ends_with_the_recording(full: Report) -> None:
    end_s = clock_of(full).end_s
    figure = figure_of(full, "expression", FigureOptions(end_s=1e6))
    assert figure.layout["xaxis"]["range"] == [0, end_s]
    with pytest.raises(InvalidOptionError, match="ends at"):
        figure_of(full, "expression", FigureOptions(start_s=end_s))


def test_what_is_not_there_is_an_invalid_option(full: Report) -> None:
    with pytest.raises(InvalidOptionError, match="no figure 'mood'"):
        figure_of(full, "mood")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidOptionError, match=r"no person 7; people found: 1, 2"):
        figure_of(full, "behaviour", FigureOptions(person_id=7))
    with pytest.raises(InvalidOptionError, match="no facial action wingFlap"):
        figure_of(full, "actions", FigureOptions(actions=("jawOpen", "wingFlap")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": 1},
        {"theme": "sepia"},
        {"emotions_as": "pie"},
        {"start_s": -1.0},
        {"start_s": 3.0, "end_s": 3.0},
        {"start_s": float("nan")},
        {"end_s": float("nan")},
    ],
)
def test_options_outside_their_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidOptionError):
        FigureOptions(**wrong)


def test_a_person_can_be_chosen_and_the_main_one_is_meant_otherwise(full: Report) -> None:
    main = next(person for person in full.people if person.is_main)
    other = next(person for person in full.people if not person.is_main)
    assert f"person {main.id}" in figure_of(full, "expression").description
    chosen = figure_of(full, "expression", FigureOptions(person_id=other.id))
    assert f"person {other.id}" in chosen.description


def test_nobody_and_no_voice_are_said(nobody: Report) -> None:
    reasons = {figure.name: figure.absent_reason for figure in figures_of(nobody)}
    for name in ("expression", "behaviour", "actions"):
        assert reasons[name] == "no face was found"
    for name in ("voice", "voice_emotion"):
        assert reasons[name] is not None
        assert reasons[name].startswith("no voice was read: ")


def test_what_is_withheld_is_nowhere_in_the_figures(spoken: Report) -> None:
    figures = figures_of(observations_only(spoken))
    reasons = {figure.name: figure.absent_reason for figure in figures}
    assert reasons["expression"] == reasons["voice_emotion"] == "withheld on request"
    assert reasons["behaviour"] is None
    for figure in figures:
        text = json.dumps(figure.to_json())
        for emotion in ("happy", "angry", "disgust", "aroused"):
            assert emotion not in text


def test_long_recordings_have_times_like_clocks() -> None:
    assert clock_ticks(Window(0, 100)) == []
    ticks = clock_ticks(Window(230, 262))
    assert ticks == [230, 235, 240, 245, 250, 255, 260]
    assert clock_text(230, 262) == "3:50"
    assert clock_text(230.5, 262) == "3:50.5"
    assert clock_text(3665, 7200) == "1:01:05"
    assert clock_text(5, 7200) == "0:00:05"


@pytest.mark.parametrize("length_s", [0.3, 1, 7, 61, 601, 3600, 5000, 90_000])
def test_clock_ticks_are_few_and_inside(length_s: float) -> None:
    window = Window(300.0, 300.0 + length_s)
    ticks = clock_ticks(window)
    assert 1 <= len(ticks) <= 9
    assert all(window.start_s <= tick <= window.end_s + 1e-6 for tick in ticks)
