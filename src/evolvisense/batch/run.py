"""A whole batch: what is not done is analysed, then the data set is written."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from evolvisense.analyzer import Analyzer
from evolvisense.batch.dataset import write_dataset
from evolvisense.batch.engine import BatchListener, BatchProgress, Engine
from evolvisense.batch.inputs import InputFile, report_paths
from evolvisense.batch.manifest import Contents, is_current, table_metadata, write_manifest
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.plan import Plan
from evolvisense.batch.staging import JSON_FOLDER, LEDGER, Staging, require_room, storing
from evolvisense.options import AnalysisOptions
from evolvisense.report.tables import require_pyarrow
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.job import Failure


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended."""

    out: Path
    progress: BatchProgress
    is_new: bool
    """Whether the data set was written; it was there already where nothing had changed."""


@dataclass(frozen=True)
class LookAhead:
    """What a batch would do."""

    wanted: tuple[InputFile, ...]
    """To be analysed: one file of each content that is not done."""
    failures: Mapping[str, Failure]
    """Name of each file that cannot be read now, or could not be analysed before -> why."""
    progress: BatchProgress
    """Where the run would stand before its first analysis."""


def run_batch(
    files: Sequence[InputFile],
    out: Path,
    options: AnalysisOptions,
    engine: Engine,
    *,
    on_progress: BatchListener | None = None,
    keep_json: bool = False,
) -> BatchResult:
    """Analyse the files and write the data set to `out`; a second run goes on where one stopped.

    A file that cannot be analysed is a row of `failures`. Raises what stops everything:
    FormatUnavailableError without pyarrow, EngineError, StorageError (the disk, full or not to be
    written), BusyError where another run has `out`, InvalidOptionError where files lie in `out`
    that no run has written, or reports that this run would not bring up to date. What was finished
    before stays.
    """
    require_pyarrow()
    models = models_here()
    staging = Staging(out)
    require_room(staging, keep_json=keep_json)
    with staging.opened():
        plan = Plan(files, options, models, staging, keep_json=keep_json, on_progress=on_progress)
        given = engine.run(plan.tasks(), stop_tasks=plan.stop)
        outcomes = cast("Generator[Outcome]", given)
        with closing(outcomes):
            for outcome in outcomes:
                staging.keep(outcome)
                _note(out, outcome)
                plan.take(outcome)
        if plan.unanswered:
            raise RuntimeError(f"the engine left {plan.unanswered} tasks without an outcome")
        contents = Contents(
            plan.entries, plan.failures, _reports(plan) if keep_json else {}, options, models
        )
        is_new = not is_current(out, contents)
        if is_new:
            metadata = table_metadata(options, models)
            dataset = write_dataset(plan.entries, staging, metadata, contents.reports)
            write_manifest(out, contents, dataset, engine=type(engine).__name__)
    return BatchResult(out, plan.progress, is_new)


def look_ahead(
    files: Sequence[InputFile],
    out: Path,
    options: AnalysisOptions,
    *,
    on_progress: BatchListener | None = None,
    keep_json: bool = False,
) -> LookAhead:
    """What a run would do. Reads the files that are not known yet, and writes nothing.

    Raises InvalidOptionError as `run_batch` does.
    """
    staging = Staging(out)
    require_room(staging, keep_json=keep_json)
    plan = Plan(
        files, options, models_here(), staging, keep_json=keep_json, on_progress=on_progress
    )
    wanted = tuple(task.file for task in plan.tasks())
    return LookAhead(wanted, plan.failures, plan.progress)


def models_here() -> tuple[ModelIdentity, ...]:
    """The models that this installation analyses with. Raises EngineError."""
    return Analyzer().models


def _reports(plan: Plan) -> dict[str, str]:
    """Name of each file that has a report -> where that is to be."""
    names = [e.file.name for e in plan.entries if e.file.name not in plan.failures]
    return {name: f"{JSON_FOLDER}/{path}" for name, path in report_paths(names).items()}


def _note(out: Path, outcome: Outcome) -> None:
    """When and how long a file was worked on: a line that no table depends on."""
    line = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "file": outcome.name,
        "key": outcome.key,
        "failure": None if outcome.failure is None else outcome.failure.code,
        "seconds": round(outcome.seconds, 3),
        "media_s": round(outcome.media_s, 3),
        "provider": outcome.provider,
        "host": outcome.host,
    }
    with storing(), (out / LEDGER).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
