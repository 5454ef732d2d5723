"""Server-sent events out of bytes, as the HTML standard reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_END = re.compile(rb"\r\n|\n|\r")
LARGEST_BYTES = 1024**2


@dataclass(frozen=True)
class ServerEvent:
    """One event; a comment has the name `:` and keeps a connection open."""

    name: str
    data: str = ""


class EventReader:
    """Takes the bytes of one connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._name, self._id, self._data = "", "", list[str]()
        self._bytes = 0
        self.last_id = ""
        """Of the latest complete event that had one."""
        self.retry_s: float | None = None
        """The pause before reconnecting that the server asks for."""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that are complete now. Raises ValueError for one that never ends."""
        text = self._rest + data
        # "\r" at the end may be the first half of "\r\n".
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = LINE_END.split(text[: len(text) - len(held)])
        self._rest = rest + held
        found = [event for line in lines if (event := self._line(line)) is not None]
        if self._bytes + len(self._rest) > LARGEST_BYTES:
            raise ValueError(f"an event is larger than {LARGEST_BYTES} bytes")
        return found

    def _line(self, line: bytes) -> ServerEvent | None:
        if not line:
            return self._complete()
        if line.startswith(b":"):
            return ServerEvent(":")
        self._bytes += len(line)
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_s = int(value[:9]) / 1000
        return None

    def _complete(self) -> ServerEvent | None:
        name, data = self._name or "message", self._data
        self._name, self._data, self._bytes = "", [], 0
        self.last_id = self._id
        return ServerEvent(name, "\n".join(data)) if data else None
