"""Parameters of requests: the options of an upload, and small JSON bodies, validated.

A body is read only after its sender was admitted, within limits of size and time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args

from fastapi import Request
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from evolvisense.api.options import LARGEST_COUNT
from evolvisense.api.scalars import TruthText, WholeText, error_texts, shown
from evolvisense.errors import InvalidOptionError
from evolvisense.options import Smoothing
from evolvisense.service.http.errors import (
    BodyTooLargeError,
    UnsupportedRequestError,
    UploadTimeoutError,
)
from evolvisense.types.indicators import Language

LONGEST_BODY = 16 * 1024
"""Bytes."""
JSON = "application/json"

Body = TypeVar("Body", bound=BaseModel)


def checked(kind: type[Body], text: str | bytes, where: str) -> Body:
    """JSON as `kind`; `where` names it in the text of an InvalidOptionError."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        texts = error_texts(error.errors(include_url=False))
        raise InvalidOptionError(f"{where}: {texts}") from error


async def read_body(
    request: Request, kind: type[Body], longest_s: float, *, longest: int = LONGEST_BODY
) -> Body:
    """The body of a request, of at most `longest` bytes, as `kind`.

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
                if len(data) > longest:
                    raise BodyTooLargeError(f"the body is longer than {longest} bytes")
    except TimeoutError as error:
        raise UploadTimeoutError(f"the body took longer than {longest_s:g} s") from error
    request.state.body_unread = False
    return checked(kind, bytes(data), "body")


def body_of(schema: str) -> dict[str, Any]:
    """What /openapi.json says of a body that `read_body` reads; `schema` names its model."""
    content = {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}


T = TypeVar("T")

_COUNT: TypeAdapter[int] = TypeAdapter(Annotated[WholeText, Field(ge=1, le=LARGEST_COUNT)])
_SMOOTHING: TypeAdapter[Smoothing] = TypeAdapter(Smoothing)
_LANGUAGE: TypeAdapter[Language] = TypeAdapter(Language)


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One option, given as text."""

    name: str
    kind: TypeAdapter[T]
    wanted: str
    """What a right value is, for the one who gave a wrong one."""
    default: T
    meaning: str

    def read(self, given: Mapping[str, str]) -> T:
        """The value among `given`, or the default. Raises InvalidOptionError."""
        if self.name not in given:
            return self.default
        try:
            return self.kind.validate_python(given[self.name])
        except ValidationError as error:
            raise InvalidOptionError(
                f"{self.name} must be {self.wanted}, got {shown(given[self.name])}"
            ) from error

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the value."""
        return {**self.kind.json_schema(), "default": self.default}

    def as_field(self) -> dict[str, Any]:
        """The form field."""
        return {**self.schema(), "description": self.meaning}

    def as_query(self, note: str = "") -> dict[str, Any]:
        """The query parameter."""
        return {
            "name": self.name,
            "in": "query",
            "required": False,
            "schema": self.schema(),
            "description": f"{self.meaning}{note}",
        }


FRAME_SKIP = Parameter(
    "frame_skip",
    _COUNT,
    "a whole number in digits, 1 or more",
    10,
    "Frames whose 1-based number is a multiple of this are analysed.",
)
MAX_FRAMES = Parameter(
    "max_frames",
    _COUNT,
    "a whole number in digits, 1 or more",
    50,
    "Faces are read in so many of them at most.",
)
SMOOTHING = Parameter(
    "smoothing",
    _SMOOTHING,
    " or ".join(get_args(Smoothing)),
    "one-euro",
    "Filter of the report's timelines; `off` gives every frame as it was read. The v1 keys are "
    "always computed from the frames as they were read.",
)
LANGUAGE = Parameter(
    "language",
    _LANGUAGE,
    " or ".join(get_args(Language)),
    "any",
    "Language spoken: the report's indicators are relative to its reference set.",
)
WITH_REPORT = Parameter(
    "report",
    TypeAdapter(TruthText),
    "true or false",
    True,
    "`false` leaves the key `report` out of the answer.",
)

OF_THE_ANALYSIS: tuple[Parameter[Any], ...] = (FRAME_SKIP, MAX_FRAMES, SMOOTHING, LANGUAGE)
"""Accepted as form fields and as query parameters; the others as query parameters alone."""
