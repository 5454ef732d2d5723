"""The sample of the page: its face is found and described, and the prepared report is of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import evolvisense
from evolvisense import Analyzer
from evolvisense.report import Report

SAMPLE = Path(evolvisense.__file__).parent / "web" / "sample" / "sample.webm"
PREPARED = SAMPLE.with_name("report.json")
LARGEST_BYTES = 600_000


@pytest.fixture(scope="module")
def report(analyzer: Analyzer) -> Report:
    return analyzer.analyze(SAMPLE)


def test_it_is_small_and_lasts_half_a_minute(report: Report) -> None:
    assert SAMPLE.stat().st_size < LARGEST_BYTES
    assert 30 < report.media.duration_s < 40


def test_the_prepared_report_is_of_this_version_and_of_this_video(report: Report) -> None:
    # `python -m docs.sample` writes both again.
    prepared = Report.model_validate_json(PREPARED.read_bytes())
    assert prepared.schema_version == report.schema_version
    assert prepared.media.size_bytes == SAMPLE.stat().st_size
    assert len(prepared.frames.number) == len(report.frames.number)
    assert prepared.summary.people[0].expressions.shares is not None
    assert 1 <= len(prepared.moments) <= 10


def test_its_expressions_are_plausible(report: Report) -> None:
    shares = report.summary.people[0].expressions.shares
    assert shares is not None
    assert shares["neutral"] + shares["happy"] > 0.6
    assert report.summary.people[0].readable_share > 0.5


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


def test_what_was_made_is_seen(report: Report) -> None:
    (person,) = report.people
    timeline = person.timeline
    assert person.blinks is not None
    assert 8 <= len(person.blinks) <= 14, "eleven were made"
    assert timeline.smile is not None
    times = timeline.time_s
    assert timeline.smile[times < 1].mean() > 3 * timeline.smile[(times > 9) & (times < 10)].mean()
    assert timeline.yaw_deg is not None
    left, right = (timeline.yaw_deg[abs(times - t) < 0.5].mean() for t in (9.0, 17.5))
    assert right - left > 2
    assert person.measures.speaking_share is not None
    assert person.measures.speaking_share > 0.5
