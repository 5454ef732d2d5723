"""Many files as Python objects, one report after the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evolvisense.batch.engine import Engine, Task, map_ahead
from evolvisense.batch.inputs import InputFile, find_inputs
from evolvisense.batch.local import LocalEngine
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.stores import sha256_of
from evolvisense.errors import FileUnreadableError
from evolvisense.options import AnalysisOptions, Smoothing
from evolvisense.report import Report
from evolvisense.types.indicators import Language
from evolvisense.types.job import Failure


@dataclass(frozen=True)
class FileResult:
    """One file of `analyze_many`: it has a report or a failure."""

    name: str
    """As `find_inputs` names it."""
    uri: str
    report: Report | None
    """With empty `timings_s`."""
    failure: Failure | None
    """`code` and `detail`: why there is no report."""


def analyze_many(  # noqa: PLR0913 - the options of `analyze`, by name
    sources: str | Path | Sequence[str | Path],
    *,
    workers: int | None = None,
    engine: Engine | None = None,
    frame_skip: int = 1,
    max_frames: int | None = None,
    voice: bool = True,
    smoothing: Smoothing = "one-euro",
    language: Language = "any",
    landmarks: bool = False,
) -> Iterator[FileResult]:
    """Analyse files on all cores; results come as they are ready, few at a time in memory.

    `sources` as in `find_inputs`: folders, patterns, `@list.txt`, files, URLs of stores. A file
    that cannot be read gives a result with its failure. `engine` does the work instead of `workers`
    local processes. Nothing is kept: for thousands of files use `run_batch`, which resumes. Raises
    as `find_inputs` does and the EngineError of an installation that is not complete.
    """
    options = AnalysisOptions(frame_skip, max_frames, voice, smoothing, language, landmarks)
    given = [sources] if isinstance(sources, str | Path) else sources
    files = find_inputs([str(source) for source in given])
    return _results(files, options, engine or LocalEngine(workers))


def _results(
    files: Sequence[InputFile], options: AnalysisOptions, engine: Engine
) -> Iterator[FileResult]:
    by_name = {file.name: file for file in files}
    unreadable: list[FileResult] = []
    stopping = threading.Event()

    def identify(file: InputFile) -> str | Failure:
        try:
            return sha256_of(file.uri, stopping.is_set)
        except FileUnreadableError as error:
            return Failure(error.code, str(error))

    def tasks() -> Iterator[Task]:
        for file, found in map_ahead(identify, files, stopping):
            if isinstance(found, Failure):
                unreadable.append(FileResult(file.name, file.uri, None, found))
            else:
                yield Task(file, found, file.name, options, keep_json=True)

    for outcome in engine.run(tasks(), stop_tasks=stopping.set):
        yield _result(by_name[outcome.name], outcome)
    yield from unreadable


def _result(file: InputFile, outcome: Outcome) -> FileResult:
    json = outcome.report_json
    report = None if json is None else Report.model_validate_json(json)
    return FileResult(file.name, file.uri, report, outcome.failure)
