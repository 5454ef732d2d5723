"""The overlay of a job, in the process that has just made its report.

A report is never lost with its overlay: it is written before, with a notice that the overlay is
missing, and after it once more, with what is true then. The result is `{"made"}`.
"""

from __future__ import annotations

import errno
import traceback
from collections.abc import Mapping
from typing import Any

from evolvisense.errors import CancelledError, InputError
from evolvisense.jobs.sandbox.child import ChildChannel, Task
from evolvisense.media import DescriptorFile, MediaLimits, descriptor_path
from evolvisense.pipeline.overlay import write_overlay
from evolvisense.report import Report, to_json
from evolvisense.report.schema import Notice
from evolvisense.types.progress import ProgressListener

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
