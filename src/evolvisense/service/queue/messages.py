"""What is said between a worker's thread and its process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANALYSIS_TARGET = "evolvisense.service.queue.analysis:serve"
LIMITS_VARIABLE = "EVOLVISENSE_MEDIA_LIMITS"
"""Environment of a worker process: MediaLimits as JSON."""
INTERNAL_ERROR = "internal_error"
STORAGE_FULL = "storage_full"
"""Of a task that could not write its report: the job waits for space."""


def analysis_task(options: Mapping[str, Any]) -> dict[str, Any]:
    """The task that makes the report of a job; `options` are those of its row.

    Its files are the media and an empty file for the report.
    """
    return {
        "do": "analysis",
        "options": options["analysis"],
        "observations_only": options.get("observations_only", False),
        "baseline": options.get("baseline"),
        "has_overlay": "overlay" in options,
    }


def overlay_task(options: Mapping[str, Any]) -> dict[str, Any]:
    """The task that may follow it.

    Its files are the media, an empty file for the report as it is then, and one for the overlay.
    """
    return {"do": "overlay", "blur_faces": options["overlay"]["blur_faces"]}
