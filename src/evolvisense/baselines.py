"""Personal baselines: recordings of one person to compare with, kept on this machine.

Kept of a recording: its day, its task, its feature values, the versions of what computed them. No
media, no file name, no scores.

    report --recording_from--> StoredRecording --BaselineStore.add--> one JSON file per name
    stored recordings --baseline_of--> Baseline --> Analyzer.analyze(..., baseline=...)

Files lie in `EVOLVISENSE_HOME`/baselines, by default `~/.local/share/evolvisense/baselines`, and
only their owner can read them.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import numpy as np

from evolvisense.atomic_file import atomic_write
from evolvisense.errors import (
    BaselineCorruptError,
    BaselineNameError,
    BaselineNotFoundError,
    BaselineRecordingError,
    BaselineTaskError,
)
from evolvisense.indicators import Baseline, changes, load_reference, personal_norms
from evolvisense.report import Report
from evolvisense.report.indicator_parts import BaselinePart
from evolvisense.report.indicators import baseline_part
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import FEATURES, Feature, Measured


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


FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
OWNER_ONLY = 0o600
OWNER_ONLY_DIR = 0o700
MOST_RECORDINGS = 1000
"""A baseline goes along with every analysis that is compared with it."""


def home_dir() -> Path:
    """Directory of what belongs to the person who uses this machine."""
    configured = os.environ.get("EVOLVISENSE_HOME")
    if configured:
        return Path(configured)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "evolvisense"


class BaselineStore:
    """Personal baselines in one folder; safe across threads and processes.

    Every method raises BaselineNameError on a bad name.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or home_dir() / "baselines"

    def names(self) -> tuple[str, ...]:
        """The baselines there are."""
        if not self.directory.is_dir():
            return ()
        return tuple(
            sorted(p.stem for p in self.directory.glob("*.json") if NAME.fullmatch(p.stem))
        )

    def has(self, name: str) -> bool:
        """Whether there is a baseline of that name."""
        return self._path(name).is_file()

    def load(self, name: str) -> tuple[StoredRecording, ...]:
        """All recordings of a baseline, oldest first.

        Raises BaselineNotFoundError or BaselineCorruptError.
        """
        path = self._path(name)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise BaselineNotFoundError(
                f"there is no baseline '{name}' in {self.directory}: "
                f"begin one with `evolvisense baseline add {name} VIDEO`"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise _corrupt(path, name, str(error)) from error
        try:
            return tuple(sorted(_recordings(text), key=lambda r: r.recorded))
        except ValueError as error:
            raise _corrupt(path, name, str(error)) from error

    def add(self, name: str, recording: StoredRecording) -> tuple[StoredRecording, ...]:
        """Add a recording, beginning the baseline where there is none; all recordings.

        Raises BaselineRecordingError or BaselineCorruptError.
        """
        path = self._path(name)
        if not recording.values:
            raise BaselineRecordingError(
                "no feature of the recording passes its gates, there is nothing to keep: "
                "the report says why for each"
            )
        with self._alone():
            before = self.load(name) if path.is_file() else ()
            if any(r.is_same_as(recording.values) for r in before):
                raise BaselineRecordingError(f"the recording is in baseline '{name}' already")
            if len(before) >= MOST_RECORDINGS:
                raise BaselineRecordingError(
                    f"baseline '{name}' holds {MOST_RECORDINGS} recordings, which is the most: "
                    "begin another one"
                )
            after = tuple(sorted((*before, recording), key=lambda r: r.recorded))
            self._write(path, name, after)
        return after

    def clear(self, name: str) -> None:
        """Delete a baseline, whatever its file holds. Raises BaselineNotFoundError."""
        path = self._path(name)
        with self._alone():
            for part in self.directory.glob(f".{name}.*.part"):
                part.unlink(missing_ok=True)
            try:
                path.unlink()
            except FileNotFoundError:
                raise BaselineNotFoundError(
                    f"there is no baseline '{name}' in {self.directory}"
                ) from None

    def _write(self, path: Path, name: str, recordings: tuple[StoredRecording, ...]) -> None:
        document = {
            "format": FORMAT,
            "name": name,
            "recordings": [recording.to_json() for recording in recordings],
        }
        with atomic_write(path, mode=OWNER_ONLY, durable=True) as file:
            file.write(json.dumps(document, indent=1).encode())

    @contextmanager
    def _alone(self) -> Generator[None]:
        """The folder, made where there is none, with the right to change it held alone."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_DIR)
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise BaselineNameError(
                f"'{name}' is no name for a baseline: letters A-Z, digits, - and _, "
                "64 at most, the first one a letter or a digit"
            )
        return self.directory / f"{name}.json"


def _recordings(text: str) -> list[StoredRecording]:
    """Raises ValueError; JSONDecodeError is one."""
    document: object = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("not a baseline")
    fields = cast("dict[str, Any]", document)
    if fields.get("format") != FORMAT:
        raise ValueError(f"format {fields.get('format')!r}, this version reads {FORMAT}")
    entries: object = fields.get("recordings")
    if not isinstance(entries, list):
        raise ValueError("it has no list of recordings")
    return [recording_of(entry) for entry in cast("list[object]", entries)]


def _corrupt(path: Path, name: str, what: str) -> BaselineCorruptError:
    return BaselineCorruptError(
        f"{path} cannot be read as a baseline ({what}); "
        f"`evolvisense baseline clear {name}` deletes it"
    )
