"""What a worker process does: it loads the models once and analyses one file after another.

    parent (worker thread)                     this process, in a sandbox
      analysis_task, media + empty file  -->   analyse, write the report as JSON
                                         <--   {"timings_s", "frames"}
      overlay_task, media + two files    -->   write the report with a notice, then the overlay,
                                         <--   then the report once more; {"made"}

A report is never lost with its overlay: it is written before, with a notice that the overlay is
missing.
"""

from __future__ import annotations

import errno
import json
import os
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evolvisense.analyzer import Analyzer
from evolvisense.baselines import baseline_of, recording_of
from evolvisense.errors import (
    CancelledError,
    EngineError,
    EvolviSenseError,
    InputError,
    is_disk_full,
)
from evolvisense.media import DescriptorFile, MediaLimits, descriptor_path
from evolvisense.options import AnalysisOptions
from evolvisense.report import Report, observations_only, to_json
from evolvisense.report.overlay import write_overlay
from evolvisense.report.parts import Notice
from evolvisense.sandbox.child import ChildChannel, Task
from evolvisense.service.logs import discreet_traceback
from evolvisense.service.queue.messages import INTERNAL_ERROR, LIMITS_VARIABLE, STORAGE_FULL
from evolvisense.types.progress import ProgressListener

if TYPE_CHECKING:
    from evolvisense.indicators import Baseline
    from evolvisense.types.progress import Progress

WHY_NOT_WRITTEN: Mapping[int, str] = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EFBIG: "it would be larger than a file of a job may be",
}
OVERLAY_MISSING = "its process was ended at its limits, or the disk is full"


def draw(
    channel: ChildChannel,
    task: Task,
    report: Report,
    limits: MediaLimits,
    on_progress: ProgressListener,
) -> dict[str, Any]:
    """Write the overlay and the report. Raises CancelledError, or OSError for the report."""
    why = _why_not(channel, task, report, limits, on_progress)
    kept = report if why is None else with_notice(report, why)
    _, output, _ = task.files
    DescriptorFile(output).write(to_json(kept).encode())
    return {"made": why is None}


def with_notice(report: Report, why: str) -> Report:
    """The report with a warning that its overlay is missing."""
    notice = Notice(code="overlay_failed", message=f"the overlay video could not be made: {why}")
    return report.model_copy(update={"warnings": [*report.warnings, notice]})


def _why_not(
    channel: ChildChannel,
    task: Task,
    report: Report,
    limits: MediaLimits,
    on_progress: ProgressListener,
) -> str | None:
    """None where the overlay was written, otherwise the reason for people."""
    media, _, video = task.files
    try:
        write_overlay(
            descriptor_path(media),
            report,
            descriptor_path(video),
            blur_faces=task.message["blur_faces"],
            limits=limits,
            on_progress=on_progress,
            is_cancelled=task.is_cancelled,
        )
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - told to the operator with its traceback
        known = _reason(error)
        if known is None:
            channel.event({"event": "trouble", "text": traceback.format_exc()})
        return known or "something went wrong here; tell the operator the id of the analysis"
    return None


def _reason(error: Exception) -> str | None:
    """In words for people; None where only the operator can do something."""
    if isinstance(error, OSError):
        return WHY_NOT_WRITTEN.get(error.errno or 0)
    if isinstance(error, MemoryError):
        return "it needs more memory than a job may have"
    return str(error) if isinstance(error, InputError) else None


PROGRESS_STEP_S = 0.2
ANALYSIS_SHARE = 0.5
"""Of the work on a job with an overlay; measured, at every frame."""


def serve(channel: ChildChannel) -> None:
    """Analyse until the parent closes the channel."""
    limits = MediaLimits(**json.loads(os.environ.get(LIMITS_VARIABLE, "{}")))
    try:
        analyzer = Analyzer(limits=limits)
    except EvolviSenseError as error:
        channel.event({"event": "broken", "code": error.code, "detail": str(error)})
        return
    channel.event({"event": "ready", "models": [asdict(model) for model in analyzer.models]})
    work = Work(channel, analyzer)
    for task in channel.tasks():
        answer(channel, work, task)


def answer(channel: ChildChannel, work: Work, task: Task) -> None:
    """Do a task and tell its result or why there is none."""
    try:
        channel.result(work.do(task))
    except CancelledError as error:
        channel.error(error.code, str(error))
    except EngineError as error:
        # Its text names files of this machine: for the operator alone.
        channel.event({"event": "trouble", "text": f"{error.code}: {error}"})
        channel.error(error.code, "this server is not completely installed; its log says why")
    except EvolviSenseError as error:
        channel.error(error.code, str(error))
    except MemoryError:
        channel.error("memory_limit", "the video needs more memory than a job may have")
    except Exception as error:  # noqa: BLE001 - told to the operator with its traceback
        if is_disk_full(error):
            channel.error(STORAGE_FULL, "the disk is full")
            return
        channel.event({"event": "trouble", "text": discreet_traceback(error)})
        channel.error(INTERNAL_ERROR, "something went wrong here; tell the operator the job's id")


class Work:
    """Task after task, with the models of one process."""

    def __init__(self, channel: ChildChannel, analyzer: Analyzer) -> None:
        self._channel, self._analyzer = channel, analyzer
        self._report: Report | None = None
        """Of the task before, where its overlay is to come."""

    def do(self, task: Task) -> dict[str, Any]:
        """The result of a task."""
        report, self._report = self._report, None
        if task.message["do"] == "analysis":
            return self._analyse(task)
        if report is None:
            raise RuntimeError("an overlay was asked for without its report")
        told = _Told(self._channel, ANALYSIS_SHARE, 1.0)
        return draw(self._channel, task, report, self._analyzer.limits, told)

    def _analyse(self, task: Task) -> dict[str, Any]:
        has_overlay = task.message.get("has_overlay", False)
        media, output = task.files
        report = self._analyzer.analyze(
            descriptor_path(media),
            AnalysisOptions(**task.message["options"]),
            baseline=_baseline(task.message.get("baseline"), self._analyzer),
            on_progress=_Told(self._channel, 0.0, ANALYSIS_SHARE if has_overlay else 1.0),
            is_cancelled=task.is_cancelled,
        )
        result = {"timings_s": report.timings_s, "frames": len(report.frames.number)}
        if task.message.get("observations_only", False):
            report = observations_only(report)
        if has_overlay:
            # What is written now stays true should this process not live to draw the overlay.
            self._report, report = report, with_notice(report, OVERLAY_MISSING)
        DescriptorFile(output).write(to_json(report).encode())
        return result


def _baseline(given: Mapping[str, Any] | None, analyzer: Analyzer) -> Baseline | None:
    """The recordings that came with the job and that these models read."""
    if given is None:
        return None
    return baseline_of(
        [recording_of(entry) for entry in given["recordings"]],
        task=given["task"],
        extractors={model.id: model.version for model in analyzer.models},
    )


class _Told:
    """Tells the parent where a part of the work stands, a few times a second."""

    def __init__(self, channel: ChildChannel, begin: float, end: float) -> None:
        """The part reaches from `begin` to `end`, shares of the work on the job."""
        self._channel = channel
        self._begin, self._end = begin, end
        self._stage = ""
        self._told_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.stage == self._stage and now_s - self._told_s < PROGRESS_STEP_S:
            return
        if progress.stage == "done" and self._end < 1:
            return
        self._stage, self._told_s = progress.stage, now_s
        part = percent_of(progress)
        percent = round(100 * self._begin + (self._end - self._begin) * part, 1)
        self._channel.event({"event": "progress", "stage": progress.stage, "percent": percent})


def percent_of(progress: Progress) -> float:
    """0-100 of one part: share of the media time; the last percent is for what comes after it."""
    if progress.stage == "done":
        return 100.0
    if progress.stage == "scoring":
        return 99.0
    if not progress.total_s:
        return 0.0
    return 99.0 * min(1.0, max(0.0, progress.done_s / progress.total_s))
