"""A whole batch: what is not done is analysed, then the data set is written."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from evolvisense.batch.dataset import write_dataset
from evolvisense.batch.engine import Engine
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.manifest import content_of, is_current, table_metadata, write_manifest
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.plan import Plan
from evolvisense.batch.progress import BatchListener, BatchProgress
from evolvisense.batch.staging import Staging, storing
from evolvisense.pipeline import Analyzer
from evolvisense.report.parquet import require_pyarrow
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.options import AnalysisOptions

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended."""

    out: Path
    progress: BatchProgress
    is_new: bool
    """Whether the data set was written; it was there already where nothing had changed."""


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
    written), BusyError where another run has `out`. What was finished before stays.
    """
    require_pyarrow()
    models = models_here()
    staging = Staging(out)
    with staging.opened():
        plan = Plan(files, options, models, staging, keep_json=keep_json, on_progress=on_progress)
        outcomes = cast("Generator[Outcome]", engine.run(plan.tasks()))
        with closing(outcomes), plan:
            for outcome in outcomes:
                staging.keep(outcome)
                _note(out, outcome)
                plan.take(outcome)
        if plan.unanswered:
            raise RuntimeError(f"the engine left {plan.unanswered} tasks without an outcome")
        metadata = table_metadata(options, models)
        content = content_of(plan.entries, metadata, plan.failed)
        is_new = not is_current(out, content, keep_json=keep_json)
        if is_new:
            dataset = write_dataset(plan.entries, staging, metadata, keep_json=keep_json)
            write_manifest(
                out,
                plan.entries,
                dataset,
                content=content,
                options=options,
                models=models,
                engine=type(engine).__name__,
            )
    return BatchResult(out, plan.progress, is_new)


def look_ahead(
    files: Sequence[InputFile],
    out: Path,
    options: AnalysisOptions,
    *,
    on_progress: BatchListener | None = None,
    keep_json: bool = False,
) -> tuple[list[InputFile], BatchProgress]:
    """The files that a run would analyse, and where it would stand before that.

    Reads the files that are not known yet, and writes nothing.
    """
    plan = Plan(
        files, options, models_here(), Staging(out), keep_json=keep_json, on_progress=on_progress
    )
    return [task.file for task in plan.tasks()], plan.progress


def models_here() -> tuple[ModelIdentity, ...]:
    """The models that this installation analyses with. Raises EngineError."""
    return Analyzer().models


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
    }
    with storing(), (out / LEDGER).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
