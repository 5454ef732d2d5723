"""Workers of a cluster without models: what the file says is what happens.

`alone` waits until as many workers are there as its second word says, `deadly` ends the process of
the worker, `full` is a node whose disk is full, `blind` one that does not see the file, `long` goes
on until it is stopped.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from evolvisense.batch.engine import Task
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.work import failed
from evolvisense.ray.actor import NodeWorker, WorkerFailure
from evolvisense.types.job import Failure
from tests.factory.patience import PATIENCE_S


class ScriptedWorker(NodeWorker):
    """Notes beside the file who tried it; the failure's text is the worker's process id."""

    def analyse(self, task: Task) -> Outcome | WorkerFailure:
        path = Path(task.file.uri)
        with path.with_suffix(".tries").open("a") as tries:
            tries.write(f"{os.getpid()}\n")
        code = "not_a_video"
        match path.read_text().split():
            case ["deadly"]:
                os._exit(1)
            case ["full"]:
                return WorkerFailure("the disk is full", is_disk_full=True)
            case ["blind"]:
                code = "file_unreadable"
            case ["long"]:
                while not self._stopping.is_set():
                    time.sleep(0.05)
                return WorkerFailure("the work was stopped")
            case ["alone", count]:
                _wait_for(path.parent / "workers", int(count))
            case _:
                pass
        return failed(task, Failure(code, str(os.getpid())))


class OtherVersions(ScriptedWorker):
    """On a node where another PyAV is installed."""

    def versions(self) -> dict[str, str]:
        return super().versions() | {"av": "1.0"}


def _wait_for(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / str(os.getpid())).touch()
    end_s = time.monotonic() + PATIENCE_S
    while len(list(folder.iterdir())) < count and time.monotonic() < end_s:
        time.sleep(0.05)
