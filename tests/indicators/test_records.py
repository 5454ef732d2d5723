"""Recordings of a personal baseline: which are compared with."""

from __future__ import annotations

from datetime import date

import pytest

from evolvisense.baselines import StoredRecording, baseline_of, recording_of
from evolvisense.errors import BaselineTaskError


def recording(
    day: int, task: str | None = None, version: str = "1", **values: float
) -> StoredRecording:
    found = values or {"f0_sd_st": float(day)}
    return StoredRecording(date(2026, 3, day), task, found, {"swift-f0": version})  # type: ignore[arg-type]


def test_values_and_days_are_gathered() -> None:
    stored = [
        recording(1, f0_sd_st=2.0, syllable_rate_hz=4.0),
        recording(1, f0_sd_st=3.0),
        recording(4, f0_sd_st=2.5, syllable_rate_hz=5.0),
    ]
    found = baseline_of(stored)
    assert (found.recordings, found.days) == (3, 2)
    assert set(found.values) == {"f0_sd_st", "syllable_rate_hz"}
    assert found.values["f0_sd_st"].tolist() == [2.0, 3.0, 2.5]
    assert found.values["syllable_rate_hz"].tolist() == [4.0, 5.0]


def test_nothing_stored_is_an_empty_baseline() -> None:
    found = baseline_of([])
    assert (found.recordings, found.days, dict(found.values)) == (0, 0, {})


def test_only_one_task_is_compared_with() -> None:
    stored = [recording(1, "diary"), recording(2, "diary"), recording(3, "interview")]
    assert baseline_of(stored, task="diary").recordings == 2
    assert baseline_of(stored[:2]).recordings == 2
    with pytest.raises(BaselineTaskError, match="'diary', 'interview'"):
        baseline_of(stored)
    with pytest.raises(BaselineTaskError, match="no task 'song', only 'diary', 'interview'"):
        baseline_of(stored, task="song")


def test_recordings_without_a_task_are_a_task_of_their_own() -> None:
    stored = [recording(1), recording(2, "diary")]
    with pytest.raises(BaselineTaskError):
        baseline_of(stored)
    assert baseline_of(stored, task="").recordings == 1


def test_other_versions_of_an_extractor_are_left_out() -> None:
    stored = [recording(1), recording(2, version="2"), recording(3)]
    assert baseline_of(stored).recordings == 3
    assert baseline_of(stored, extractors={"swift-f0": "1"}).recordings == 2
    assert baseline_of(stored, extractors={"new": "1", "swift-f0": "2"}).recordings == 1


def test_json_and_back() -> None:
    stored = recording(5, "diary", f0_sd_st=2.5, pause_share=0.25)
    assert recording_of(stored.to_json()) == stored


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"recorded": "yesterday"}, "isoformat"),
        ({"recorded": None}, "expected a date"),
        ({"task": 3}, "expected a text"),
        ({"values": [1]}, "expected names with values"),
        ({"values": {"loudness": 1.0}}, "no feature 'loudness'"),
        ({"values": {"f0_sd_st": "2"}}, "should be a number"),
        ({"values": {"f0_sd_st": True}}, "should be a number"),
        ({"values": {"f0_sd_st": float("nan")}}, "should be a number"),
        ({"extractors": {"swift-f0": 1}}, "should be a version"),
        ({"extractors": None}, "expected names with values"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(change: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        recording_of({**recording(1).to_json(), **change})


def test_an_entry_that_is_no_mapping() -> None:
    with pytest.raises(ValueError, match="a recording"):
        recording_of(["2026-03-01"])
