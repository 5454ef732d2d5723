"""`/v1/analyses/{id}/report` in its formats."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from evolvisense.api.schemas import ReportFormat
from evolvisense.jobs.records import Job
from evolvisense.report import Report, to_csv, to_html, to_parquet
from evolvisense.server.errors import Problem
from evolvisense.server.refusals import JobNotFoundError, NoReportError
from evolvisense.server.service import service_of
from evolvisense.server.v1.analyses import PROBLEMS, job_of

router = APIRouter()

MEDIA_TYPES: dict[ReportFormat, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "html": "text/html",
}
HTML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@router.get(
    "/v1/analyses/{analysis_id}/report",
    summary="The report of an analysis",
    response_class=Response,
    responses={
        **PROBLEMS,
        200: {
            "model": Report,
            "description": "The report; a table with one row for each face and frame as CSV or "
            "Parquet; a page for people as HTML.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {
                    "schema": {"type": "string", "format": "binary"}
                },
            },
        },
        409: {"model": Problem, "description": "There is no report: it has not ended, or failed."},
        422: {"model": Problem, "description": "A parameter is wrong."},
        501: {"model": Problem, "description": "This server cannot write that format."},
    },
)
async def report(
    request: Request,
    analysis_id: str,
    format: Annotated[  # noqa: A002 - the name of the query parameter
        ReportFormat | None,
        Query(description="Else the Accept header decides; JSON where it does not."),
    ] = None,
) -> Response:
    """As it was made; nothing is computed again."""
    service = service_of(request)
    job, _ = await job_of(request, analysis_id, "read")
    chosen = format or accepted(request.headers.get("accept", ""))
    try:
        data = await asyncio.to_thread(service.files.report_path(_name(job)).read_bytes)
    except FileNotFoundError as error:
        raise JobNotFoundError("the report has just been deleted") from error
    body = await asyncio.to_thread(converted, data, chosen)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{job.id}.{chosen}"',
        "Vary": "Accept",
    }
    if chosen == "html":
        headers["Content-Security-Policy"] = HTML_POLICY
    return Response(body, media_type=MEDIA_TYPES[chosen], headers=headers)


def accepted(header: str) -> ReportFormat:
    """The first format that an Accept header names."""
    for part in header.split(","):
        kind = part.partition(";")[0].strip().lower()
        for name, media_type in MEDIA_TYPES.items():
            if kind == media_type:
                return name
    return "json"


def converted(data: bytes, chosen: ReportFormat) -> bytes:
    """A stored report in another format. Raises FormatUnavailableError."""
    if chosen == "json":
        return data
    found = Report.model_validate_json(data)
    if chosen == "parquet":
        return to_parquet(found)
    return (to_csv(found) if chosen == "csv" else to_html(found)).encode()


def _name(job: Job) -> str:
    if job.report is not None:
        return job.report
    why = f" ({job.failure.code}: {job.failure.detail})" if job.failure else ""
    raise NoReportError(f"the analysis is {job.state}{why}; only a succeeded one has a report")
