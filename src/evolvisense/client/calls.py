"""Every request of the client, as a value."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from evolvisense.api.options import Options
from evolvisense.api.schemas import ReportFormat
from evolvisense.client.uploads import Form, Source, form_of
from evolvisense.jobs.records import JobState

ANALYSES = "/v1/analyses"
SILENCE_S = 30.0
"""An event stream that is silent for so long is lost: a heartbeat comes every 10 s."""


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Form | None = None
    is_repeatable: bool = True
    """Whether it may be sent again when nobody knows what became of it."""
    answer_s: float = 0.0
    """The answer may take so much longer than the client's timeout."""
    silence_s: float | None = None
    """Longest silence instead of the client's timeout."""


def key_of(given: str | None) -> str:
    """The idempotency key of a submission; a new one where None is given."""
    return uuid.uuid4().hex if given is None else given


def submit(
    sources: Sequence[Source], options: Options | None, idempotency_key: str, wait_s: float | None
) -> Call:
    """Send files for analysis. Raises ValueError without any."""
    chosen = (options or Options()).model_dump_json(exclude_unset=True)
    form = form_of(sources, chosen)
    headers: dict[str, str] = {}
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    if wait_s is not None:
        headers["Prefer"] = f"wait={max(0, round(wait_s))}"
    return Call(
        "POST",
        ANALYSES,
        headers=headers,
        form=form,
        is_repeatable=bool(idempotency_key) and form.is_repeatable,
        answer_s=wait_s or 0.0,
    )


def page(state: JobState | None, submission: str | None, size: int, token: str | None) -> Call:
    """One page of analyses."""
    given = {"state": state, "submission": submission, "page_token": token}
    params = {name: value for name, value in given.items() if value is not None}
    return Call("GET", ANALYSES, params={**params, "page_size": str(size)})


def get(analysis_id: str) -> Call:
    """Where an analysis stands."""
    return Call("GET", _address(analysis_id))


def events(analysis_id: str, last_id: str, silence_s: float = SILENCE_S) -> Call:
    """Its events after the one of that id."""
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    address = f"{_address(analysis_id)}/events"
    return Call("GET", address, headers=headers, silence_s=silence_s)


def report(analysis_id: str, chosen: ReportFormat) -> Call:
    """Its report."""
    return Call("GET", f"{_address(analysis_id)}/report", params={"format": chosen})


def cancel(analysis_id: str) -> Call:
    """Cancel it."""
    return Call("POST", f"{_address(analysis_id)}/cancel")


def delete(analysis_id: str, *, is_repeatable: bool = True) -> Call:
    """Delete all of it."""
    return Call("DELETE", _address(analysis_id), is_repeatable=is_repeatable)


def limits() -> Call:
    """What the server accepts."""
    return Call("GET", "/v1/limits")


def models() -> Call:
    """What its analyses are made with."""
    return Call("GET", "/v1/models")


def _address(analysis_id: str) -> str:
    if not analysis_id:
        raise ValueError("expected the id of an analysis, got an empty text")
    return f"{ANALYSES}/{quote(analysis_id, safe='')}"
