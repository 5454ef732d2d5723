"""`/v1/baselines`: a person's own recordings to compare with.

One folder per caller, `data_dir`/baselines/<hash>: the hash of a key's id, or of the secret that a
browser without a key keeps.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParameter

from evolvisense.api.options import BaselineChoice
from evolvisense.api.schemas import (
    BaselineFeature,
    BaselineList,
    BaselineTask,
    NewRecording,
    PersonalBaseline,
)
from evolvisense.baselines import (
    OWNER_ONLY_DIR,
    BaselineStore,
    StoredRecording,
    baseline_of,
    recording_from,
)
from evolvisense.errors import InvalidOptionError
from evolvisense.service.access.audit import AuditEntry
from evolvisense.service.access.keys import Scope
from evolvisense.service.access.purpose import parse_consent
from evolvisense.service.http.analyses import PROBLEMS, job_of, report_of
from evolvisense.service.http.callers import Caller
from evolvisense.service.http.context import AnalysisService, service_of
from evolvisense.service.http.errors import ForbiddenError, Problem
from evolvisense.service.http.parameters import body_of, read_body
from evolvisense.service.http.strict import STRICT
from evolvisense.types.indicators import EMOTION_FEATURES
from evolvisense.types.job import Job

FOLDER = "baselines"
HASH_LENGTH = 32


def may_keep(caller: Caller) -> bool:
    """Whether nobody else comes as this caller: there is a key, or the secret of a browser."""
    return bool(caller.keeper)


def store_of(data_dir: Path, caller: Caller) -> BaselineStore:
    """The baselines of a caller. Raises ForbiddenError for one that cannot be told from others."""
    if not may_keep(caller):
        raise ForbiddenError(
            "personal baselines need somebody whose they are: send a key (`evolvisense keys "
            "create`), or without one the cookie `evolvisense-visitor` that the page sets"
        )
    folder = data_dir / FOLDER
    folder.mkdir(exist_ok=True, mode=OWNER_ONLY_DIR)
    return BaselineStore(folder / hashlib.sha256(caller.keeper.encode()).hexdigest()[:HASH_LENGTH])


async def kept_with_job(
    data_dir: Path, caller: Caller, choice: BaselineChoice | None
) -> dict[str, Any]:
    """What a job keeps of the baseline that its scores are to be relative to.

    Raises ForbiddenError, BaselineNotFoundError or BaselineTaskError.
    """
    if choice is None:
        return {}
    store = store_of(data_dir, caller)
    recordings = await asyncio.to_thread(store.load, choice.name)
    baseline_of(recordings, task=choice.task)
    same = [r.to_json() for r in recordings if choice.task in {None, r.task or ""}]
    return {"baseline": {"name": choice.name, "task": choice.task, "recordings": same}}


def shown(
    name: str, recordings: Sequence[StoredRecording], *, observations_only: bool
) -> PersonalBaseline:
    """A baseline as it is shown; without emotions heard in the voice where these are withheld."""
    labels = sorted({r.task for r in recordings}, key=lambda task: task or "")
    return PersonalBaseline(
        name=name,
        recordings=len(recordings),
        tasks=[
            _task(task, [r for r in recordings if r.task == task], observations_only)
            for task in labels
        ],
    )


def _task(
    task: str | None, recordings: Sequence[StoredRecording], observations_only: bool
) -> BaselineTask:
    baseline = baseline_of(recordings)
    use = baseline.use()
    return BaselineTask(
        task=task,
        recorded=[r.recorded for r in recordings],
        days=use.days,
        is_ready=use.is_used,
        missing_recordings=use.missing_recordings,
        missing_days=use.missing_days,
        features=[
            BaselineFeature(
                name=feature,
                recordings=len(values),
                mean=float(values.mean()),
                lowest=float(values.min()),
                highest=float(values.max()),
            )
            for feature, values in baseline.values.items()
            if not (observations_only and feature in EMOTION_FEATURES)
        ],
    )


router = APIRouter()

Name = Annotated[str, PathParameter(max_length=64, description="Letters, digits, `-` and `_`.")]

_NAMED: dict[int | str, dict[str, Any]] = PROBLEMS | {
    404: {"model": Problem, "description": "There is no such baseline of yours."},
    422: {"model": Problem, "description": "That is no name of a baseline."},
}
_ADDING: dict[int | str, dict[str, Any]] = PROBLEMS | {
    408: {"model": Problem, "description": "The body came too slowly."},
    409: {"model": Problem, "description": "The analysis has no report."},
    413: {"model": Problem, "description": "The body is too long."},
    415: {"model": Problem, "description": "The body is not application/json."},
    422: {"model": Problem, "description": "The recording cannot be added, or an option is wrong."},
    507: {"model": Problem, "description": "The disk is full."},
}


async def own_store(request: Request, scope: Scope) -> tuple[BaselineStore, Caller]:
    """The baselines of whoever asks. Raises as the gate, and ForbiddenError."""
    caller = await request.app.state.gate.caller(request, scope)
    return store_of(service_of(request).settings.data_dir, caller), caller


@router.get(
    "/v1/baselines",
    summary="List personal baselines",
    responses={k: v for k, v in PROBLEMS.items() if k != 404},
)
async def list_baselines(request: Request) -> BaselineList:
    """One's own alone; the scope `admin` shows no others."""
    store, _ = await own_store(request, "read")
    withhold = service_of(request).settings.observations_only
    return BaselineList(
        baselines=await asyncio.to_thread(
            lambda: [
                shown(name, store.load(name), observations_only=withhold) for name in store.names()
            ]
        )
    )


@router.get("/v1/baselines/{name}", summary="What a personal baseline holds", responses=_NAMED)
async def get_baseline(request: Request, name: Name) -> PersonalBaseline:
    """Days and values of features, for each task."""
    store, _ = await own_store(request, "read")
    recordings = await asyncio.to_thread(store.load, name)
    return shown(name, recordings, observations_only=service_of(request).settings.observations_only)


@router.post(
    "/v1/baselines/{name}/recordings",
    status_code=201,
    summary="Add an analysed recording to a personal baseline",
    responses=_ADDING,
    openapi_extra=body_of("NewRecording"),
)
async def add_recording(request: Request, name: Name) -> PersonalBaseline:
    """Keeps the values of its features, also after the analysis is deleted.

    Begins the baseline where there is none. It is used from three recordings on two days on.
    """
    service = service_of(request)
    store, caller = await own_store(request, "analyze")
    recording = await read_body(request, NewRecording, service.settings.upload_timeout_s)
    job, _ = await job_of(request, recording.analysis, "read")
    report = await report_of(service, job)
    entry = recording_from(report, recording.recorded or _day_of(job), recording.task)
    _require_past(entry.recorded)
    service.files.require_space(0)
    await _note(service, request, caller, "baseline.recorded", job)
    recordings = await asyncio.to_thread(store.add, name, entry)
    return shown(name, recordings, observations_only=service.settings.observations_only)


@router.delete(
    "/v1/baselines/{name}",
    status_code=204,
    summary="Delete a personal baseline",
    responses=_NAMED,
)
async def delete_baseline(request: Request, name: Name) -> Response:
    """All its recordings; reports that were compared with it keep their change."""
    store, caller = await own_store(request, "analyze")
    await _note(service_of(request), request, caller, "baseline.deleted")
    await asyncio.to_thread(store.clear, name)
    return Response(status_code=204)


def _day_of(job: Job) -> date:
    return datetime.fromtimestamp(job.created_s, UTC).date()


def _require_past(day: date) -> None:
    if day > datetime.now(UTC).date() + timedelta(days=1):  # tomorrow has begun elsewhere
        raise InvalidOptionError(f"recorded: {day.isoformat()} has not come yet")


async def _note(
    service: AnalysisService, request: Request, caller: Caller, event: str, job: Job | None = None
) -> None:
    """Under the strict profile, leave an entry in the audit log. Raises AuditError."""
    if service.settings.profile != STRICT:
        return
    given = None if job is None else job.options.get("declaration")
    declaration = None if given is None else parse_consent(given)
    entry = AuditEntry(
        event=event,
        request_id=request.state.request_id,
        job_id="" if job is None else job.id,
        key_id=caller.owner,
        media_sha256="" if job is None else job.media_sha256,
        purpose=None if declaration is None else declaration.purpose,
        consent=None if declaration is None else declaration.consent,
    )
    await asyncio.to_thread(service.audit.append, entry)
