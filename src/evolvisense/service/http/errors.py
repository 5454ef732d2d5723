"""Errors of requests, each with its status and stable code, and their responses of one shape.

Under /v1 that is RFC 9457 problem+json; elsewhere, for the clients of the old service,
`{"error": text, "code": stable code, "request_id": id}`.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping
from typing import ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from evolvisense.api.scalars import error_texts
from evolvisense.errors import (
    AuditError,
    BaselineCorruptError,
    BaselineError,
    BaselineNotFoundError,
    BusyError,
    CancelledError,
    ConsentMissingError,
    DatabaseError,
    EngineError,
    EvolviSenseError,
    FormatUnavailableError,
    IdempotencyConflictError,
    InputError,
    InvalidOptionError,
    LimitError,
    PurposeRefusedError,
    QueueFullError,
    StorageError,
    StorageFullError,
    WebhookRefusedError,
)
from evolvisense.service.logs import described

CLIENT_CLOSED_REQUEST = 499
LINGER_S = 2.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing and carry no body (RFC 9110, section 9.2.1)."""
POLICY_VIOLATION = 1008
"""Close code of a WebSocket (RFC 6455, section 7.4)."""

STATUS: Mapping[type[EvolviSenseError], int] = {
    InvalidOptionError: 422,
    IdempotencyConflictError: 422,
    WebhookRefusedError: 422,
    ConsentMissingError: 422,
    PurposeRefusedError: 403,
    BaselineNotFoundError: 404,
    BaselineCorruptError: 500,
    BaselineError: 422,
    FormatUnavailableError: 501,
    LimitError: 413,
    InputError: 400,
    QueueFullError: 429,
    BusyError: 503,
    StorageFullError: 507,
    StorageError: 503,
    AuditError: 503,
    CancelledError: CLIENT_CLOSED_REQUEST,
    EngineError: 500,
}
"""The first class in the order of inheritance that is listed counts."""

HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}
FOR_THE_CLIENT = {
    StorageFullError.code: "the disk of this server is full; try again later",
    DatabaseError.code: "the queue of this server cannot be used at this moment; its log says why",
    BaselineNotFoundError.code: "there is no such baseline of yours",
    BaselineCorruptError.code: "the baseline cannot be read: delete it and add its recordings anew",
}
"""Instead of texts that name files of this machine."""
OPERATORS = (EngineError, StorageError, BaselineCorruptError)
"""Their texts name files of this machine: for the operator alone."""
PROBLEM_TYPE = "urn:evolvisense:problem:"
V1 = "/v1/"

log = logging.getLogger(__name__)


class ErrorAnswer(BaseModel):
    """What every error looks like."""

    error: str = Field(description="For people: what is wrong and what to do.")
    code: str = Field(description="Stable, for programs.")
    request_id: str = Field(description="As in the header X-Request-Id; names this request.")


class Problem(BaseModel):
    """An error under /v1 (RFC 9457); `code` is stable, `detail` is for people."""

    type: str = Field(description="`urn:evolvisense:problem:` and the code.")
    title: str = Field(description="The same for every problem of this code.")
    status: int
    detail: str = Field(description="What is wrong here and what to do.")
    instance: str = Field(description="The address that was asked.")
    code: str = Field(description="Stable, for programs; the catalogue is in docs/errors.md.")
    request_id: str = Field(description="As in the header X-Request-Id; names this request.")


class UnreadBodyAnswer(JSONResponse):
    """An answer given while the client may still be sending.

    Closing at once would reset the connection, and the client might never read why. So the answer
    goes out first, and then the rest is taken and dropped for a moment.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, linger, end."""

        async def keep_open(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "more_body": True}
            await send(message)

        self.headers["Connection"] = "close"
        await super().__call__(scope, receive, keep_open)
        try:
            async with asyncio.timeout(LINGER_S):
                while (await receive()).get("more_body", False):
                    pass
        except TimeoutError:
            log.debug("the client went on sending after the answer")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def error_answer(
    request: HTTPConnection,
    status: int,
    code: str,
    text: str,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error in the shape of its address."""
    unread = getattr(request.state, "body_unread", False)
    answer = UnreadBodyAnswer if unread else JSONResponse
    all_headers = {**(headers or {}), "Cache-Control": "no-store"}
    # Not `request.url`, which is made of the Host header too.
    path: str = request.scope["path"]
    if not path.startswith(V1):
        content = ErrorAnswer(error=text, code=code, request_id=request.state.request_id)
        return answer(content.model_dump(), status, all_headers)
    problem = Problem(
        type=PROBLEM_TYPE + code,
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=text,
        instance=path,
        code=code,
        request_id=request.state.request_id,
    )
    return answer(problem.model_dump(), status, all_headers, "application/problem+json")


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    error: RequestRefusedError,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer a request or a WebSocket with an error before any route sees it.

    A WebSocket is refused before it is accepted: with an HTTP error where the server can send one,
    otherwise with the close code POLICY_VIOLATION.

    Args:
        scope: of an HTTP request or a WebSocket.
        receive: of it.
        send: of it.
        error: what is wrong.
        headers: further headers of an HTTP answer to a request.
    """
    connection = HTTPConnection(scope)
    if scope["type"] == "websocket":
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": error.code})
            return
        if not hasattr(connection.state, "request_id"):
            connection.state.request_id = uuid.uuid4().hex
        headers = None
    else:
        connection.state.body_unread = scope["method"] not in SAFE_METHODS
    answer = error_answer(connection, error.status, error.code, str(error), headers)
    await answer(scope, receive, send)


def install_error_handlers(app: FastAPI) -> None:
    """Give every error of the app the one shape."""
    app.add_exception_handler(EvolviSenseError, _own_error)
    app.add_exception_handler(RequestRefusedError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(JobFailedError, _job_failed)


def status_of(error: EvolviSenseError) -> int:
    """The HTTP status of an error of the library."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def status_of_code(code: str) -> int:
    """The HTTP status of an error of the library, by its code."""
    return STATUS_OF_CODE.get(code, 500)


async def _job_failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, JobFailedError)  # noqa: S101 - so it was registered
    return error_answer(request, status_of_code(error.code), error.code, str(error))


async def _own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EvolviSenseError)  # noqa: S101 - so it was registered
    status, text = status_of(error), str(error)
    headers: dict[str, str] = {}
    if isinstance(error, BusyError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, OPERATORS) and not isinstance(error, FormatUnavailableError):
        log.error("%s (request %s)", described(error), request.state.request_id)
        text = "the fault is on the server; its log says more"
    text = FOR_THE_CLIENT.get(error.code, text)
    return error_answer(request, status, error.code, text, headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestRefusedError)  # noqa: S101 - so it was registered
    return error_answer(request, error.status, error.code, str(error), error.headers())


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - so it was registered
    code = HTTP_CODES.get(error.status_code, "http_error")
    return error_answer(request, error.status_code, code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - so it was registered
    text = error_texts(list(error.errors()), skip=1)
    return error_answer(request, 422, InvalidOptionError.code, text)


def _codes(kind: type[EvolviSenseError]) -> dict[str, int]:
    status = next((STATUS[base] for base in kind.__mro__ if base in STATUS), 500)
    found = {kind.code: status}
    for child in kind.__subclasses__():
        found |= _codes(child)
    return found


_JOB_LIMITS = {"memory_limit": 413, "cpu_limit": 413, "time_limit": 413, "canceled": 409}
STATUS_OF_CODE = {**_codes(EvolviSenseError), **_JOB_LIMITS}


async def _gone(request: Request, _error: Exception) -> JSONResponse:
    return error_answer(
        request, CLIENT_CLOSED_REQUEST, "client_closed_request", "the client went away"
    )


class RequestRefusedError(Exception):
    """The request itself is wrong, whatever the video."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {}


class BrokenMultipartError(RequestRefusedError):
    """The body is cut off or does not follow multipart/form-data."""

    code = "broken_multipart"


class UnsupportedRequestError(RequestRefusedError):
    """The body is of another type than the route takes."""

    status = 415
    code = "unsupported_media_type"


class BodyTooLargeError(RequestRefusedError):
    """A body that is no upload is longer than anything it could say."""

    status = 413
    code = "body_too_large"


class MissingFileError(RequestRefusedError):
    """The form has no part `file`."""

    status = 422
    code = "missing_file"


class UploadTimeoutError(RequestRefusedError):
    """The client stopped sending, or sends too slowly."""

    status = 408
    code = "upload_timeout"


class JobNotFoundError(RequestRefusedError):
    """No analysis of that id belongs to the one who asks."""

    status = 404
    code = "analysis_not_found"


class NoReportError(RequestRefusedError):
    """The analysis has no report: it has not ended, or not well."""

    status = 409
    code = "no_report"


class NoOverlayError(RequestRefusedError):
    """The analysis has no overlay video."""

    status = 409
    code = "no_overlay"


class ReportOutdatedError(RequestRefusedError):
    """Another version of EvolviSense wrote the report, which is read no more."""

    status = 409
    code = "report_outdated"


class RequestRunningError(RequestRefusedError):
    """A request with this Idempotency-Key is being answered at this moment."""

    status = 409
    code = "idempotency_key_in_use"

    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": "1"}


class UnauthenticatedError(RequestRefusedError):
    """A key is needed, or the one given is not known."""

    status = 401
    code = "unauthenticated"

    def headers(self) -> dict[str, str]:
        """How to identify oneself."""
        return {"WWW-Authenticate": 'Bearer realm="evolvisense"'}


class ForbiddenError(RequestRefusedError):
    """The key has not the scope that this needs, or the server is not open to this address."""

    status = 403
    code = "forbidden"


class HostNotAllowedError(RequestRefusedError):
    """The Host header names another host than this server's."""

    status = 421
    code = "host_not_allowed"


class OriginRefusedError(RequestRefusedError):
    """A page of an origin that may not send asks."""

    status = 403
    code = "origin_refused"


class TooManyRequestsError(RequestRefusedError):
    """More requests than one key or address may send."""

    status = 429
    code = "rate_limited"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.retry_after_s)}


class JobFailedError(Exception):
    """An analysis that somebody waits for has failed."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
