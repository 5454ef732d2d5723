"""Thresholds change what is found, and the report says which ones were used."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.report import Report
from evolvisense.report.comparability import cautions
from evolvisense.report.methods import methods_text
from evolvisense.thresholds import (
    DEFAULT_THRESHOLDS,
    BlinkOptions,
    SmoothingOptions,
    Thresholds,
    UncertaintyOptions,
    VadOptions,
)
from evolvisense.types.voice import SpeechSegment
from evolvisense.voice.measures import describe_voice
from evolvisense.voice.vad import speech_segments
from tests.factory.readings import voice_reading

SOUND = np.repeat(np.array([0.9, 0.1, 0.55, 0.4, 0.9], np.float32), 10)
"""Speech probabilities, ten steps of 0.1 s each."""


def segments(options: VadOptions) -> list[tuple[float, float]]:
    found = speech_segments(SOUND, 0.1, 0.0, options)
    return [(round(s.start_s, 3), round(s.end_s, 3)) for s in found]


def test_onset_offset_and_minimum_durations() -> None:
    assert segments(VadOptions()) == [(0, 1), (2, 5)]
    assert segments(VadOptions(offset=0.45)) == [(0, 1), (2, 3), (4, 5)]
    assert segments(VadOptions(onset=0.6)) == [(0, 1), (4, 5)]
    assert segments(VadOptions(min_pause_s=1.5)) == [(0, 5)]
    assert segments(VadOptions(min_speech_s=2)) == [(2, 5)]


def test_what_counts_as_a_long_pause() -> None:
    reading = voice_reading(0.0, 8.0, [(0, 2), (2.6, 5), (7, 8)])
    speech = (SpeechSegment(0, 2), SpeechSegment(2.6, 5), SpeechSegment(7, 8))
    for long_pause_s, share in ((1.0, 0.5), (0.5, 1.0), (3.0, 0.0)):
        marks = type("Marks", (), {"pts_s": np.zeros(0), "amplitude": np.zeros(0)})()
        found = describe_voice(
            reading.frames, marks, speech, np.zeros(0), 8.0, long_pause_s=long_pause_s
        )
        assert found.long_pause_share == share


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (VadOptions, {"onset": 1.1}),
        (VadOptions, {"offset": 0.6}),
        (VadOptions, {"min_pause_s": -0.1}),
        (UncertaintyOptions, {"min_presence": float("nan")}),
        (UncertaintyOptions, {"max_yaw_deg": -1.0}),
        (SmoothingOptions, {"min_cutoff_hz": 0.0}),
        (BlinkOptions, {"max_duration_s": float("inf")}),
    ],
)
def test_values_out_of_range_are_named(options: type, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        options(**wrong)


def test_a_report_says_which_thresholds_were_used(face_video: Path, analyzer: Analyzer) -> None:
    mine = Thresholds(
        vad=VadOptions(min_pause_s=0.3), uncertainty=UncertaintyOptions(min_size_px=10_000)
    )
    options = AnalysisOptions(frame_skip=25)
    changed = Analyzer(thresholds=mine).analyze(face_video, options)
    usual = analyzer.analyze(face_video, options)
    assert changed.options.thresholds == mine
    assert usual.options.thresholds == DEFAULT_THRESHOLDS
    assert set(changed.people[0].timeline.uncertain) == {"small"}
    assert "small" not in usual.people[0].timeline.uncertain
    assert "at least 0.3 s" in methods_text(changed)
    (caution,) = (c for c in cautions(usual, changed) if c.code == "other_options")
    assert "vad.min_pause_s 0.2 and 0.3" in caution.message
    again = Report.model_validate_json(changed.model_dump_json())
    assert again.options.thresholds == mine
    older = changed.model_dump(mode="json")
    del older["options"]["thresholds"]
    assert Report.model_validate(older).options.thresholds is None


def test_blinks_may_be_given_alone() -> None:
    blinks = BlinkOptions(min_closure=0.5)
    analyzer = Analyzer(blinks=blinks, voice_emotion=None)
    assert analyzer.thresholds == replace(DEFAULT_THRESHOLDS, blinks=blinks)
    assert asdict(analyzer.thresholds)["blinks"]["min_closure"] == 0.5
