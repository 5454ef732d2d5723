"""What works on a node of a Ray cluster: the same process in a sandbox as on one machine.

Ray itself is not imported here: `ray_engine` makes an actor of `NodeWorker`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from evolvisense.batch.engine import Task
from evolvisense.batch.local import LocalWorker, WorkerRules
from evolvisense.batch.outcome import Outcome
from evolvisense.batch.plan import deciding_versions
from evolvisense.errors import CancelledError, EngineError, EvolviSenseError, StorageFullError


@dataclass(frozen=True)
class WorkerFailure:
    """Why a node cannot go on. Ray would wrap an exception, or fail to send it."""

    text: str
    is_disk_full: bool = False

    def error(self, place: str) -> EvolviSenseError:
        """As an exception that names the place."""
        kind = StorageFullError if self.is_disk_full else EngineError
        return kind(f"{place}: {self.text}")


class NodeWorker:
    """Analyses one task after the other; `stop` may be called meanwhile by another thread."""

    def __init__(self, rules: WorkerRules, environment: Mapping[str, str]) -> None:
        """`environment` is added to that of the process that analyses."""
        os.environ.update(environment)
        self._stopping = threading.Event()
        self._folder = OwnFolder()
        self._worker = LocalWorker(
            "batch-ray", self._folder.path, rules, is_cancelled=self._stopping.is_set
        )

    def versions(self) -> dict[str, str]:
        """As `deciding_versions` here."""
        return deciding_versions()

    def analyse(self, task: Task) -> Outcome | WorkerFailure:
        """The outcome of a task, or what stops all tasks on this node."""
        try:
            return self._worker.analyse(task)
        except CancelledError:
            return WorkerFailure("the work was stopped")
        except EvolviSenseError as error:
            return WorkerFailure(str(error), is_disk_full=isinstance(error, StorageFullError))

    def stop(self) -> None:
        """Break off what is under way."""
        self._stopping.set()

    def close(self) -> None:
        """End the process and delete its files; after the last task."""
        self._worker.close()
        self._folder.delete()


class OwnFolder:
    """A temporary folder; if its process is killed, the next one on this machine deletes it.

    It holds media that were fetched from a store, which must not outlive the work on them.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or Path(tempfile.gettempdir(), f"evolvisense-ray-{os.getuid()}")
        self._root.mkdir(mode=0o700, exist_ok=True)
        if self._root.is_symlink() or self._root.stat().st_uid != os.getuid():
            raise EngineError(f"{self._root} belongs to somebody else")
        with (self._root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for other in self._root.iterdir():
                _delete_if_left(other)
            self.path = Path(tempfile.mkdtemp(dir=self._root))
            self._held = _hold(self.path)

    def delete(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._held is not None:
            self._held.close()


def _hold(folder: Path) -> TextIO | None:
    """Mark a folder as used while the file stays open; None where another process uses it."""
    mark = (folder / "used").open("w")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        mark.close()
        return None
    return mark


def _delete_if_left(folder: Path) -> None:
    if not folder.is_dir():
        return
    mark = _hold(folder)
    if mark is not None:
        with mark:
            shutil.rmtree(folder, ignore_errors=True)
