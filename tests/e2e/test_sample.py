"""The sample of the page: our drawn face is found and described, and its scores can be told."""

from __future__ import annotations

from pathlib import Path

import pytest

import evolvisense
from evolvisense import Analyzer
from evolvisense.report import Report

SAMPLE = Path(evolvisense.__file__).parent / "web" / "sample" / "sample.webm"
LARGEST_BYTES = 600_000


@pytest.fixture(scope="module")
def report(analyzer: Analyzer) -> Report:
    return analyzer.analyze(SAMPLE)


def test_it_is_small_and_lasts_half_a_minute(report: Report) -> None:
    assert SAMPLE.stat().st_size < LARGEST_BYTES
    assert 30 < report.media.duration_s < 40


def test_one_face_is_found_in_nearly_every_picture_and_can_be_read(report: Report) -> None:
    (person,) = report.people
    assert person.share_of_frames > 0.98
    assert person.measures.certain_share > 0.5


def test_there_is_speech_enough(report: Report) -> None:
    assert report.voice is not None
    assert report.voice.measures.speech_s >= 20
    assert report.voice.measures.voiced_s >= 10
    assert report.voice.quality.speakers == "one"


def test_every_indicator_has_a_score_and_an_interval(report: Report) -> None:
    for indicator in report.indicators.scores:
        assert indicator.score is not None, indicator.name
        assert indicator.interval_low is not None
        assert indicator.interval_high is not None


def test_what_was_drawn_is_seen(report: Report) -> None:
    (person,) = report.people
    timeline = person.timeline
    assert person.blinks is not None
    assert 8 <= len(person.blinks) <= 14, "eleven were drawn"
    assert timeline.smile is not None
    times = timeline.time_s
    assert timeline.smile[times < 1].mean() > 3 * timeline.smile[(times > 9) & (times < 10)].mean()
    assert timeline.yaw_deg is not None
    left, right = (timeline.yaw_deg[abs(times - t) < 0.5].mean() for t in (9.0, 17.5))
    assert right - left > 4
    assert person.measures.speaking_share is not None
    assert person.measures.speaking_share > 0.5
