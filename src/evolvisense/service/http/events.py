"""`/v1/analyses/{id}/events`: server-sent events.

An event is the whole Analysis as it stands, and its id is the version of that: who reconnects with
Last-Event-ID misses nothing that is still true.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from evolvisense.service.http.analyses import PROBLEMS, job_of, shown
from evolvisense.service.http.context import AnalysisService, service_of
from evolvisense.types.job import ENDED, Job

router = APIRouter()

HEARTBEAT_S = 10.0
RETRY_MS = 2000


@router.get(
    "/v1/analyses/{analysis_id}/events",
    summary="Follow an analysis",
    response_class=StreamingResponse,
    responses={
        **PROBLEMS,
        200: {
            "description": "Events `analysis`, each with an Analysis as its data; the last one is "
            "in an ended state. A comment every 10 s keeps the connection open.",
            "content": {
                "text/event-stream": {
                    "schema": {
                        "description": "The stream as a text, or what a reader of events makes "
                        "of each part of it.",
                        "anyOf": [
                            {"$ref": "#/components/schemas/AnalysisEvent"},
                            {"type": "string"},
                        ],
                    }
                }
            },
        },
        204: {"description": "It has ended and Last-Event-ID has the last event."},
    },
    openapi_extra={
        "parameters": [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "Id of the last event that was seen; only later ones come.",
            }
        ]
    },
)
async def events(request: Request, analysis_id: str) -> Response:
    """Stage and percent while it works."""
    job, _ = await job_of(request, analysis_id, "read")
    last = request.headers.get("last-event-id", "")
    version = int(last) if last.isdecimal() and len(last) < 18 else -1
    if job.state in ENDED and job.version == version:
        return Response(status_code=204)
    return StreamingResponse(
        _stream(service_of(request), job, version),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(service: AnalysisService, job: Job, version: int) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    found: Job | None = job
    while found is not None:
        if found.version != version:
            version = found.version
            analysis = (await shown(service, found)).model_dump_json()
            yield f"id: {version}\nevent: analysis\ndata: {analysis}\n\n"
            if found.state in ENDED:
                return
        else:
            yield ": still here\n\n"
        if service.closing:
            return
        found = await service.watcher.changed(job.id, version, HEARTBEAT_S)
    yield "event: deleted\ndata: {}\n\n"
