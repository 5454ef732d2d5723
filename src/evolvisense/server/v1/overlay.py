"""`/v1/analyses/{id}/overlay.mp4`."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from evolvisense.api.scalars import TruthText
from evolvisense.jobs.records import Job
from evolvisense.server.errors import Problem
from evolvisense.server.refusals import JobNotFoundError, NoOverlayError
from evolvisense.server.service import service_of
from evolvisense.server.v1.analyses import PROBLEMS, job_of

router = APIRouter()

MEDIA_TYPE = "video/mp4"
_FILM = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@router.get(
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
