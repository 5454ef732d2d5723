"""Between records and rows."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import RowMapping

from evolvisense.jobs.records import Failure, Job, NewJob


def row_of(new: NewJob, created_s: float) -> dict[str, Any]:
    """Columns of a job that waits. Raises ValueError or TypeError where options are not JSON."""
    return {
        "id": new.id,
        "owner": new.owner,
        "caller": new.caller,
        "state": "queued",
        "priority": new.priority,
        "options": json.dumps(dict(new.options), allow_nan=False),
        "media_bytes": new.media_bytes,
        "media_sha256": new.media_sha256,
        "created_s": created_s,
        "waiter": new.waiter,
        "webhook": new.webhook,
        "request_id": new.request_id,
        "submission": new.submission,
        "idempotency_key": new.idempotency_key,
    }


def job_of(row: RowMapping) -> Job:
    """The job of a row."""
    code = row["failure_code"]
    return Job(
        id=row["id"],
        owner=row["owner"],
        state=row["state"],
        priority=row["priority"],
        stage=row["stage"],
        percent=row["percent"],
        version=row["version"],
        attempts=row["attempts"],
        options=json.loads(row["options"]),
        media_bytes=row["media_bytes"],
        media_sha256=row["media_sha256"],
        report=row["report"],
        overlay=row["overlay"],
        failure=None if code is None else Failure(code, row["failure_detail"]),
        created_s=row["created_s"],
        started_s=row["started_s"],
        finished_s=row["finished_s"],
        expires_s=row["expires_s"],
        waiter=row["waiter"],
        webhook=row["webhook"],
        request_id=row["request_id"],
        submission=row["submission"],
    )
