"""What of a report is kept, and how a report differs from what was kept."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from evolvisense.baselines import StoredRecording, change_of, extractors_of, recording_from
from evolvisense.errors import BaselineTaskError
from evolvisense.indicators import load_reference
from evolvisense.indicators.baseline import RELIABLE_CHANGE, personal_norm
from evolvisense.report import Report
from tests.factory.faces import Painted
from tests.factory.features import STANDS_ON_S, with_features
from tests.factory.flow import analyze_painted

PITCHES = (2.0, 3.0, 4.0)


@pytest.fixture(scope="module")
def report() -> Report:
    return analyze_painted([(i / 25, [Painted(80, 100)]) for i in range(5)])


def kept(report: Report, day: int, task: str | None = None, **values: float) -> StoredRecording:
    return recording_from(with_features(report, **values), date(2026, 3, day), task)


def recordings(report: Report) -> list[StoredRecording]:
    return [kept(report, day, f0_sd_st=pitch) for day, pitch in enumerate(PITCHES, start=1)]


def test_what_is_kept(report: Report) -> None:
    entry = kept(report, 3, "diary", f0_sd_st=2.0, pause_share=0.25)
    assert entry.to_json() == {
        "recorded": "2026-03-03",
        "task": "diary",
        "values": {"f0_sd_st": 2.0, "pause_share": 0.25},
        "extractors": {model.id: model.version for model in report.models},
    }


@pytest.mark.parametrize("side", [-1, 1])
def test_a_change_is_reliable_from_its_standard_error_on(report: Report, side: int) -> None:
    norm = personal_norm(np.array(PITCHES), load_reference("any").norms["f0_sd_st"])
    error = (norm.sd**2 + norm.measurement_sd(STANDS_ON_S) ** 2) ** 0.5
    for share, is_reliable in ((0.99, False), (1.01, True)):
        value = norm.mean + side * share * RELIABLE_CHANGE * error
        part = change_of(with_features(report, f0_sd_st=value), recordings(report))
        (change,) = part.changes
        assert change.is_reliable is is_reliable
        assert change.baseline_mean == pytest.approx(norm.mean, abs=1e-4)
        assert change.change == pytest.approx(value - norm.mean, abs=1e-3)


def test_the_recording_itself_is_left_out(report: Report) -> None:
    among = recordings(report)
    itself = with_features(report, f0_sd_st=9.0)
    alone = change_of(itself, among)
    assert change_of(itself, [*among, kept(report, 4, f0_sd_st=9.0)]) == alone
    assert change_of(itself, [*among, kept(report, 4, f0_sd_st=9.1)]) != alone


def test_values_of_other_extractors_are_left_out(report: Report) -> None:
    among = recordings(report)
    name = next(iter(extractors_of(report)))
    models = [
        model.model_copy(update={"version": "99"}) if model.id == name else model
        for model in report.models
    ]
    newer = with_features(report.model_copy(update={"models": models}), f0_sd_st=9.0)
    part = change_of(newer, among)
    assert (part.recordings, part.missing_recordings, part.changes) == (0, 3, [])


def test_tasks_are_kept_apart(report: Report) -> None:
    among = [*recordings(report), kept(report, 5, "phone", f0_sd_st=7.0)]
    itself = with_features(report, f0_sd_st=9.0)
    with pytest.raises(BaselineTaskError, match="several tasks"):
        change_of(itself, among)
    assert change_of(itself, among, "phone").recordings == 1
    assert change_of(itself, among, "") == change_of(itself, recordings(report))
