"""`/v1/models` and `/v1/limits`: what this server uses and what it takes."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request

from evolvisense.api.results import Models
from evolvisense.api.schemas import ConsentText, ServerLimits
from evolvisense.errors import BusyError
from evolvisense.report.parts import LIMITS_NOTICE, ModelUsed
from evolvisense.service.access.purpose import CONSENT_TEXT, CONSENT_VERSION, PURPOSES
from evolvisense.service.http.analyses import PROBLEMS
from evolvisense.service.http.baselines import may_keep
from evolvisense.service.http.context import service_of
from evolvisense.service.http.errors import Problem
from evolvisense.service.http.results import writable_formats

router = APIRouter()

_PUBLIC = {k: v for k, v in PROBLEMS.items() if k != 404}


@router.get(
    "/v1/models",
    summary="Models and their versions",
    responses={**_PUBLIC, 503: {"model": Problem, "description": "They are being loaded."}},
)
async def models(request: Request) -> Models:
    """Every report names them too."""
    service = service_of(request)
    await request.app.state.gate.caller(request, "read")
    found = service.pool.models
    if found is None:
        raise BusyError("the models are being loaded, or by other workers; try again in 1 s", 1)
    return Models(models=[ModelUsed(**model) for model in found])


@router.get("/v1/limits", summary="What this server accepts", responses=_PUBLIC)
async def limits(request: Request) -> ServerLimits:
    """Limits, and the texts that belong beside the numbers."""
    service = service_of(request)
    gate = request.app.state.gate
    caller = await gate.caller(request, "read")
    settings = service.settings
    counts = await asyncio.to_thread(service.store.counts)
    return ServerLimits(
        **settings.model_dump(
            include=set(ServerLimits.model_fields) & set(type(settings).model_fields)
        ),
        queued=counts.queued,
        running=counts.running,
        media_retention_s=0,
        keys_required=await asyncio.to_thread(gate.requires_keys),
        baselines=may_keep(caller),
        report_formats=writable_formats(),
        purposes={str(kind): text for kind, text in PURPOSES.items()},
        consent=ConsentText(version=CONSENT_VERSION, text=CONSENT_TEXT),
        notice=LIMITS_NOTICE,
    )
