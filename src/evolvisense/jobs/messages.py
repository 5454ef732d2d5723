"""What is said between a worker's thread and its process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANALYSIS_TARGET = "evolvisense.jobs.analysis:serve"
LIMITS_VARIABLE = "EVOLVISENSE_MEDIA_LIMITS"
"""Environment of a worker process: MediaLimits as JSON."""
INTERNAL_ERROR = "internal_error"
STORAGE_FULL = "storage_full"
"""Of a task that could not write its report: the job waits for space."""


def analysis_task(media: Path, output: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """The task that makes the report of a job; `options` are those of its row."""
    return {
        "media": str(media),
        "output": str(output),
        "options": options["analysis"],
        "observations_only": options.get("observations_only", False),
        "baseline": options.get("baseline"),
        "has_overlay": "overlay" in options,
    }


def overlay_task(
    media: Path, output: Path, video: Path, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The task that may follow it: the overlay as `video`, and the report anew as `output`."""
    return {
        "media": str(media),
        "output": str(output),
        "video": str(video),
        "blur_faces": options["overlay"]["blur_faces"],
    }
