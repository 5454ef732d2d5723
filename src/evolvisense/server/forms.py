"""Takes the parts out of a multipart body, piece by piece."""

from __future__ import annotations

from typing import Protocol

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from evolvisense.errors import FileTooLargeError, InvalidOptionError
from evolvisense.server.refusals import BrokenMultipartError

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
