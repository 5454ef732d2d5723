"""`POST /v1/analyses`."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from evolvisense.api.options import Options
from evolvisense.api.schemas import Analysis, AnalysisList
from evolvisense.errors import IdempotencyConflictError, InvalidOptionError, WebhookRefusedError
from evolvisense.service.access.keys import Scope
from evolvisense.service.http.analyses import shown
from evolvisense.service.http.baselines import kept_with_job
from evolvisense.service.http.callers import Caller
from evolvisense.service.http.context import AnalysisService, Order, fingerprint, service_of
from evolvisense.service.http.errors import Problem, RequestRunningError
from evolvisense.service.http.parameters import checked
from evolvisense.service.http.strict import admit, blurs_faces
from evolvisense.service.http.uploads import Upload, receive_upload
from evolvisense.service.webhooks.targets import check_url
from evolvisense.types.job import ENDED, Job

router = APIRouter()

LONGEST_WAIT_S = 120.0
LONGEST_KEY = 255
SHORTEST_SECRET = 32
"""Of an Idempotency-Key without an API key: 128 bits as hexadecimal digits."""
SCOPE: Scope = "analyze"

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "description": "One video, or several parts of this name. Deleted "
                            "when its analysis ends.",
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                        },
                        "options": {"$ref": "#/components/schemas/Options"},
                    },
                },
                "encoding": {"options": {"contentType": "application/json"}},
            }
        },
    },
    "parameters": [
        {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "examples": ["respond-async, wait=10"]},
            "description": "`wait=N`: answer when the analysis has ended, after N seconds at most "
            "(RFC 7240); for one file.",
        },
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": LONGEST_KEY},
            "description": "Sent again with the same form, it answers with the same analysis. "
            f"Without an API key: a random text of {SHORTEST_SECRET} characters or more.",
        },
    ],
}

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Analysis,
        "description": "The analysis has ended while `Prefer: wait` lasted.",
    },
    202: {
        "model": Analysis | AnalysisList,
        "description": "Accepted: an Analysis for one file, an AnalysisList for several. It "
        "survives a crash of the server.",
        "headers": {"Location": {"schema": {"type": "string"}}},
    },
    **{
        status: {"model": Problem, "description": text}
        for status, text in {
            400: "The form is broken.",
            401: "A key is needed.",
            403: "The key, the address or the purpose is not admitted.",
            404: "There is no such baseline of yours.",
            408: "The upload stopped or took too long.",
            409: "A request with this Idempotency-Key is being answered.",
            413: "A file is too large.",
            415: "The body is not multipart/form-data.",
            422: "An option is wrong, or the Idempotency-Key was used for another form.",
            429: "Too many requests, uploads or jobs; see Retry-After.",
            507: "The disk is full.",
        }.items()
    },
}


@router.post(
    "/v1/analyses",
    status_code=202,
    summary="Accept videos for analysis",
    responses=_RESPONSES,
    response_class=Response,
    openapi_extra=_FORM,
)
async def submit(request: Request) -> Response:
    """Once this has answered 202 the analysis is not lost, whatever is killed or restarted."""
    service = service_of(request)
    request.state.body_unread = True
    caller = await request.app.state.gate.caller(request, SCOPE)
    key = bound_key(_idempotency_key(request), caller)
    wait_s = wait_of(request.headers.getlist("prefer"))
    await service.check_room_in_queue(caller.turn)
    service.check_uploads(caller.turn)
    with _Turn(service, caller, key):
        limits = service.upload_limits(service.settings.max_files)
        async with receive_upload(
            request, limits, service.files.new_path, service.uploads, caller.turn
        ) as upload:
            jobs, replayed = await _accept(service, request, caller, upload, key)
        if wait_s is not None and len(jobs) == 1:
            found = await service.watcher.ended(jobs[0].id, wait_s)
            jobs = jobs if found is None else (found,)
    headers = {"Cache-Control": "no-store"}
    if wait_s is not None:
        headers["Preference-Applied"] = f"wait={wait_s:g}"
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return await _accepted(service, jobs, headers)


async def _accept(
    service: AnalysisService, request: Request, caller: Caller, upload: Upload, key: str
) -> tuple[tuple[Job, ...], bool]:
    """The jobs of an upload, and whether they were there before."""
    options = checked(Options, upload.fields.get("options") or "{}", "options")
    webhook = ""
    if options.webhook is not None:
        webhook = options.webhook.url
        await _check_webhook(service, webhook)
    kept: dict[str, Any] = {
        "analysis": options.analysis(),
        "observations_only": options.observations_only or service.settings.observations_only,
    }
    if options.baseline is not None:
        kept["baseline"] = options.baseline.model_dump()
    if options.overlay is not None:
        kept["overlay"] = {"blur_faces": blurs_faces(service, options.overlay)}
    mark = fingerprint(upload.files, kept | {"webhook": webhook})
    if key and (known := await _known(service, caller, key, mark)):
        return known, True
    await service.check_room_in_queue(caller.turn, len(upload.files))
    kept |= await kept_with_job(service.settings.data_dir, caller, options.baseline)
    declared = await admit(service, request, caller, options, upload.files)
    try:
        order = Order(
            kept | declared,
            request.state.request_id,
            caller.owner,
            caller.turn,
            webhook=webhook,
            idempotency_key=key,
            fingerprint=mark,
        )
        jobs = await service.submit(upload.files, order, places=service.places)
    except IdempotencyConflictError:
        # Another server of this queue accepted the same key in this very moment.
        if known := await _known(service, caller, key, mark):
            return known, True
        raise
    return jobs, False


async def _check_webhook(service: AnalysisService, url: str) -> None:
    if not service.sends_webhooks:
        raise WebhookRefusedError(
            "this server sends no webhooks: its operator sets EVOLVISENSE_WEBHOOK_SECRETS"
        )
    await check_url(url, service.resolve, allow_private=service.settings.allow_private_webhooks)


async def _known(
    service: AnalysisService, caller: Caller, key: str, mark: str
) -> tuple[Job, ...] | None:
    """The jobs of an earlier request with this key. Raises IdempotencyConflictError."""
    found = await asyncio.to_thread(service.store.find_idempotent, caller.owner, key)
    if found is None:
        return None
    before, jobs = found
    if before != mark:
        raise IdempotencyConflictError(
            "this Idempotency-Key was used for another form; use a new key for a new request",
            tuple(job.id for job in jobs),
        )
    return jobs


class _Turn:
    """One request at a time for a key."""

    def __init__(self, service: AnalysisService, caller: Caller, key: str) -> None:
        self._service = service
        self._key = (caller.owner, key) if key else None

    def __enter__(self) -> None:
        if self._key is not None:
            if self._key in self._service.answering:
                raise RequestRunningError("a request with this Idempotency-Key is being answered")
            self._service.answering.add(self._key)

    def __exit__(self, *_: object) -> None:
        if self._key is not None:
            self._service.answering.discard(self._key)


async def _accepted(
    service: AnalysisService, jobs: tuple[Job, ...], headers: dict[str, str]
) -> Response:
    analyses = [await shown(service, job) for job in jobs]
    if len(jobs) == 1:
        headers["Location"] = analyses[0].links.self
        status = 200 if jobs[0].state in ENDED else 202
        return JSONResponse(analyses[0].model_dump(mode="json"), status, headers)
    headers["Location"] = f"/v1/analyses?submission={jobs[0].submission}"
    body = AnalysisList(analyses=analyses, next_page_token=None)
    return JSONResponse(body.model_dump(mode="json"), 202, headers)


def wait_of(prefer: list[str]) -> float | None:
    """Seconds of `wait=N` in Prefer headers, at most LONGEST_WAIT_S; None where it is not there."""
    for part in re.split(r"[,;]", ",".join(prefer)):
        name, _, value = part.strip().partition("=")
        if name.strip().lower() == "wait" and value.strip().strip('"').isdecimal():
            return min(LONGEST_WAIT_S, float(value.strip().strip('"')))
    return None


def bound_key(key: str, caller: Caller) -> str:
    """An Idempotency-Key as it is stored, so that strangers who choose the same do not meet.

    Those of an API key, or of a browser's secret, are apart from all others. Callers without
    either share one space, so there the key itself has to be a secret.
    Raises InvalidOptionError where it is too short for one.
    """
    if not key or caller.owner:
        return key
    if caller.visitor:
        return "~" + hashlib.sha256(f"{caller.visitor} {key}".encode()).hexdigest()
    if len(key) < SHORTEST_SECRET:
        raise InvalidOptionError(
            f"Idempotency-Key: without an API key it has to be a random text of {SHORTEST_SECRET} "
            f"characters or more, such as a UUID, for others share its space; got {len(key)}"
        )
    return key


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise InvalidOptionError(f"Idempotency-Key must be printable, {LONGEST_KEY} at most")
    return key
