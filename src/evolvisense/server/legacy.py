"""`POST /analyze-video/`: the contract of the existing clients, with the report beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from evolvisense.report.schema import LegacyBlock, Report
from evolvisense.server import parameters
from evolvisense.server.errors import ErrorAnswer
from evolvisense.server.service import AnalysisService, service_of
from evolvisense.server.uploads import receive_upload
from evolvisense.types.options import AnalysisOptions

if TYPE_CHECKING:
    from evolvisense.pipeline import Analyzer

router = APIRouter()


class VideoAnswer(LegacyBlock):
    """The v1 keys of the existing service; `report` is what to build on."""

    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
    report: Report | None = Field(description="The whole report; left out with `report=false`.")


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
    503: {
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

    Closing the connection cancels the analysis.
    """
    service = service_of(request)
    request.state.body_unread = True
    service.check_room()
    async with receive_upload(request, service.settings) as upload:
        given = {**request.query_params, **upload.fields}
        options = AnalysisOptions(
            frame_skip=parameters.FRAME_SKIP.read(given),
            max_frames=parameters.MAX_FRAMES.read(given),
            smoothing=parameters.SMOOTHING.read(given),
            language=parameters.LANGUAGE.read(given),
        )
        with_report = parameters.WITH_REPORT.read(request.query_params)
        body = await _answer(service, request, upload.path, options, with_report)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _answer(
    service: AnalysisService,
    request: Request,
    path: Path,
    options: AnalysisOptions,
    with_report: bool,
) -> bytes:
    def work(analyzer: Analyzer, is_cancelled: Callable[[], bool]) -> bytes:
        report = analyzer.analyze(path, options, is_cancelled=is_cancelled)
        answer = VideoAnswer(**dict(report.v1), limits=report.limits, report=report)
        return answer.model_dump_json(exclude=None if with_report else {"report"}).encode()

    return await service.run(request, work)
