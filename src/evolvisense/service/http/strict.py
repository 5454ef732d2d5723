"""The strict profile: no analysis without consent, purpose and an entry in the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import Request

from evolvisense.api.options import Options, Overlay
from evolvisense.errors import InvalidOptionError
from evolvisense.service.access.audit import AuditEntry
from evolvisense.service.access.purpose import parse_consent
from evolvisense.service.http.callers import Caller
from evolvisense.service.http.context import AnalysisService
from evolvisense.service.http.uploads import ReceivedFile

STRICT = "strict"


async def admit(
    service: AnalysisService,
    request: Request,
    caller: Caller,
    options: Options,
    files: Sequence[ReceivedFile],
) -> dict[str, Any]:
    """What is kept with the job of `consent` and `purpose`.

    Under the open profile that is nothing. Raises ConsentMissingError, PurposeRefusedError or
    AuditError.
    """
    if service.settings.profile != STRICT:
        return {}
    given = options.model_dump(include={"consent", "purpose"}, exclude_none=True)
    declaration = parse_consent(given)
    for file in files:
        entry = AuditEntry(
            event="analysis.accepted",
            request_id=request.state.request_id,
            key_id=caller.owner,
            media_sha256=file.sha256,
            purpose=declaration.purpose,
            consent=declaration.consent,
            models={m["id"]: m["version"] for m in service.pool.models or []},
        )
        await asyncio.to_thread(service.audit.append, entry)
    return {"declaration": declaration.to_json()}


def blurs_faces(service: AnalysisService, overlay: Overlay) -> bool:
    """Whether faces in an overlay are made unrecognisable. Raises InvalidOptionError."""
    is_strict = service.settings.profile == STRICT
    if overlay.blur_faces is None:
        return is_strict
    if is_strict and not overlay.blur_faces:
        raise InvalidOptionError(
            "overlay.blur_faces: this server blurs the faces of every overlay; leave it out"
        )
    return overlay.blur_faces
