"""Multipart bodies go to disk as they arrive, and stop at the limit.

The client's file name is never used, and the file is gone when its block ends, however it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from evolvisense.errors import FileTooLargeError, InvalidOptionError
from evolvisense.server.errors import (
    BrokenMultipartError,
    MissingFileError,
    UnsupportedRequestError,
    UploadTimeoutError,
)
from evolvisense.server.settings import Settings

MAX_FIELD_BYTES = 1024
MAX_FRAMING_BYTES = 64 * 1024
"""All that is not the file: boundaries, headers of parts, other fields."""


@dataclass(frozen=True)
class Upload:
    """A form that has arrived completely."""

    path: Path
    """The part `file`, as long as the block of `receive_upload` lasts."""
    fields: Mapping[str, str]
    """The other parts by name; the last one where a name comes twice."""


@asynccontextmanager
async def receive_upload(request: Request, settings: Settings) -> AsyncGenerator[Upload]:
    """The upload of a request, on disk.

    Raises FileTooLargeError, InvalidOptionError, ClientDisconnect or the RequestRefusedError that
    applies.
    """
    boundary = _boundary(request)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > settings.max_upload_bytes + MAX_FRAMING_BYTES:
        raise _too_large(settings.max_upload_bytes)
    with NamedTemporaryFile(prefix="evolvisense-", dir=settings.temp_dir) as file:
        form = _Form(boundary, file, settings.max_upload_bytes)
        async for chunk in _chunks(request, settings.upload_timeout_s):
            await asyncio.to_thread(form.write, chunk)
        form.require_complete()
        file.flush()
        yield Upload(Path(file.name), form.fields)


def _boundary(request: Request) -> bytes:
    kind, parameters = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise UnsupportedRequestError(
            "send the video as multipart/form-data with a part named `file`"
        )
    boundary = parameters.get(b"boundary")
    if not boundary:
        raise BrokenMultipartError("the Content-Type names no boundary")
    return boundary


async def _chunks(request: Request, timeout_s: float) -> AsyncIterator[bytes]:
    """The pieces of the body; marks the request when all of it has been read."""
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                message = await request.receive()
        except TimeoutError as error:
            raise UploadTimeoutError(f"no byte came for {timeout_s:g} s") from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        if not message.get("more_body", False):
            request.state.body_unread = False
            return


def _too_large(max_bytes: int) -> FileTooLargeError:
    return FileTooLargeError(
        f"the video is larger than the {max_bytes / 1024**2:.4g} MB that are allowed here; "
        "send a shorter or smaller one"
    )


class _Form:
    """Takes the parts out of the body. `write` raises as soon as a part is too large."""

    def __init__(self, boundary: bytes, file: IO[bytes], max_file_bytes: int) -> None:
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BrokenMultipartError("the boundary of the form is not usable") from error
        self.fields: dict[str, str] = {}
        self._file = file
        self._max_file_bytes = max_file_bytes
        self._body_bytes = 0
        self._file_bytes = 0
        self._has_file = False
        self._complete = False
        self._part_begin()

    def write(self, chunk: bytes) -> None:
        self._body_bytes += len(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BrokenMultipartError("the body is not valid multipart/form-data") from error
        if self._body_bytes - self._file_bytes > MAX_FRAMING_BYTES:
            raise FileTooLargeError("the form carries too much beside the file")

    def require_complete(self) -> None:
        if not self._complete:
            raise BrokenMultipartError("the body ends before the form does; send it again")
        if not self._has_file:
            raise MissingFileError("the form has no part named `file`; send the video in it")

    def _part_begin(self) -> None:
        self._name: str | None = None
        self._value = bytearray()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            _, parameters = parse_options_header(value.decode("latin-1"))
            given = parameters.get(b"name")
            self._name = None if given is None else given.decode("utf-8", "replace")
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        if self._name is None:
            raise BrokenMultipartError("a part of the form has no name")
        if self._name == "file":
            if self._has_file:
                raise BrokenMultipartError("the form has two parts named `file`; send one video")
            self._has_file = True

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name != "file":
            if len(self._value) + end - start > MAX_FIELD_BYTES:
                raise InvalidOptionError(f"a field is longer than {MAX_FIELD_BYTES} bytes")
            self._value.extend(data[start:end])
            return
        self._file_bytes += end - start
        if self._file_bytes > self._max_file_bytes:
            raise _too_large(self._max_file_bytes)
        self._file.write(data[start:end])

    def _part_end(self) -> None:
        if self._name is not None and self._name != "file":
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._complete = True
