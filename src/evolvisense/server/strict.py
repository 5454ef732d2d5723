"""The strict profile: no analysis without consent, purpose and an entry in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evolvisense.access.audit import AuditEntry
from evolvisense.access.purpose import parse_consent
from evolvisense.server.service import AnalysisService
from evolvisense.server.uploads import ReceivedFile

STRICT = "strict"


def admit(
    service: AnalysisService,
    given: dict[str, Any],
    files: Sequence[ReceivedFile],
    *,
    request_id: str,
    key_id: str,
) -> dict[str, Any]:
    """What is kept with the job; `given` holds `consent` and `purpose`.

    Under the open profile that is nothing. Raises ConsentMissingError, PurposeRefusedError or
    AuditError.
    """
    if service.settings.profile != STRICT:
        return {}
    declaration = parse_consent(given)
    for file in files:
        service.audit.append(
            AuditEntry(
                event="analysis.accepted",
                request_id=request_id,
                key_id=key_id,
                media_sha256=file.sha256,
                purpose=declaration.purpose,
                consent=declaration.consent,
                models={m["id"]: m["version"] for m in service.pool.models or []},
            )
        )
    return {"declaration": declaration.to_json()}
