"""What is kept of a recording: its day, its task, its feature values, the extractors' versions.

No media, no file name, no scores.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import numpy as np

from evolvisense.errors import BaselineTaskError
from evolvisense.scoring import Baseline
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import FEATURES, Feature


@dataclass(frozen=True)
class StoredRecording:
    """One recording of a personal baseline."""

    recorded: date
    task: str | None
    """What was done and with which device, in the person's own words; only recordings with the
    same label are compared."""
    values: Mapping[Feature, float]
    """Of the features that passed their gates."""
    extractors: Mapping[str, str]
    """Model id -> version: values of different extractors are not comparable."""

    def is_same_as(self, values: Mapping[Feature, float]) -> bool:
        """Whether these are the values of this very recording."""
        return dict(self.values) == dict(values)

    def to_json(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {
            "recorded": self.recorded.isoformat(),
            "task": self.task,
            "values": dict(sorted(self.values.items())),
            "extractors": dict(sorted(self.extractors.items())),
        }


def recording_of(entry: object) -> StoredRecording:
    """A recording as it stands in a file. Raises ValueError, saying what is wrong with it."""
    fields = _mapping("a recording", entry)
    recorded, task = fields.get("recorded"), fields.get("task")
    if not isinstance(recorded, str):
        raise ValueError(f"recorded: expected a date, got {recorded!r}")
    if not (task is None or isinstance(task, str)):
        raise ValueError(f"task: expected a text or null, got {task!r}")
    values: dict[Feature, float] = {}
    for name, value in _mapping("values", fields.get("values")).items():
        if name not in FEATURES:
            raise ValueError(f"values: there is no feature '{name}'")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value):
            raise ValueError(f"values: {name} should be a number, got {value!r}")
        values[name] = float(value)
    extractors: dict[str, str] = {}
    for name, version in _mapping("extractors", fields.get("extractors")).items():
        if not isinstance(version, str):
            raise ValueError(f"extractors: {name} should be a version, got {version!r}")
        extractors[name] = version
    return StoredRecording(date.fromisoformat(recorded), task, values, extractors)


def baseline_of(
    recordings: Sequence[StoredRecording],
    *,
    task: str | None = None,
    extractors: Mapping[str, str] | None = None,
    without: Mapping[Feature, float] | None = None,
) -> Baseline:
    """The recordings of one task, ready to be compared with.

    Without `task` all of them must carry the same label, or none. Recordings made with another
    version of one of the `extractors` are left out, and so is the one with the values `without`.
    Raises BaselineTaskError.
    """
    labels = sorted({r.task or "" for r in recordings})
    if task is None and len(labels) > 1:
        raise BaselineTaskError(f"the baseline has several tasks, name one of {_quoted(labels)}")
    if task is not None and task not in labels:
        raise BaselineTaskError(f"the baseline has no task '{task}', only {_quoted(labels)}")
    chosen = [
        r
        for r in recordings
        if (task is None or (r.task or "") == task)
        and all(r.extractors.get(name, v) == v for name, v in (extractors or {}).items())
        and not (without and r.is_same_as(without))
    ]
    values: dict[Feature, F64] = {}
    for feature in FEATURES:
        if numbers := [r.values[feature] for r in chosen if feature in r.values]:
            values[feature] = np.array(numbers, np.float64)
    return Baseline(len(chosen), len({r.recorded for r in chosen}), values)


def _mapping(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected names with values, got {value!r}")
    return cast("dict[str, Any]", value)


def _quoted(labels: Sequence[str]) -> str:
    return ", ".join(f"'{label}'" for label in labels)
