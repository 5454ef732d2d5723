"""Engines for batches that run in the test's own process, and what they leave on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evolvisense.batch.engine import Task
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.work import FileAnalysis


class HereEngine:
    """Analyses in this process, each content once for all its runs; `backwards` changes the order,
    `stop_after` tasks it fails as a killed machine would.
    """

    def __init__(self, analysis: FileAnalysis, memory: dict[tuple[object, ...], Outcome]) -> None:
        self._analysis, self._memory = analysis, memory
        self.backwards = False
        self.stop_after: int | None = None
        self.analysed: list[str] = []

    def run(self, tasks: Iterator[Task]) -> Iterator[Outcome]:
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
