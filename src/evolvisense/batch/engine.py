"""What does the work of a batch, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import Outcome
from evolvisense.types.options import AnalysisOptions


@dataclass(frozen=True)
class Task:
    """One file to analyse; can be pickled."""

    file: InputFile
    sha256: str
    """Of the content that was found; a file that has another one meanwhile fails."""
    key: str
    """Another one for each task of a run; the outcome has the same. See `identity.key_of`."""
    options: AnalysisOptions
    keep_json: bool = False
    """Whether the report is wanted too."""


def leave_tasks() -> None:
    """For tasks that nobody has to wait for."""


class Engine(Protocol):
    """Analyses files, several at a time."""

    def run(
        self, tasks: Iterator[Task], *, stop_tasks: Callable[[], None] = leave_tasks
    ) -> Iterator[Outcome]:
        """One outcome for each task, in whatever order they come to their end.

        A task is taken from `tasks` only when there is room for it, by one thread at a time. A file
        that fails gives an outcome with its failure; what stops all the work is raised. Closing the
        iterator breaks off what is under way. `stop_tasks` is called before anything is waited for
        then: a thread that waits in `tasks` comes back.
        """
        ...
