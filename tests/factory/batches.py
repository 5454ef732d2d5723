"""Engines for batches that run in the test's own process, and what they leave on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evolvisense.batch import BatchResult, find_inputs, run_batch
from evolvisense.batch.engine import Task, leave_tasks
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.work import FileAnalysis
from evolvisense.options import AnalysisOptions

OPTIONS = AnalysisOptions(frame_skip=10)


class HereEngine:
    """Analyses in this process, each content once for all its runs; `backwards` changes the order,
    `stop_after` tasks it fails as a killed machine would.
    """

    def __init__(self, analysis: FileAnalysis, memory: dict[tuple[object, ...], Outcome]) -> None:
        self._analysis, self._memory = analysis, memory
        self.backwards = False
        self.stop_after: int | None = None
        self.analysed: list[str] = []

    def run(
        self, tasks: Iterator[Task], *, stop_tasks: Callable[[], None] = leave_tasks
    ) -> Iterator[Outcome]:
        given = list(tasks)[::-1] if self.backwards else tasks
        for task in given:
            if len(self.analysed) == self.stop_after:
                raise KeyboardInterrupt
            self.analysed.append(task.file.name)
            yield self._outcome(task)

    def _outcome(self, task: Task) -> Outcome:
        memory = (task.sha256, task.options, task.keep_json)
        if memory not in self._memory:
            outcome = self._analysis(task)
            if outcome.failure is not None:
                return outcome
            self._memory[memory] = outcome
        return replace(self._memory[memory], key=task.key, name=task.file.name)


def parquet_bytes(out: Path) -> dict[str, bytes]:
    """Content of every Parquet file of a data set."""
    found = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.parquet")}
    assert found
    return found


NewEngine = Callable[[], HereEngine]


def go(corpus: Path, out: Path, engine: HereEngine, **options: Any) -> BatchResult:
    """A batch of all files of a folder."""
    return run_batch(find_inputs([str(corpus)]), out, OPTIONS, engine, **options)


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    """Of the first part of a table."""
    return pq.read_table(out / table / "part-00000.parquet").to_pylist()
