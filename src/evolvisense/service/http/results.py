"""Results of an analysis: `/v1/analyses/{id}/report` in its formats, and `/overlay.mp4`.

GET gives the report as it was made; POST gives it with a person's marks, which are not stored.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from evolvisense.api.results import ReportWanted
from evolvisense.api.scalars import TruthText
from evolvisense.api.schemas import REPORT_FORMATS, ReportFormat
from evolvisense.report import Report, to_csv, to_html, to_json, to_parquet
from evolvisense.report.annotations import to_eaf, to_textgrid
from evolvisense.report.html import content_policy
from evolvisense.service.http.analyses import PROBLEMS, job_of, report_bytes
from evolvisense.service.http.context import service_of
from evolvisense.service.http.errors import JobNotFoundError, NoOverlayError, Problem
from evolvisense.service.http.parameters import body_of, read_body
from evolvisense.service.http.reports import parse
from evolvisense.types.job import Job

router = APIRouter()


@dataclass(frozen=True)
class Written:
    """How a report leaves in one format."""

    media_type: str
    suffix: str
    write: Callable[[Report], bytes]


WRITTEN: dict[ReportFormat, Written] = {
    "json": Written("application/json", "json", lambda report: to_json(report).encode()),
    "csv": Written("text/csv", "csv", lambda report: to_csv(report).encode()),
    "parquet": Written("application/vnd.apache.parquet", "parquet", to_parquet),
    "html": Written("text/html", "html", lambda report: to_html(report).encode()),
    "eaf": Written(
        "text/x-eaf+xml",
        "eaf",
        lambda report: to_eaf(report, media_name=report.media.source_name or _any_name(report)),
    ),
    "textgrid": Written("text/praat-textgrid", "TextGrid", to_textgrid),
}
"""The last two media types are those of CLARIN's repositories."""

SUFFIXES = {"matroska": "mkv", "mov": "mp4", "mpegts": "ts", "asf": "wmv"}
"""File name endings of containers that FFmpeg calls otherwise."""
LONGEST_WANTED = 512 * 1024
"""Bytes of a request for a report with marks."""


def _any_name(report: Report) -> str:
    """A file name for a recording whose own is not known: ELAN then asks for the file."""
    container = report.media.container.partition(",")[0]
    is_webm = container == "matroska" and report.media.video is not None
    return f"recording.{'webm' if is_webm else SUFFIXES.get(container, container)}"


_CONTENTS: dict[str, Any] = {
    "model": Report,
    "description": "The report; a table with one row for each face and frame as CSV or "
    "Parquet; a page for people as HTML; stretches of time for ELAN or Praat.",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "text/html": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
        "text/x-eaf+xml": {"schema": {"type": "string"}},
        "text/praat-textgrid": {"schema": {"type": "string"}},
    },
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    409: {"model": Problem, "description": "There is no report: it has not ended, or failed."},
    422: {"model": Problem, "description": "A parameter is wrong."},
    501: {"model": Problem, "description": "This server cannot write that format."},
}


@router.get(
    "/v1/analyses/{analysis_id}/report",
    summary="The report of an analysis",
    response_class=Response,
    responses={**PROBLEMS, 200: _CONTENTS, **_REFUSALS},
)
async def report(
    request: Request,
    analysis_id: str,
    format: Annotated[  # noqa: A002 - the name of the query parameter
        ReportFormat | None,
        Query(description="Else the Accept header decides; JSON where it does not."),
    ] = None,
    download: Annotated[
        TruthText, Query(description="Whether a browser is to save it instead of showing it.")
    ] = False,
) -> Response:
    """As it was made; nothing is computed again."""
    job, _ = await job_of(request, analysis_id, "read")
    chosen = format or accepted(request.headers.get("accept", ""))
    data = await report_bytes(service_of(request), job)
    return _answer(job, chosen, await asyncio.to_thread(converted, data, chosen), download=download)


@router.post(
    "/v1/analyses/{analysis_id}/report",
    summary="The report of an analysis with marks of one's own",
    response_class=Response,
    responses={
        **PROBLEMS,
        200: _CONTENTS,
        **_REFUSALS,
        408: {"model": Problem, "description": "The body came too slowly."},
        413: {"model": Problem, "description": "The body is too long."},
        415: {"model": Problem, "description": "The body is not application/json."},
    },
    openapi_extra=body_of("ReportWanted"),
)
async def marked_report(request: Request, analysis_id: str) -> Response:
    """In JSON they are `marks`, in CSV the column `mark`, in ELAN and Praat tiers, in HTML a table.

    Parquet has none. They are not stored.
    """
    service = service_of(request)
    job, _ = await job_of(request, analysis_id, "read")
    wanted = await read_body(
        request, ReportWanted, service.settings.upload_timeout_s, longest=LONGEST_WANTED
    )
    data = await report_bytes(service, job)
    body = await asyncio.to_thread(_marked, data, wanted)
    return _answer(job, wanted.format, body, download=True)


def _marked(data: bytes, wanted: ReportWanted) -> bytes:
    report = parse(data)
    if wanted.format == "eaf" and wanted.media_name:
        media = report.media.model_copy(update={"source_name": wanted.media_name})
        report = report.model_copy(update={"media": media})
    return WRITTEN[wanted.format].write(report.model_copy(update={"marks": wanted.marks}))


def _answer(job: Job, chosen: ReportFormat, body: bytes, *, download: bool) -> Response:
    written = WRITTEN[chosen]
    shown = "attachment" if download else "inline"
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'{shown}; filename="{job.id}.{written.suffix}"',
        "Vary": "Accept",
    }
    if chosen == "html":
        headers["Content-Security-Policy"] = content_policy()
    return Response(body, media_type=written.media_type, headers=headers)


def accepted(header: str) -> ReportFormat:
    """The first format that an Accept header names."""
    for part in header.split(","):
        kind = part.partition(";")[0].strip().lower()
        for name, written in WRITTEN.items():
            if kind == written.media_type:
                return name
    return "json"


def converted(data: bytes, chosen: ReportFormat) -> bytes:
    """A stored report in another format. Raises FormatUnavailableError or ReportOutdatedError."""
    return data if chosen == "json" else WRITTEN[chosen].write(parse(data))


def writable_formats() -> list[ReportFormat]:
    """The formats that this installation can write."""
    has_pyarrow = importlib.util.find_spec("pyarrow") is not None
    return [name for name in REPORT_FORMATS if name != "parquet" or has_pyarrow]


overlay_router = APIRouter()

MEDIA_TYPE = "video/mp4"
_FILM = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@overlay_router.get(
    "/v1/analyses/{analysis_id}/overlay.mp4",
    summary="The overlay video of an analysis",
    response_class=FileResponse,
    responses={
        **PROBLEMS,
        200: {"description": "The whole video: H.264 and AAC.", **_FILM},
        206: {"description": "The part that the Range header asks for.", **_FILM},
        400: {"description": "The Range header cannot be read."},
        409: {"model": Problem, "description": "There is no overlay; the text says why."},
        416: {"description": "The video has no such part."},
        422: {"model": Problem, "description": "A parameter is wrong."},
    },
)
async def overlay(
    request: Request,
    analysis_id: str,
    download: Annotated[
        TruthText, Query(description="Whether a browser is to save it instead of showing it.")
    ] = False,
) -> Response:
    """The recording with faces, expressions and landmarks drawn, deleted with its analysis."""
    job, _ = await job_of(request, analysis_id, "read")
    path = service_of(request).files.overlay_path(_name(job))
    try:
        stat = await asyncio.to_thread(path.stat)
    except FileNotFoundError as error:
        raise JobNotFoundError("the overlay has just been deleted") from error
    return FileResponse(
        path,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"},
        filename=f"{job.id}.mp4",
        stat_result=stat,
        content_disposition_type="attachment" if download else "inline",
    )


def _name(job: Job) -> str:
    if job.overlay is not None:
        return job.overlay
    if "overlay" not in job.options:
        raise NoOverlayError(
            'no overlay was asked for: send the video again with the option "overlay": {}'
        )
    if job.state == "succeeded":
        raise NoOverlayError("the overlay could not be made; a warning of the report says why")
    raise NoOverlayError(f"the analysis is {job.state}; only a succeeded one has an overlay")
