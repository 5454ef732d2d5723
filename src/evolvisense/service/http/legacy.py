"""`POST /analyze-video/`: the contract of the existing clients, with the report beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from evolvisense.api.options import Options
from evolvisense.errors import NoVideoStreamError
from evolvisense.options import AnalysisOptions
from evolvisense.report.parts import LegacyBlock
from evolvisense.report.schema import Report
from evolvisense.service.http import parameters
from evolvisense.service.http.callers import Caller
from evolvisense.service.http.context import WAITING_PRIORITY, AnalysisService, Order, service_of
from evolvisense.service.http.errors import ErrorAnswer, ForbiddenError, JobFailedError
from evolvisense.service.http.parameters import checked
from evolvisense.service.http.strict import admit
from evolvisense.service.http.uploads import Upload, receive_upload
from evolvisense.types.job import Job

router = APIRouter()


class VideoAnswer(LegacyBlock):
    """The v1 keys of the existing service; `report` is what to build on."""

    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
    report: Report | None = Field(
        default=None, description="The whole report; left out with `report=false`."
    )


_OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "WebM, MP4, MOV, MKV, AVI, FLV and others. Deleted when "
                            "the answer is given.",
                        },
                        **{p.name: p.as_field() for p in parameters.OF_THE_ANALYSIS},
                        "options": {
                            "type": "string",
                            "default": "{}",
                            "description": "Under the strict profile: JSON with `consent` and "
                            "`purpose` as in /v1/analyses.",
                        },
                    },
                }
            }
        },
    },
    "parameters": [
        *(p.as_query(" The form field of this name wins.") for p in parameters.OF_THE_ANALYSIS),
        parameters.WITH_REPORT.as_query(),
    ],
}

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": VideoAnswer, "description": "What was found in the video."},
    400: {"model": ErrorAnswer, "description": "The file cannot be read as a video."},
    408: {"model": ErrorAnswer, "description": "The upload stopped."},
    413: {"model": ErrorAnswer, "description": "The file is larger than a limit of this server."},
    415: {"model": ErrorAnswer, "description": "The body is not multipart/form-data."},
    422: {"model": ErrorAnswer, "description": "A parameter is wrong or `file` is missing."},
    500: {"model": ErrorAnswer, "description": "The fault is on the server."},
    401: {"model": ErrorAnswer, "description": "A key is needed."},
    403: {"model": ErrorAnswer, "description": "The key, address or purpose is not admitted."},
    503: {"model": ErrorAnswer, "description": "The queue cannot be used at this moment."},
    507: {"model": ErrorAnswer, "description": "The disk is full."},
    429: {
        "model": ErrorAnswer,
        "description": "Too many videos at this moment.",
        "headers": {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        },
    },
}


@router.post("/analyze-video", include_in_schema=False)
@router.post(
    "/analyze-video/",
    summary="Analyse a video and wait for the answer",
    responses=_RESPONSES,
    response_class=Response,
    openapi_extra=_OPENAPI,
)
async def analyze_video(request: Request) -> Response:
    """Reads faces and voice in one video. The scores of formula v1 are kept for existing clients.

    Requests are served in the order in which they came, callers in turn. Closing the connection
    cancels the analysis; nothing of it is kept.
    """
    service = service_of(request)
    request.state.body_unread = True
    caller = await request.app.state.gate.caller(request, "analyze")
    if service.settings.observations_only:
        raise ForbiddenError(
            "this server gives observations only, without scores: use /v1/analyses"
        )
    service.check_room_to_wait(caller.turn)
    service.check_uploads(caller.turn)
    with_report = parameters.WITH_REPORT.read(request.query_params)
    with ExitStack() as place:
        limits = service.upload_limits(max_files=1)
        async with receive_upload(
            request, limits, service.files.new_path, service.uploads, caller.turn
        ) as upload:
            given = {**request.query_params, **upload.fields}
            options = _options(given)
            # Only now: a client that sends slowly must not keep others from waiting.
            place.enter_context(service.place_to_wait(caller.turn))
            job = await _accept(service, request, caller, upload, options)
        data = await service.wait_and_take(request, job)
    body = await asyncio.to_thread(_answer, data, with_report=with_report)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _options(given: Mapping[str, str]) -> AnalysisOptions:
    return AnalysisOptions(
        frame_skip=parameters.FRAME_SKIP.read(given),
        max_frames=parameters.MAX_FRAMES.read(given),
        smoothing=parameters.SMOOTHING.read(given),
        language=parameters.LANGUAGE.read(given),
    )


async def _accept(
    service: AnalysisService,
    request: Request,
    caller: Caller,
    upload: Upload,
    options: AnalysisOptions,
) -> Job:
    declared = checked(Options, upload.fields.get("options") or "{}", "options")
    kept = await admit(service, request, caller, declared, upload.files)
    order = Order(
        {"analysis": asdict(options), **kept},
        request.state.request_id,
        caller.owner,
        caller.turn,
        priority=WAITING_PRIORITY,
        waiter=service.files.instance,
    )
    (job,) = await service.submit(upload.files, order)
    return job


def _answer(data: bytes, *, with_report: bool) -> bytes:
    report = Report.model_validate_json(data)
    if report.media.video is None:
        # The contract of this route is a video; /v1/analyses takes sound files.
        raise JobFailedError(
            NoVideoStreamError.code,
            "the file has no video stream, only sound; send sound files to /v1/analyses",
        )
    if report.v1 is None:
        raise JobFailedError("internal_error", "the report has no v1 scores")
    answer = VideoAnswer(**dict(report.v1), limits=report.limits, report=report)
    return answer.model_dump_json(exclude=None if with_report else {"report"}).encode()
