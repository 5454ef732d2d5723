"""JSON from clients, checked; small bodies are read under limits once their sender was let in."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from evolvisense.api.scalars import error_texts
from evolvisense.errors import InvalidOptionError
from evolvisense.server.refusals import (
    BodyTooLargeError,
    UnsupportedRequestError,
    UploadTimeoutError,
)

LONGEST_BODY = 16 * 1024
"""Bytes."""
JSON = "application/json"

T = TypeVar("T", bound=BaseModel)


def checked(kind: type[T], text: str | bytes, where: str) -> T:
    """JSON as `kind`; `where` names it in the text of an InvalidOptionError."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        texts = error_texts(error.errors(include_url=False))
        raise InvalidOptionError(f"{where}: {texts}") from error


async def read_body(request: Request, kind: type[T], longest_s: float) -> T:
    """The body of a request as `kind`.

    Raises UnsupportedRequestError, BodyTooLargeError, UploadTimeoutError, InvalidOptionError or
    ClientDisconnect.
    """
    request.state.body_unread = True
    # A page of another origin cannot send this type without asking first.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise UnsupportedRequestError(f"send the body as {JSON}")
    data = bytearray()
    try:
        async with asyncio.timeout(longest_s):
            async for piece in request.stream():
                data += piece
                if len(data) > LONGEST_BODY:
                    raise BodyTooLargeError(f"the body is longer than {LONGEST_BODY} bytes")
    except TimeoutError as error:
        raise UploadTimeoutError(f"the body took longer than {longest_s:g} s") from error
    request.state.body_unread = False
    return checked(kind, bytes(data), "body")


def body_of(schema: str) -> dict[str, Any]:
    """What /openapi.json says of a body that `read_body` reads; `schema` names its model."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}
