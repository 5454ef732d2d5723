"""Windows of the indicators in the report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evolvisense.report import Report, observations_only
from evolvisense.report.indicators import indicators_part
from evolvisense.types.indicators import IndicatorWindow
from tests.factory.readings import all_indicators, contribution, indicator


@pytest.fixture
def windowed(scored: Report) -> Report:
    tension = indicator("tension", 70.04, (60.0, 80.0), (contribution("voice_fear"),))
    slowing = indicator("slowing", None, None, (contribution("syllable_rate_hz"),))
    windows = (IndicatorWindow(7.0004, 67.0004, (tension, slowing)),)
    block = indicators_part(replace(all_indicators(tension, slowing), windows=windows))
    return scored.model_copy(update={"indicators": block})


def test_a_window_has_times_scores_and_reasons(windowed: Report) -> None:
    (window,) = windowed.indicators.windows
    assert (window.start_s, window.end_s) == (7.0, 67.0)
    tension, slowing = window.scores
    assert (tension.name, tension.score, tension.no_score_reason) == ("tension", 70.0, None)
    assert (tension.interval_low, tension.interval_high) == (60.0, 80.0)
    assert (slowing.score, slowing.interval_low) == (None, None)
    assert slowing.no_score_reason == "too_little_evidence"


def test_windows_of_indicators_that_stand_on_emotion_are_withheld_too(windowed: Report) -> None:
    kept = observations_only(windowed)
    (window,) = kept.indicators.windows
    tension, slowing = window.scores
    assert (tension.score, tension.interval_low, tension.interval_high) == (None, None, None)
    assert tension.no_score_reason == "withheld"
    assert slowing == windowed.indicators.windows[0].scores[1]
    assert kept.withheld is not None
    assert "indicators.windows[].scores[tension]" in kept.withheld.parts


def test_a_short_recording_has_no_windows_to_withhold(scored: Report) -> None:
    kept = observations_only(scored)
    assert kept.indicators.windows == []
    assert kept.withheld is not None
    assert not [part for part in kept.withheld.parts if "windows" in part]
