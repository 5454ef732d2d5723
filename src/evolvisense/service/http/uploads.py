"""Multipart uploads are written to disk as they arrive, and stop at the limit.

The file names of clients are never used. What has not been kept when the block ends is deleted.
Where all upload slots are taken, the slowest stalled upload is given up for a new one.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from evolvisense.errors import FileTooLargeError, InvalidOptionError
from evolvisense.service.http.errors import (
    BrokenMultipartError,
    MissingFileError,
    UnsupportedRequestError,
    UploadTimeoutError,
)
from evolvisense.service.queue.files import space_errors

GRACE_S = 5.0
"""So long an upload may be as slow as it likes."""


class UploadRate:
    """How fast one upload comes; used on the event loop."""

    def __init__(self) -> None:
        self.gave_way = False
        self._began_s = time.monotonic()
        self._bytes = 0
        self._waits: asyncio.Timeout | None = None

    @property
    def bytes_per_s(self) -> float:
        """Since its beginning; infinite in the time of grace."""
        age_s = time.monotonic() - self._began_s
        return float("inf") if age_s < GRACE_S else self._bytes / age_s

    def add(self, nbytes: int) -> None:
        """Count what has come."""
        self._bytes += nbytes

    @contextmanager
    def waiting(self, timeout: asyncio.Timeout) -> Generator[None]:
        """For as long as the next bytes are waited for under that timeout."""
        self._waits = timeout
        try:
            yield
        finally:
            self._waits = None

    def give_way(self) -> None:
        """End the upload; whoever waits for its bytes gets a TimeoutError."""
        self.gave_way = True
        if self._waits is not None and not self._waits.expired():
            self._waits.reschedule(asyncio.get_running_loop().time())


class UploadSlots:
    """`most` uploads at the same time, `each` of them by one caller.

    An upload slower than `slow_bytes_per_s` may lose its slot to a new one.
    """

    def __init__(self, most: int, each: int, slow_bytes_per_s: float) -> None:
        self.each = each
        self._most, self._slow = most, slow_bytes_per_s
        self._taken: set[UploadRate] = set()
        self._by_caller: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._taken)

    @property
    def has_room(self) -> bool:
        """Whether a further upload may begin."""
        return len(self._taken) < self._most or self._slowest() is not None

    def count_of(self, caller: str) -> int:
        """Uploads of one key or address at this moment."""
        return self._by_caller[caller]

    @contextmanager
    def take(self, caller: str) -> Generator[UploadRate]:
        """A slot, for the time of the block; look for room first."""
        if len(self._taken) >= self._most and (slowest := self._slowest()) is not None:
            self._taken.discard(slowest)
            slowest.give_way()
        pace = UploadRate()
        self._taken.add(pace)
        self._by_caller[caller] += 1
        try:
            yield pace
        finally:
            self._taken.discard(pace)
            self._by_caller -= Counter((caller,))

    def _slowest(self) -> UploadRate | None:
        slowest = min(self._taken, key=lambda pace: pace.bytes_per_s, default=None)
        return slowest if slowest is not None and slowest.bytes_per_s < self._slow else None


MB = 1024**2
UPLOAD_SETTING = "EVOLVISENSE_MAX_UPLOAD_BYTES"
MAX_FIELD_BYTES = 1024
MAX_OPTIONS_BYTES = 16 * 1024
"""Of the part `options`, which is JSON."""
MAX_FRAMING_BYTES = 64 * 1024
"""All that is no file: boundaries, headers of parts, other fields."""


class FileSink(Protocol):
    """Where parts named `file` go."""

    def begin(self) -> None:
        """A file starts."""

    def write(self, data: bytes) -> None:
        """A piece of it."""

    def end(self) -> None:
        """It is complete."""


class Form:
    """One body. `write` raises as soon as a part is too large."""

    def __init__(
        self, boundary: bytes, sink: FileSink, max_file_bytes: int, max_files: int = 1
    ) -> None:
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
        self._sink = sink
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._files = 0
        self._body_bytes = 0
        self._all_files_bytes = 0
        self._complete = False
        self._part_begin()

    def write(self, chunk: bytes) -> None:
        """Take the next piece of the body."""
        self._body_bytes += len(chunk)
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BrokenMultipartError("the body is not valid multipart/form-data") from error
        if self._body_bytes - self._all_files_bytes > MAX_FRAMING_BYTES:
            raise FileTooLargeError("the form carries too much beside the file")

    def require_complete(self) -> None:
        """Raise BrokenMultipartError where the form has not come to its end."""
        if not self._complete:
            raise BrokenMultipartError("the body ends before the form does; send it again")

    def _part_begin(self) -> None:
        self._name: str | None = None
        self._value = bytearray()
        self._file_bytes = 0
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
            self._files += 1
            if self._files > self._max_files:
                raise BrokenMultipartError(
                    f"the form has more than {self._max_files} parts named `file`; send fewer"
                )
            self._sink.begin()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name != "file":
            most = MAX_OPTIONS_BYTES if self._name == "options" else MAX_FIELD_BYTES
            if len(self._value) + end - start > most:
                raise InvalidOptionError(
                    f"the field {self._name!r:.80} is longer than {most} bytes"
                )
            self._value.extend(data[start:end])
            return
        self._file_bytes += end - start
        self._all_files_bytes += end - start
        if self._file_bytes > self._max_file_bytes:
            raise too_large(self._max_file_bytes)
        self._sink.write(data[start:end])

    def _part_end(self) -> None:
        if self._name == "file":
            self._sink.end()
        elif self._name is not None:
            self.fields[self._name] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self._complete = True


def too_large(max_bytes: int) -> FileTooLargeError:
    """The error for a file over the limit; it names the limit and the setting that raises it."""
    return FileTooLargeError(
        f"the video is larger than {max_bytes / MB:.4g} MB, the limit of this server "
        f"({UPLOAD_SETTING}={max_bytes} bytes); send a shorter or smaller one, or ask the "
        "operator to raise that setting"
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
    request: Request,
    limits: UploadLimits,
    new_path: Callable[[], Path],
    slots: UploadSlots,
    caller: str,
) -> AsyncGenerator[Upload]:
    """The upload of a request, on disk; it has a slot of its caller as long as the block lasts.

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
        with slots.take(caller) as pace:
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


async def _chunks(request: Request, limits: UploadLimits, pace: UploadRate) -> AsyncIterator[bytes]:
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
