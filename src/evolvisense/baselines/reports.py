"""Reports and baselines: what of a report is kept, and how a report differs from what was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from evolvisense.baselines.records import StoredRecording, baseline_of
from evolvisense.report import Report
from evolvisense.report.indicator_parts import BaselinePart
from evolvisense.report.indicators import baseline_part
from evolvisense.scoring import changes, load_reference, personal_norms
from evolvisense.types.indicators import Feature, Measured


def recording_from(report: Report, recorded: date, task: str | None) -> StoredRecording:
    """What is kept of a report; without values where no feature passed its gates."""
    return StoredRecording(recorded, task, features_of(report), extractors_of(report))


def features_of(report: Report) -> Mapping[Feature, float]:
    """Values of the features that passed their gates."""
    return {f.name: f.value for f in report.indicators.features if f.value is not None}


def extractors_of(report: Report) -> Mapping[str, str]:
    """Model id -> version of everything that took part."""
    return {model.id: model.version for model in report.models}


def change_of(
    report: Report, recordings: Sequence[StoredRecording], task: str | None = None
) -> BaselinePart:
    """The recording of a report against the other recordings of a baseline.

    Itself is left out where it is among them, for it would draw the mean towards its own values.
    Raises BaselineTaskError.
    """
    baseline = baseline_of(
        recordings, task=task, extractors=extractors_of(report), without=features_of(report)
    )
    measured: dict[Feature, Measured] = {
        part.name: Measured(part.value, np.empty(0), part.stands_on_s)
        for part in report.indicators.features
        if part.value is not None and part.stands_on_s is not None
    }
    norms = personal_norms(baseline, load_reference(report.indicators.language))
    return baseline_part(baseline.use(changes(measured, norms)))
