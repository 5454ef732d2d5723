"""Indicators in the terminal: scores with their evidence, absence with its reason."""

from __future__ import annotations

import pytest

from evolvisense.cli.summary import baseline_lines, indicator_lines, missing_lines
from evolvisense.report.indicator_parts import BaselinePart, ChangePart, IndicatorPart
from evolvisense.report.indicators import indicators_part
from evolvisense.types.indicators import Indicator
from tests.factory.readings import all_indicators, contribution, indicator


def part(one: Indicator) -> IndicatorPart:
    """As the report has it."""
    (found,) = indicators_part(all_indicators(one)).scores
    return found


def test_a_score_comes_with_its_interval_its_evidence_and_what_made_it() -> None:
    made_of = (
        contribution("voice_anger_or_fear", part=0.9),
        contribution("f0_sd_st", part=-0.2),
        contribution("level_sd_db", part=0.01),
        contribution("smile_share_silent", missing="no_face"),
    )
    lines = indicator_lines(part(indicator(contributions=made_of))).splitlines()
    assert lines == [
        "62 (90 %: 48-75; 75% of the evidence)",
        "anger or fear in the voice +0.90, pitch variability -0.20",
    ]


def test_no_interval_is_said() -> None:
    assert "interval unknown" in indicator_lines(part(indicator(interval=None)))


def test_no_score_says_how_much_is_there_and_what_is_missing() -> None:
    missing = (
        contribution("syllable_rate_hz", missing="too_little_speech"),
        contribution("pause_share", missing="too_little_speech"),
        contribution("f0_sd_st", missing="too_noisy"),
        contribution("f0_level_st", missing="no_baseline", weight=0.0),
    )
    none = indicator(score=None, contributions=missing, coverage=0.3)
    assert indicator_lines(part(none)) == "cannot tell: 30% of the evidence, half is needed"
    found = indicators_part(all_indicators(none, none))
    assert missing_lines(found) == [
        "syllable rate, share of pauses: under 20 s of speech",
        "pitch variability: the voice is less than 15 dB over the background",
    ]


def test_a_withheld_indicator_is_said_and_has_no_number() -> None:
    withheld = part(indicator()).model_copy(
        update={"score": None, "no_score_reason": "withheld", "contributions": []}
    )
    assert indicator_lines(withheld) == "withheld on request"


def baseline(**changed: object) -> BaselinePart:
    given = {
        "is_used": True,
        "recordings": 4,
        "days": 3,
        "missing_recordings": 0,
        "missing_days": 0,
        "changes": [],
    }
    return BaselinePart.model_validate(given | changed)


def change(*, reliable: bool) -> ChangePart:
    return ChangePart(
        feature="f0_level_st", value=3.0, baseline_mean=1.0, change=2.0, is_reliable=reliable
    )


def test_only_reliable_changes_are_told() -> None:
    assert baseline_lines(None) == []
    assert baseline_lines(baseline(changes=[change(reliable=False)])) == [
        "nothing beyond chance against 4 recordings on 3 days"
    ]
    assert baseline_lines(baseline(changes=[change(reliable=True)])) == [
        "pitch +2.00 (from 1.00) against 4 recordings on 3 days"
    ]


@pytest.mark.parametrize(
    ("missing", "wanted"),
    [
        ({"missing_recordings": 2, "missing_days": 1}, "2 more recordings"),
        ({"missing_days": 1}, "recordings on 1 more days"),
    ],
)
def test_a_small_baseline_says_what_it_needs(missing: dict[str, int], wanted: str) -> None:
    (line,) = baseline_lines(baseline(is_used=False, **missing))
    assert wanted in line
