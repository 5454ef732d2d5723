"""Multipart bodies go to disk as they arrive, and stop at the limit.

A client's file names are never used. What has not been kept when the block ends is deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from evolvisense.jobs.files import space_errors
from evolvisense.server.forms import MAX_FRAMING_BYTES, Form, too_large
from evolvisense.server.places import Pace, UploadPlaces
from evolvisense.server.refusals import (
    BrokenMultipartError,
    MissingFileError,
    UnsupportedRequestError,
    UploadTimeoutError,
)

SLOW = "the upload was too slow, and others wanted its place; try again later"


@dataclass(frozen=True)
class UploadLimits:
    """What a form may carry, and how long it may take."""

    max_file_bytes: int
    max_files: int
    silence_s: float
    """Longest time without a byte."""
    total_s: float


@dataclass(frozen=True)
class ReceivedFile:
    """A part `file`, completely on disk."""

    path: Path
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Upload:
    """A form that has arrived completely."""

    files: tuple[ReceivedFile, ...]
    """At least one; each is deleted with the block of `receive_upload` unless it is moved away."""
    fields: Mapping[str, str]
    """The other parts by name; the last one where a name comes twice."""


@asynccontextmanager
async def receive_upload(
    request: Request, limits: UploadLimits, new_path: Callable[[], Path], places: UploadPlaces
) -> AsyncGenerator[Upload]:
    """The upload of a request, on disk; it has a place as long as the block lasts.

    Raises FileTooLargeError, InvalidOptionError, StorageFullError, ClientDisconnect or the
    RequestRefusedError that applies.
    """
    boundary = _boundary(request)
    announced = request.headers.get("content-length", "")
    most = limits.max_file_bytes * limits.max_files + MAX_FRAMING_BYTES
    if announced.isdigit() and int(announced) > most:
        raise too_large(limits.max_file_bytes)
    sink = _Sink(new_path)
    try:
        form = Form(boundary, sink, limits.max_file_bytes, limits.max_files)
        with places.take() as pace:
            async for chunk in _chunks(request, limits, pace):
                await asyncio.to_thread(form.write, chunk)
            form.require_complete()
            received = tuple(sink.received)
            if not received:
                raise MissingFileError("the form has no part named `file`; send the video in it")
            yield Upload(received, form.fields)
    finally:
        sink.discard()


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


async def _chunks(request: Request, limits: UploadLimits, pace: Pace) -> AsyncIterator[bytes]:
    """The pieces of the body; marks the request when all of it has been read."""
    began = time.monotonic()
    while True:
        if pace.gave_way:
            raise UploadTimeoutError(SLOW)
        left_s = limits.total_s - (time.monotonic() - began)
        wait_s = min(limits.silence_s, max(left_s, 0.0))
        try:
            async with asyncio.timeout(wait_s) as timeout:
                with pace.waiting(timeout):
                    message = await request.receive()
        except TimeoutError as error:
            if pace.gave_way:
                raise UploadTimeoutError(SLOW) from error
            text = (
                f"no byte came for {limits.silence_s:g} s"
                if left_s > limits.silence_s
                else f"the upload took longer than {limits.total_s:g} s"
            )
            raise UploadTimeoutError(text) from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body = message.get("body", b"")
        pace.add(len(body))
        yield body
        if not message.get("more_body", False):
            request.state.body_unread = False
            return


class _Part:
    """A file that is being received."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hash = hashlib.sha256()
        self._size = 0
        with space_errors():
            self._file = path.open("xb")

    def write(self, data: bytes) -> None:
        with space_errors():
            self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def end(self) -> ReceivedFile:
        with space_errors():
            self._file.close()
        return ReceivedFile(self.path, self._size, self._hash.hexdigest())

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        with suppress(OSError):  # the rest of a file that is gone needs no place
            self._file.close()


class _Sink:
    """Writes the parts `file` one after another, each to a new path."""

    def __init__(self, new_path: Callable[[], Path]) -> None:
        self._new_path = new_path
        self._parts: list[_Part] = []
        self.received: list[ReceivedFile] = []

    def begin(self) -> None:
        self._parts.append(_Part(self._new_path()))

    def write(self, data: bytes) -> None:
        self._parts[-1].write(data)

    def end(self) -> None:
        self.received.append(self._parts[-1].end())

    def discard(self) -> None:
        for part in self._parts:
            part.discard()
