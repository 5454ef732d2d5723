"""Errors become answers of one shape: `{"error": text, "code": stable code, "request_id": id}`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from evolvisense.errors import (
    BusyError,
    CancelledError,
    EngineError,
    EvolviSenseError,
    InputError,
    InvalidOptionError,
    LimitError,
)

CLIENT_CLOSED_REQUEST = 499
LINGER_S = 2.0

STATUS: Mapping[type[EvolviSenseError], int] = {
    InvalidOptionError: 422,
    LimitError: 413,
    InputError: 400,
    BusyError: 503,
    CancelledError: CLIENT_CLOSED_REQUEST,
    EngineError: 500,
}
"""The first class in the order of inheritance that is listed counts."""

HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}

log = logging.getLogger(__name__)


class ErrorAnswer(BaseModel):
    """What every error looks like."""

    error: str = Field(description="For people: what is wrong and what to do.")
    code: str = Field(description="Stable, for programs.")
    request_id: str = Field(description="As in the header X-Request-Id; names this request.")


class RequestRefusedError(Exception):
    """The request itself is wrong, whatever the video."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"


class BrokenMultipartError(RequestRefusedError):
    """The body is cut off or does not follow multipart/form-data."""

    code = "broken_multipart"


class UnsupportedRequestError(RequestRefusedError):
    """The body is of another type than the route takes."""

    status = 415
    code = "unsupported_media_type"


class MissingFileError(RequestRefusedError):
    """The form has no part `file`."""

    status = 422
    code = "missing_file"


class UploadTimeoutError(RequestRefusedError):
    """The client stopped sending."""

    status = 408
    code = "upload_timeout"


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
    request: Request,
    status: int,
    code: str,
    text: str,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error in the one shape."""
    unread = getattr(request.state, "body_unread", False)
    answer = UnreadBodyAnswer if unread else JSONResponse
    content = ErrorAnswer(error=text, code=code, request_id=request.state.request_id)
    return answer(content.model_dump(), status, {**(headers or {}), "Cache-Control": "no-store"})


def install_error_handlers(app: FastAPI) -> None:
    """Give every error of the app the one shape."""
    app.add_exception_handler(EvolviSenseError, _own_error)
    app.add_exception_handler(RequestRefusedError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)


def status_of(error: EvolviSenseError) -> int:
    """The HTTP status of an error of the library."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


async def _own_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EvolviSenseError)  # noqa: S101 - so it was registered
    status, text = status_of(error), str(error)
    headers: dict[str, str] = {}
    if isinstance(error, BusyError):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, EngineError):
        # Its text names files of this machine: for the operator alone.
        log.error("%s: %s (request %s)", error.code, error, request.state.request_id)
        text = "this server is not completely installed; its log says what is missing"
    return error_answer(request, status, error.code, text, headers)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestRefusedError)  # noqa: S101 - so it was registered
    return error_answer(request, error.status, error.code, str(error))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - so it was registered
    code = HTTP_CODES.get(error.status_code, "http_error")
    return error_answer(request, error.status_code, code, error.detail, error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - so it was registered
    texts = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()]
    return error_answer(request, 422, InvalidOptionError.code, "; ".join(texts))


async def _gone(request: Request, _error: Exception) -> JSONResponse:
    return error_answer(
        request, CLIENT_CLOSED_REQUEST, "client_closed_request", "the client went away"
    )
