"""What was seen and heard, and the telling stretches, on made signals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.report import Report
from evolvisense.report.moments import LEAST, MAX_MOMENTS, moments_of
from evolvisense.report.observations import observations_only
from evolvisense.report.stretches import frame_weights_s, stretches, usual_gap_s
from evolvisense.report.summary import summarize
from evolvisense.report.summary_face import most_probable, rate_interval, readable_frames
from evolvisense.types.scores import EMOTIONS
from tests.factory.long_report import recording


@pytest.fixture(scope="module")
def report() -> Report:
    return recording(70.0).report()


def _with_timeline(report: Report, **columns: object) -> Report:
    main = report.people[0]
    timeline = main.timeline.model_copy(update=columns)
    return report.model_copy(update={"people": [main.model_copy(update={"timeline": timeline})]})


def _surely(report: Report, happy: np.ndarray) -> dict[str, object]:
    """Columns of a face that is surely happy in these frames and surely sad in the others."""
    zero = np.zeros(len(happy))
    probabilities = dict.fromkeys(EMOTIONS, zero) | {
        "happy": np.where(happy, 0.9, 0.1),
        "sad": np.where(happy, 0.1, 0.9),
    }
    return {"probabilities": probabilities, "uncertain": [""] * len(happy)}


def test_shares_are_over_the_readable_frames(report: Report) -> None:
    times_s = report.people[0].timeline.time_s
    happy = times_s < 35
    columns = _surely(report, happy)
    unreadable = times_s >= 60
    columns["uncertain"] = ["turned" if hidden else "" for hidden in unreadable]
    person = summarize(_with_timeline(report, **columns)).people[0]
    assert person.expressions.shares is not None
    weights_s = frame_weights_s(times_s, usual_gap_s(times_s, 70.0))
    expected = weights_s[happy].sum() / weights_s[~unreadable].sum()
    assert person.expressions.shares["happy"] == pytest.approx(expected, abs=1e-3)
    assert person.readable_share == pytest.approx(
        1 - weights_s[unreadable].sum() / weights_s.sum(), abs=1e-3
    )
    value = person.values[0]
    assert value.label == "happy"
    assert value.note is not None
    assert "the head is turned away" in value.note


def test_speaking_and_silent_time_are_apart(report: Report) -> None:
    happy = np.array([answer == "yes" for answer in report.people[0].timeline.speaking])
    assert 0 < happy.sum() < len(happy)
    person = summarize(_with_timeline(report, **_surely(report, happy))).people[0]
    assert person.expressions_speaking.shares is not None
    assert person.expressions_silent.shares is not None
    assert person.expressions_speaking.shares["happy"] == 1.0
    assert person.expressions_silent.shares["sad"] == 1.0
    both_s = person.expressions_speaking.readable_s + person.expressions_silent.readable_s
    assert both_s == pytest.approx(person.expressions.readable_s, abs=0.01)


def test_what_cannot_be_read_is_null_with_its_reason(report: Report) -> None:
    count = len(report.people[0].timeline.time_s)
    hidden = _with_timeline(report, uncertain=["dark"] * count)
    summary = summarize(hidden)
    value = summary.people[0].values[0]
    assert value.value is None
    assert value.missing is not None
    assert "the face is dark" in value.missing
    assert summary.people[0].expressions.shares is None
    assert "Expression not readable" in summary.headline
    assert any("can be read 0 % of the time" in limit for limit in summary.limits)


def test_every_value_has_a_number_or_a_reason(report: Report) -> None:
    summary = report.summary
    values = [*summary.people[0].values, *summary.voice, *summary.recording]
    assert len({value.name for value in values}) == len(values)
    for value in values:
        assert (value.value is None) == (value.missing is not None)
        assert value.sentence.endswith(".")
        assert value.value is None or math.isfinite(value.value)


def test_usual_ranges_are_in_the_unit_of_the_value(report: Report) -> None:
    pitch = next(value for value in report.summary.voice if value.name == "f0_median_hz")
    assert pitch.usual is not None
    level_st = report.indicators.usual["f0_level_st"]
    assert pitch.usual.low == pytest.approx(100 * 2 ** (level_st.low / 12), abs=0.01)
    assert pitch.usual.high == pytest.approx(100 * 2 ** (level_st.high / 12), abs=0.01)
    assert 60 < pitch.usual.low < pitch.usual.high < 350


def test_nothing_of_an_emotion_is_left_in_a_report_of_observations(report: Report) -> None:
    kept = observations_only(report)
    assert kept.summary.people[0].expressions.shares is None
    text = kept.summary.model_dump_json() + "".join(m.model_dump_json() for m in kept.moments)
    for value in (*kept.summary.people[0].values, *kept.summary.voice):
        assert value.label is None
    assert not [word for word in ("happy", "angry", "disgust") if word in text]
    assert not [moment for moment in kept.moments if moment.kind == "expression_change"]


def test_a_smile_is_a_moment_where_it_is(report: Report) -> None:
    times_s = report.people[0].timeline.time_s
    smile = np.where((times_s >= 20) & (times_s < 24), 0.8, 0.05)
    (moment,) = [m for m in moments_of(_with_timeline(report, smile=smile)) if m.kind == "smile"]
    assert moment.start_s == pytest.approx(20, abs=0.1)
    assert moment.size == pytest.approx(4, abs=0.1)
    assert moment.person_id == 1
    summary = summarize(_with_timeline(report, smile=smile))
    value = next(value for value in summary.people[0].values if value.name == "smile_share")
    assert value.value == pytest.approx(4 / 70, abs=0.01)
    assert "the longest at 0:20-0:2" in value.sentence


def test_a_change_of_expression_is_a_moment_and_a_flicker_is_not(report: Report) -> None:
    times_s = report.people[0].timeline.time_s
    happy = ((times_s >= 30) & (times_s < 40)) | ((times_s >= 50) & (times_s < 50.2))
    moments = moments_of(_with_timeline(report, **_surely(report, happy)))
    changes = sorted(m.start_s for m in moments if m.kind == "expression_change")
    assert changes == pytest.approx([30, 40], abs=0.1)


def test_an_unreadable_stretch_is_a_moment(report: Report) -> None:
    times_s = report.people[0].timeline.time_s
    uncertain = ["covered" if 10 <= t < 15 else "" for t in times_s]
    moments = moments_of(_with_timeline(report, uncertain=uncertain))
    (moment,) = [m for m in moments if m.kind == "unreadable"]
    assert (moment.start_s, moment.end_s) == pytest.approx((10, 15), abs=0.2)
    assert "the face is covered" in moment.sentence


def test_excursions_of_pitch_and_level_are_moments(report: Report) -> None:
    voice = report.voice
    assert voice is not None
    assert voice.measures.f0_median_hz is not None
    times_s = voice.timeline.time_s
    inside = (times_s >= voice.segments[3].start_s) & (times_s < voice.segments[3].end_s)
    high = np.where(inside, voice.measures.f0_median_hz * 2.0, voice.timeline.f0_hz)
    loud = np.where(inside, (voice.measures.level_median_dbfs or 0) + 12, voice.timeline.level_dbfs)
    timeline = voice.timeline.model_copy(update={"f0_hz": high, "level_dbfs": loud})
    changed = report.model_copy(update={"voice": voice.model_copy(update={"timeline": timeline})})
    by_kind = {moment.kind: moment for moment in moments_of(changed)}
    assert by_kind["high_pitch"].size == pytest.approx(12, abs=0.01)
    assert by_kind["loud"].size == pytest.approx(12, abs=0.01)
    for kind in ("high_pitch", "loud"):
        assert by_kind[kind].start_s == pytest.approx(voice.segments[3].start_s, abs=0.1)
        assert by_kind[kind].person_id is None


def test_there_are_at_most_ten_and_none_is_smaller_than_its_limit(report: Report) -> None:
    times_s = report.people[0].timeline.time_s
    smile = np.where((times_s % 2) < 1, 0.8, 0.05)
    moments = moments_of(_with_timeline(report, smile=smile))
    assert len(moments) == MAX_MOMENTS
    assert all(moment.size >= LEAST[moment.kind] for moment in moments)
    assert len({moment.kind for moment in moments}) > 1, "one kind does not fill the list"


def test_what_is_missing_for_indicators_is_said_in_seconds() -> None:
    short = recording(8.0).report()
    assert all(score.score is None for score in short.indicators.scores)
    assert "20 s of speech" in short.summary.indicators
    assert "this recording has" in short.summary.indicators


@given(count=st.integers(0, 200), seconds=st.floats(30, 3600))
def test_the_interval_of_a_rate_holds_the_rate(count: int, seconds: float) -> None:
    low, high = rate_interval(count, seconds)
    assert 0 <= low <= 60 * count / seconds <= high


def test_the_interval_of_a_rate_is_that_of_poisson() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is the oracle")
    for count in (1, 5, 18, 60):
        low, high = rate_interval(count, 60.0)
        assert low == pytest.approx(stats.chi2.ppf(0.05, 2 * count) / 2, rel=0.02, abs=0.02)
        assert high == pytest.approx(stats.chi2.ppf(0.95, 2 * count + 2) / 2, rel=0.02, abs=0.02)


@given(
    chosen=st.lists(st.booleans(), min_size=1, max_size=50),
    gap_s=st.floats(0.02, 0.5),
)
def test_stretches_are_the_chosen_frames_and_no_others(chosen: list[bool], gap_s: float) -> None:
    times_s = np.arange(len(chosen)) * gap_s
    weight_s = frame_weights_s(times_s, gap_s)
    found = list(stretches(times_s, weight_s, np.array(chosen)))
    total_s = sum(end - start for start, end in found)
    assert total_s == pytest.approx(weight_s[np.array(chosen)].sum(), abs=1e-6)
    assert all(a[1] < b[0] + 1e-9 for a, b in itertools.pairwise(found))


def test_labels_are_the_most_probable_expressions(report: Report) -> None:
    timeline = report.people[0].timeline
    labels = most_probable(timeline)
    assert len(labels) == len(timeline.time_s) == len(readable_frames(timeline))
    assert timeline.probabilities is not None
    for i in (0, len(labels) // 2, len(labels) - 1):
        assert timeline.probabilities[labels[i]][i] == max(
            column[i] for column in timeline.probabilities.values()
        )
