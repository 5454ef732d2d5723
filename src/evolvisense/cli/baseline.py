"""What `evolvisense baseline` does with a person's own recordings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from evolvisense.analyzer import Analyzer
from evolvisense.baselines import BaselineStore, StoredRecording, recording_from
from evolvisense.errors import (
    BaselineRecordingError,
    EvolviSenseError,
    FileUnreadableError,
    InputError,
)
from evolvisense.indicators import MIN_DAYS, MIN_RECORDINGS
from evolvisense.report import Report
from evolvisense.types.indicators import FEATURES

FAILED = 1
UNUSABLE = 2

_console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False)


def add(name: str, files: Sequence[Path], *, task: str | None, recorded: date | None) -> int:
    """Add files to a baseline; the exit status. One that fails does not stop the others."""
    store = BaselineStore()
    try:
        kept = store.load(name) if store.has(name) else ()
        analyzer = None if all(_is_report(path) for path in files) else Analyzer()
    except EvolviSenseError as error:
        _tell(str(error))
        return UNUSABLE
    failed = 0
    for path in files:
        try:
            report = _report(path, analyzer)
            day = recorded or _day_of(path)
            entry = recording_from(report, day, task)
            kept = store.add(name, entry)
        except InputError as error:
            failed += 1
            _tell(f"{path}: {error} ({error.code})")
        else:
            _say(f"{path}: {len(entry.values)} features of {day.isoformat()} kept")
    if kept:
        _say(_readiness(name, kept, task))
    return FAILED if failed else 0


def show(name: str) -> int:
    """Print a baseline; the exit status."""
    try:
        recordings = BaselineStore().load(name)
    except EvolviSenseError as error:
        _tell(str(error))
        return FAILED
    for task in sorted({r.task or "" for r in recordings}):
        chosen = [r for r in recordings if (r.task or "") == task]
        _say(_readiness(name, recordings, task or None))
        _say("recorded: " + ", ".join(r.recorded.isoformat() for r in chosen))
        table = Table("feature", "recordings", "mean", "lowest", "highest", box=None)
        for feature in FEATURES:
            values = [r.values[feature] for r in chosen if feature in r.values]
            if values:
                numbers = (float(np.mean(values)), min(values), max(values))
                table.add_row(feature, str(len(values)), *(f"{n:.3f}" for n in numbers))
        _console.print(table)
    return 0


def clear(name: str) -> int:
    """Delete a baseline; the exit status."""
    try:
        BaselineStore().clear(name)
    except EvolviSenseError as error:
        _tell(str(error))
        return FAILED
    _say(f"baseline '{name}' deleted")
    return 0


def _readiness(name: str, recordings: Sequence[StoredRecording], task: str | None) -> str:
    same = [r for r in recordings if r.task == task]
    days = len({r.recorded for r in same})
    what = f"baseline '{name}'" + ("" if task is None else f", task '{task}'")
    held = f"{what}: {_count(len(same), 'recording')} on {_count(days, 'day')}"
    needs = [
        _count(missing, f"more {unit}")
        for missing, unit in ((MIN_RECORDINGS - len(same), "recording"), (MIN_DAYS - days, "day"))
        if missing > 0
    ]
    return f"{held}; {' and '.join(needs)} needed before it is used" if needs else f"{held}; ready"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _is_report(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _report(path: Path, analyzer: Analyzer | None) -> Report:
    if analyzer is not None and not _is_report(path):
        with _errors.status(f"analysing {path.name}"):
            return analyzer.analyze(path)
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FileUnreadableError(str(error)) from error
    except ValidationError as error:
        raise BaselineRecordingError(
            f"not a report of this version ({error.error_count()} differences): "
            "analyse the video again"
        ) from error


def _day_of(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone().date()


def _say(text: str) -> None:
    _console.print(text, markup=False, soft_wrap=True)


def _tell(text: str) -> None:
    _errors.print(text, style="red", markup=False, soft_wrap=True)
