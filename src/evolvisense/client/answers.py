"""Answers become values, refusals become errors."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from evolvisense.api.schemas import Analysis, AnalysisList
from evolvisense.client.errors import ApiError, UnexpectedAnswerError

if TYPE_CHECKING:
    from evolvisense.api.results import Change
    from evolvisense.report.parts import ModelUsed
    from evolvisense.report.schema import Report

LONGEST_DETAIL = 500

_OBJECT = TypeAdapter(dict[str, Any])

T = TypeVar("T", bound=BaseModel)


def parsed(response: httpx.Response, kind: type[T]) -> T:
    """The body as `kind`. Raises UnexpectedAnswerError."""
    return parsed_json(response.content, kind, str(response.url.copy_with(query=None)))


def parsed_json(data: bytes | str, kind: type[T], where: str) -> T:
    """JSON as `kind`. Raises UnexpectedAnswerError."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise UnexpectedAnswerError(
            f"{where} did not answer with what this client knows as {kind.__name__}; is it an "
            "EvolviSense server of this version?"
        ) from error


def accepted(response: httpx.Response) -> tuple[Analysis, ...]:
    """The analyses of a submission, which come bare where there is one."""
    if "analyses" in _body(response):
        return tuple(parsed(response, AnalysisList).analyses)
    return (parsed(response, Analysis),)


def report(data: bytes) -> Report:
    """A report out of JSON. Raises UnexpectedAnswerError."""
    from evolvisense.report.schema import Report  # noqa: PLC0415 - only here is it needed

    return parsed_json(data, Report, "the report")


def models(response: httpx.Response) -> tuple[ModelUsed, ...]:
    """The models of a server. Raises UnexpectedAnswerError."""
    from evolvisense.api.results import Models  # noqa: PLC0415 - brings the report's schema

    return tuple(parsed(response, Models).models)


def change(response: httpx.Response) -> Change:
    """A change against a baseline. Raises UnexpectedAnswerError."""
    from evolvisense.api.results import Change  # noqa: PLC0415 - brings the report's schema

    return parsed(response, Change)


def refusal(response: httpx.Response) -> ApiError:
    """What a refusing answer says; its body has been read."""
    said = _body(response)
    detail = _text(said, "detail") or _text(said, "error") or response.reason_phrase
    if response.has_redirect_location:
        detail = f"this address leads to {response.headers['location']}; give the client that one"
    return ApiError(
        response.status_code,
        _text(said, "code") or "http_error",
        detail[:LONGEST_DETAIL] or "no reason was given",
        request_id=_text(said, "request_id") or response.headers.get("x-request-id", ""),
        retry_after_s=retry_after_s(response.headers.get("retry-after", ""), time.time()),
    )


def retry_after_s(header: str, now_s: float) -> float | None:
    """Seconds of a Retry-After header, which may be a date; None where it says nothing."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, math.ceil(parsedate_to_datetime(text).timestamp() - now_s))
    except ValueError:
        return None


def _body(response: httpx.Response) -> dict[str, Any]:
    """The body where it is a JSON object; proxies answer with other things."""
    try:
        return _OBJECT.validate_json(response.content)
    except ValidationError:
        return {}


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""
