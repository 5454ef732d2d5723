"""Jobs as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from evolvisense.api.schemas import Analysis, AnalysisError, AnalysisLinks
from evolvisense.jobs.records import Job, JobState

STAGES: dict[JobState, str] = {"queued": "queued", "running": "opening"}
"""Before a worker has said anything; what has ended is `done`."""


def analysis_of(job: Job, queue_position: int | None = None) -> Analysis:
    """A job as it is shown."""
    address = f"/v1/analyses/{job.id}"
    return Analysis(
        id=job.id,
        state=job.state,
        stage=job.stage or STAGES.get(job.state, "done"),
        percent=job.percent,
        queue_position=queue_position if job.state == "queued" else None,
        attempts=job.attempts,
        submission=job.submission or None,
        options={
            **job.options.get("analysis", {}),
            "observations_only": job.options.get("observations_only", False),
            "baseline": _choice(job.options.get("baseline")),
            "overlay": job.options.get("overlay"),
        },
        media_bytes=job.media_bytes,
        media_sha256=job.media_sha256,
        created_at=_moment(job.created_s),
        started_at=None if job.started_s is None else _moment(job.started_s),
        finished_at=None if job.finished_s is None else _moment(job.finished_s),
        expires_at=None if job.expires_s is None else _moment(job.expires_s),
        error=None
        if job.failure is None
        else AnalysisError(code=job.failure.code, detail=job.failure.detail),
        links=AnalysisLinks(
            self=address,
            events=f"{address}/events",
            report=f"{address}/report" if job.state == "succeeded" else None,
            overlay=None if job.overlay is None else f"{address}/overlay.mp4",
        ),
    )


def _choice(baseline: dict[str, Any] | None) -> dict[str, Any] | None:
    """A baseline without its values."""
    return None if baseline is None else {key: baseline[key] for key in ("name", "task")}


def _moment(unix_s: float) -> datetime:
    return datetime.fromtimestamp(unix_s, UTC)
