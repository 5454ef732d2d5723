"""Indicators over windows of a long recording: the same code on a part of the same evidence."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evolvisense.indicators.windows import plan_windows
from evolvisense.types.indicators import Indicator
from evolvisense.types.media import MediaExtent
from evolvisense.types.voice import SpeechSegment
from evolvisense.voice.reading import voice_excerpt
from tests.factory.long_report import recording


def scores(indicators: Sequence[Indicator]) -> dict[str, float | None]:
    return {indicator.name: indicator.score for indicator in indicators}


@pytest.mark.parametrize(
    ("duration_s", "starts_s"),
    [
        (119.9, []),
        (120.0, [0, 30, 60]),
        (149.9, [0, 30, 60]),
        (150.0, [0, 30, 60, 90]),
    ],
)
def test_windows_of_a_minute_begin_every_half_minute(
    duration_s: float, starts_s: Sequence[float]
) -> None:
    windows = plan_windows(MediaExtent(7.0, 7.0 + duration_s))
    assert [(w.start_s, w.end_s) for w in windows] == [(7 + s, 67 + s) for s in starts_s]


def test_each_window_has_scores_of_its_own() -> None:
    found = recording(150.0)
    windows = found.windows()
    assert len(windows) == 4
    for window in windows:
        assert set(scores(window.indicators)) == set(scores(found.indicators().indicators))
        assert None not in scores(window.indicators).values()
        assert None not in {indicator.interval for indicator in window.indicators}
    assert len({window.indicators[0].score for window in windows}) == 4


def test_a_window_has_the_scores_of_that_minute_recorded_alone() -> None:
    first = recording(150.0).windows()[0]
    assert scores(first.indicators) == pytest.approx(
        scores(recording(60.0).indicators().indicators), abs=0.5
    )


def test_a_window_of_silence_without_a_face_cannot_tell() -> None:
    windows = recording(180.0, away=MediaExtent(60.0, 120.0)).windows()
    before, gone = windows[0], windows[2]
    assert (gone.start_s, gone.end_s) == (60, 120)
    assert set(scores(gone.indicators).values()) == {None}
    assert {i.no_score_reason for i in gone.indicators} == {"too_little_evidence"}
    reasons = {c.feature: c.missing_reason for c in gone.indicators[0].contributions}
    assert reasons["head_speed_log_deg_s"] == "no_face"
    assert reasons["syllable_rate_hz"] == "too_little_speech"
    assert None not in scores(before.indicators).values()


def test_speech_is_cut_at_the_edges_of_a_window() -> None:
    found = recording(150.0)
    excerpt = voice_excerpt(found.voice, MediaExtent(30.0, 90.0))
    assert excerpt.segments[0] == SpeechSegment(30.0, 31.0)
    assert excerpt.segments[-1] == SpeechSegment(88.0, 90.0)
    assert excerpt.features.speech_s == pytest.approx(45.0)
    assert excerpt.features.duration_s == 60.0
    assert excerpt.quality == found.voice.quality
    assert excerpt.timeline.pts_s[0] >= 30.0 - 1e-6
    assert ((excerpt.syllable_s >= 30.0) & (excerpt.syllable_s < 90.0)).all()


@pytest.mark.parametrize("shift_s", [0.001, 1234.567, 1e5])
def test_shifting_the_clock_shifts_the_windows_and_nothing_else(shift_s: float) -> None:
    still, moved = recording(125.0).windows(), recording(125.0, shift_s).windows()
    assert [w.start_s for w in moved] == pytest.approx([w.start_s + shift_s for w in still])
    for one, other in zip(still, moved, strict=True):
        assert scores(one.indicators) == pytest.approx(scores(other.indicators), abs=1e-6)
        for a, b in zip(one.indicators, other.indicators, strict=True):
            # A sound on the edge of two blocks belongs to either.
            assert a.interval == pytest.approx(b.interval, abs=0.05)
