"""The analysis of one file of a batch; the same code in a local worker process and on a cluster.

In a worker process `serve` runs inside a sandbox: it sends `ready` once its models are loaded, or
`broken`. The files of a task are the media and an empty file, to which the packed outcome is
written; the result message is empty.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from evolvisense.analyzer import Analyzer
from evolvisense.batch.engine import Task
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.outcome import Outcome, analysis_tables, failure_tables
from evolvisense.batch.stores import local_copy, sha256_of
from evolvisense.errors import (
    EvolviSenseError,
    FileUnreadableError,
    InputError,
    StorageFullError,
    is_disk_full,
)
from evolvisense.media import DescriptorFile, MediaLimits, descriptor_path
from evolvisense.models.sessions import chosen_provider
from evolvisense.options import AnalysisOptions
from evolvisense.report import Report, to_json
from evolvisense.sandbox import ChildChannel
from evolvisense.sandbox import Task as SandboxTask
from evolvisense.service.queue.messages import INTERNAL_ERROR, STORAGE_FULL
from evolvisense.service.queue.worker import LIMIT_TEXTS
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.job import Failure
from evolvisense.types.progress import ProgressListener

PULSE_S = 1.0


def serve(channel: ChildChannel) -> None:
    """Analyse until the parent closes the channel."""
    try:
        analysis = FileAnalysis()
    except EvolviSenseError as error:
        channel.event({"event": "broken", "detail": str(error)})
        return
    channel.event({"event": "ready"})
    for task in channel.tasks():
        try:
            outcome = analysis(_task(task), is_cancelled=_ProgressReporter(channel, task))
            DescriptorFile(task.files[1]).write(outcome.pack())
            channel.result({})
        except EvolviSenseError as error:
            channel.error(error.code, str(error))
        except OSError as error:
            if not is_disk_full(error):
                raise
            channel.error(STORAGE_FULL, "the disk is full")


def _task(task: SandboxTask) -> Task:
    told = task.message
    return Task(
        file=replace(InputFile(**told["file"]), uri=str(descriptor_path(task.files[0]))),
        sha256=told["sha256"],
        key=told["key"],
        options=AnalysisOptions(**told["options"]),
        keep_json=told["keep_json"],
    )


class _ProgressReporter:
    """Asked for every frame and block of sound; lets the parent know now and then."""

    def __init__(self, channel: ChildChannel, task: SandboxTask) -> None:
        self._channel, self._task = channel, task
        self._told_s = time.monotonic()

    def __call__(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._told_s >= PULSE_S:
            self._told_s = now_s
            self._channel.event({"event": "pulse"})
        return self._task.is_cancelled()


THREADS: Mapping[str, str] = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"), "1"
)
"""Environment of a process that analyses: there is one for each core, so that more threads in one
would only take the core of another."""

MEDIA_LIMITS = MediaLimits(decoder_threads=1)
"""One, whatever the number of processes: a damaged stream may decode otherwise with another."""

FILE_CHANGED = "file_changed"
CHANGING = frozenset(
    {
        FILE_CHANGED,
        FileUnreadableError.code,
        INTERNAL_ERROR,
        "worker_crashed",
        *(code for code, _ in LIMIT_TEXTS.values()),
    }
)
"""Codes of failures that may not come again: such a file is tried in the next run."""
CRASHED = Failure("worker_crashed", "the process that read this file died each time it was tried")

log = logging.getLogger(__name__)


class FileAnalysis:
    """Loads the models once, then analyses file after file; to be used by one thread.

    `folder`: where files of stores are kept while they are read. Raises the EngineError of
    `Analyzer`.
    """

    def __init__(self, limits: MediaLimits = MEDIA_LIMITS, folder: Path | None = None) -> None:
        self._analyzer = Analyzer(limits=limits)
        self._folder = folder

    @property
    def models(self) -> tuple[ModelIdentity, ...]:
        """What every outcome is made with."""
        return self._analyzer.models

    def __call__(
        self,
        task: Task,
        *,
        on_progress: ProgressListener | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> Outcome:
        """The outcome of a task; a file that cannot be analysed gives one with its failure.

        Raises what would stop every other file too: EngineError, StorageFullError; and
        CancelledError.
        """
        began_s = time.monotonic()
        try:
            with local_copy(task.file.uri, self._folder) as path:
                if sha256_of(str(path)) != task.sha256:
                    return failed(task, Failure(FILE_CHANGED, "the file was changed meanwhile"))
                report = self._analyzer.analyze(
                    path, task.options, on_progress=on_progress, is_cancelled=is_cancelled
                )
            return _succeeded(task, report, time.monotonic() - began_s)
        except InputError as error:
            failure = Failure(error.code, str(error))
        except EvolviSenseError:
            raise
        except MemoryError:
            failure = Failure(*LIMIT_TEXTS["memory"])
        except Exception as error:
            if is_disk_full(error):
                raise StorageFullError("the disk for temporary files is full") from error
            # A mistake of this program that one file brought to light; the others go on.
            log.exception("a file was not analysed")
            text = f"something went wrong here ({type(error).__name__})"
            failure = Failure(INTERNAL_ERROR, text)
        return failed(task, failure, time.monotonic() - began_s)


def failed(task: Task, failure: Failure, seconds: float = 0.0) -> Outcome:
    """The outcome of a file that could not be analysed."""
    return Outcome(
        key=task.key,
        name=task.file.name,
        sha256=task.sha256,
        tables=failure_tables(failure, task.sha256),
        failure=failure,
        seconds=seconds,
        host=platform.node(),
    )


def _succeeded(task: Task, report: Report, seconds: float) -> Outcome:
    # How long the stages took differs between runs; everything else of a report does not.
    report = report.model_copy(update={"timings_s": {}})
    return Outcome(
        key=task.key,
        name=task.file.name,
        sha256=task.sha256,
        tables=analysis_tables(report, task.sha256),
        report_json=to_json(report).encode() if task.keep_json else None,
        seconds=seconds,
        media_s=report.media.duration_s,
        provider=chosen_provider(),
        host=platform.node(),
    )
