"""Every request of the client, as a value."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypedDict
from urllib.parse import quote

from evolvisense.api.options import Options
from evolvisense.api.schemas import NewRecording, ReportFormat
from evolvisense.client.uploads import Form, Source, form_of
from evolvisense.types.job import JobState

ANALYSES = "/v1/analyses"
BASELINES = "/v1/baselines"
SILENCE_S = 30.0
"""An event stream that is silent for so long is lost: a heartbeat comes every 10 s."""

Theme = Literal["light", "dark"]
Download = ReportFormat | Literal["overlay"]


class FigureQuery(TypedDict, total=False):
    """How figures are drawn; the server chooses what is left out."""

    person: int
    """Id of a person; else the main one."""
    theme: Theme
    start_s: float
    """Window of the figures over time, from the beginning of the recording."""
    end_s: float
    points: int
    """Most points of a trace."""
    actions: Sequence[str]
    """Facial actions; else those that move most."""
    emotions_as: Literal["lines", "areas"]


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    form: Form | None = None
    json: Mapping[str, Any] | None = None
    """Body where there is no form."""
    target: Path | None = None
    """File that the body of a good answer is written to."""
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


def download(analysis_id: str, chosen: Download, target: Path) -> Call:
    """Its report or its overlay into a file."""
    if chosen == "overlay":
        return Call("GET", f"{_address(analysis_id)}/overlay.mp4", target=target)
    return replace(report(analysis_id, chosen), target=target)


def figures(analysis_id: str, names: Sequence[str], wanted: FigureQuery) -> Call:
    """Figures of it; all where none are named."""
    params = {key: str(value) for key, value in wanted.items() if key != "actions"}
    listed = {"names": names, "actions": wanted.get("actions", ())}
    params |= {key: ",".join(values) for key, values in listed.items() if values}
    return Call("GET", f"{_address(analysis_id)}/figures", params=params)


def comparison(first: str, second: str, theme: Theme) -> Call:
    """Two analyses side by side."""
    params = {"first": first, "second": second, "theme": theme}
    return Call("GET", "/v1/comparison", params=params)


def change(analysis_id: str, baseline: str, task: str | None, theme: Theme) -> Call:
    """An analysis against a baseline."""
    params = {"baseline": baseline, "theme": theme} | ({} if task is None else {"task": task})
    return Call("GET", f"{_address(analysis_id)}/change", params=params)


def baselines() -> Call:
    """All baselines."""
    return Call("GET", BASELINES)


def baseline(name: str) -> Call:
    """One baseline."""
    return Call("GET", _baseline_address(name))


def add_recording(name: str, new: NewRecording) -> Call:
    """Add to a baseline. A second time it would be refused, so it is sent once."""
    address = f"{_baseline_address(name)}/recordings"
    return Call("POST", address, json=new.model_dump(mode="json"), is_repeatable=False)


def delete_baseline(name: str) -> Call:
    """Delete a baseline."""
    return Call("DELETE", _baseline_address(name))


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


def _baseline_address(name: str) -> str:
    if not name:
        raise ValueError("expected the name of a baseline, got an empty text")
    return f"{BASELINES}/{quote(name, safe='')}"


def _address(analysis_id: str) -> str:
    if not analysis_id:
        raise ValueError("expected the id of an analysis, got an empty text")
    return f"{ANALYSES}/{quote(analysis_id, safe='')}"
