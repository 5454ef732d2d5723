"""What a worker process does: it loads the models once and analyses one file after another.

Runs inside a sandbox. A task is `{"media", "output", "options", "observations_only"}`; the report
is written to `output` as JSON. Its result is `{"timings_s", "frames"}`.
"""

from __future__ import annotations

import errno
import json
import os
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evolvisense.errors import CancelledError, EngineError, EvolviSenseError
from evolvisense.jobs.messages import INTERNAL_ERROR, LIMITS_VARIABLE, STORAGE_FULL
from evolvisense.jobs.sandbox.child import ChildChannel, Task
from evolvisense.media import MediaLimits
from evolvisense.pipeline import AnalysisOptions, Analyzer
from evolvisense.report import observations_only, to_json

if TYPE_CHECKING:
    from evolvisense.types.progress import Progress

PROGRESS_STEP_S = 0.2


def serve(channel: ChildChannel) -> None:
    """Analyse until the parent closes the channel."""
    limits = MediaLimits(**json.loads(os.environ.get(LIMITS_VARIABLE, "{}")))
    try:
        analyzer = Analyzer(limits=limits)
    except EvolviSenseError as error:
        channel.event({"event": "broken", "code": error.code, "detail": str(error)})
        return
    channel.event({"event": "ready", "models": [asdict(model) for model in analyzer.models]})
    for task in channel.tasks():
        _answer(channel, analyzer, task)


def _answer(channel: ChildChannel, analyzer: Analyzer, task: Task) -> None:
    try:
        channel.result(_analyse(channel, analyzer, task))
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
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            channel.error(STORAGE_FULL, "the disk is full")
            return
        channel.event({"event": "trouble", "text": traceback.format_exc()})
        channel.error(INTERNAL_ERROR, "something went wrong here; tell the operator the job's id")


def _analyse(channel: ChildChannel, analyzer: Analyzer, task: Task) -> dict[str, Any]:
    told = _Told(channel)
    report = analyzer.analyze(
        Path(task.message["media"]),
        AnalysisOptions(**task.message["options"]),
        on_progress=told,
        is_cancelled=task.is_cancelled,
    )
    frames = len(report.frames.number)
    if task.message.get("observations_only", False):
        report = observations_only(report)
    Path(task.message["output"]).write_text(to_json(report), encoding="utf-8")
    return {"timings_s": report.timings_s, "frames": frames}


class _Told:
    """Tells the parent where the analysis stands, a few times a second."""

    def __init__(self, channel: ChildChannel) -> None:
        self._channel = channel
        self._stage = ""
        self._told_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now_s = time.monotonic()
        if progress.stage == self._stage and now_s - self._told_s < PROGRESS_STEP_S:
            return
        self._stage, self._told_s = progress.stage, now_s
        self._channel.event(
            {"event": "progress", "stage": progress.stage, "percent": percent_of(progress)}
        )


def percent_of(progress: Progress) -> float:
    """0-100: share of the media time; the last percent is for what comes after it."""
    if progress.stage == "done":
        return 100.0
    if progress.stage == "scoring":
        return 99.0
    if not progress.total_s:
        return 0.0
    return round(99.0 * min(1.0, max(0.0, progress.done_s / progress.total_s)), 1)
