"""`/v1/analyses`: list, show, cancel and delete analyses; the job as it is shown, its report."""

from __future__ import annotations

import asyncio
import base64
import binascii
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from evolvisense.api.scalars import WholeText
from evolvisense.api.schemas import Analysis, AnalysisError, AnalysisLinks, AnalysisList
from evolvisense.errors import InvalidOptionError
from evolvisense.report import Report
from evolvisense.service.access.keys import Scope
from evolvisense.service.http.callers import Caller
from evolvisense.service.http.context import AnalysisService, service_of
from evolvisense.service.http.errors import ForbiddenError, JobNotFoundError, NoReportError, Problem
from evolvisense.types.job import Job, JobState

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


async def report_of(service: AnalysisService, job: Job) -> Report:
    """The report of a job. Raises NoReportError, JobNotFoundError or ReportOutdatedError."""
    try:
        return await service.reports.get(_path(service, job))
    except FileNotFoundError as error:
        raise _just_deleted() from error


async def report_bytes(service: AnalysisService, job: Job) -> bytes:
    """The same as it was written. Raises NoReportError or JobNotFoundError."""
    try:
        return await asyncio.to_thread(_path(service, job).read_bytes)
    except FileNotFoundError as error:
        raise _just_deleted() from error


def _path(service: AnalysisService, job: Job) -> Path:
    if job.report is not None:
        return service.files.report_path(job.report)
    why = f" ({job.failure.code}: {job.failure.detail})" if job.failure else ""
    raise NoReportError(f"the analysis is {job.state}{why}; only a succeeded one has a report")


def _just_deleted() -> JobNotFoundError:
    return JobNotFoundError("the report has just been deleted")


router = APIRouter()

PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: {"model": Problem, "description": "A key is needed."},
    403: {"model": Problem, "description": "The key or the address is not admitted."},
    404: {"model": Problem, "description": "There is no such analysis of yours."},
    429: {"model": Problem, "description": "Too many requests; see Retry-After."},
}


async def job_of(request: Request, analysis_id: str, scope: Scope) -> tuple[Job, Caller]:
    """The job of that id, which the caller may see. Raises JobNotFoundError and as the gate."""
    caller = await request.app.state.gate.caller(request, scope)
    job = await asyncio.to_thread(service_of(request).store.get, analysis_id)
    if job is None or job.waiter or not caller.may_see(job):
        raise JobNotFoundError("there is no such analysis; its report may have expired")
    return job, caller


async def shown(service: AnalysisService, job: Job) -> Analysis:
    """A job with its place in the queue."""
    ahead = None
    if job.state == "queued":
        ahead = await asyncio.to_thread(service.store.waiting_ahead, job.id)
    return analysis_of(job, ahead)


@router.get(
    "/v1/analyses",
    summary="List analyses, newest first",
    responses={k: v for k, v in PROBLEMS.items() if k != 404}
    | {422: {"model": Problem, "description": "A parameter is wrong."}},
)
async def list_analyses(
    request: Request,
    state: Annotated[JobState | None, Query(description="Only those in this state.")] = None,
    submission: Annotated[
        str | None, Query(max_length=64, description="Only those of one request.")
    ] = None,
    page_size: Annotated[WholeText, Query(ge=1, le=200)] = 50,
    page_token: Annotated[
        str | None, Query(max_length=100, description="`next_page_token` of the page before.")
    ] = None,
) -> AnalysisList:
    """One's own; those of everybody with the scope `admin`.

    Without a key there is no list: an analysis belongs to whoever holds its id. Those of one
    request can be asked for by the id of their `submission`.
    """
    service = service_of(request)
    caller = await request.app.state.gate.caller(request, "read")
    if not caller.may_list and not submission:
        raise ForbiddenError(
            "without a key analyses cannot be listed, only asked for by the id that was given when "
            "they were submitted; the operator makes keys with `evolvisense keys create`"
        )
    jobs, following = await asyncio.to_thread(
        service.store.list_page,
        owner=None if caller.sees_all else caller.owner,
        state=state,
        submission=submission,
        after=None if page_token is None else _read_token(page_token),
        limit=page_size,
    )
    return AnalysisList(
        analyses=[await shown(service, job) for job in jobs],
        next_page_token=None if following is None else _token(following),
    )


@router.get("/v1/analyses/{analysis_id}", summary="Where an analysis stands", responses=PROBLEMS)
async def get_analysis(request: Request, analysis_id: str) -> Analysis:
    """Its state, and the reason where it failed."""
    job, _ = await job_of(request, analysis_id, "read")
    return await shown(service_of(request), job)


@router.post("/v1/analyses/{analysis_id}/cancel", summary="Cancel an analysis", responses=PROBLEMS)
async def cancel_analysis(request: Request, analysis_id: str) -> Analysis:
    """Its media are deleted, the entry stays. One that has ended stays as it is."""
    service = service_of(request)
    job, _ = await job_of(request, analysis_id, "analyze")
    found = await asyncio.to_thread(service.cancel, job.id)
    if found is None:
        raise JobNotFoundError("there is no such analysis any more")
    return await shown(service, found)


@router.delete(
    "/v1/analyses/{analysis_id}",
    status_code=204,
    summary="Cancel an analysis and delete all of it",
    responses=PROBLEMS,
)
async def delete_analysis(request: Request, analysis_id: str) -> Response:
    """Media, report and entry: nothing of it is left."""
    service = service_of(request)
    job, _ = await job_of(request, analysis_id, "analyze")
    await asyncio.to_thread(service.remove, job.id)
    if job.report is not None:
        service.reports.forget(service.files.report_path(job.report))
    return Response(status_code=204)


def _token(after: int) -> str:
    return base64.urlsafe_b64encode(f"after:{after}".encode()).decode().rstrip("=")


def _read_token(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        name, _, number = text.partition(":")
        if name != "after" or not number.isdecimal():
            raise ValueError(text)
        return min(int(number), 2**62)
    except (ValueError, binascii.Error) as error:
        raise InvalidOptionError("page_token is not one that this server gave") from error
