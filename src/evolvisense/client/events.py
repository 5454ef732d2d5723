"""The events of one analysis, over as many connections as that takes.

`EventParser` reads server-sent events from bytes, as the HTML standard describes them.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from evolvisense.api.schemas import Analysis
from evolvisense.client import calls
from evolvisense.client.answers import parsed_json, refusal
from evolvisense.client.errors import (
    ApiError,
    ClientError,
    ConnectionFailedError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from evolvisense.client.sending import Patience, Retries, connection_error, may_pass

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


OnProgress = Callable[[Analysis], None]
"""Told of an analysis each time it has changed."""

OK, NOTHING_NEW, NOT_FOUND = 200, 204, 404


class Following:
    """Where one stands with the events of an analysis. Neither connects nor sleeps."""

    def __init__(self, analysis_id: str, retries: Retries, timeout_s: float | None = None) -> None:
        self._id, self._retries, self._timeout_s = analysis_id, retries, timeout_s
        self._end_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        self._patience = Patience(retries)
        self._reader = EventReader()
        self._last_id = ""
        self._has_called = False
        self.is_over = False
        """Whether the analysis has ended and all is told."""

    def call(self) -> calls.Call:
        """The next connection. Raises WaitTimeoutError."""
        if self._has_called:
            self._check_time()
        self._has_called = True
        silence_s = min(calls.SILENCE_S, max(0.001, self._end_s - time.monotonic()))
        return calls.events(self._id, self._last_id, silence_s)

    def begins(self, response: httpx.Response) -> bool:
        """Whether events come now; otherwise the body is to be read for `refused`."""
        self._reader = EventReader()
        self.is_over = response.status_code == NOTHING_NEW
        return response.status_code == OK

    def refused(self, response: httpx.Response) -> float:
        """Seconds until the next connection; 0 where all is told. Raises as `_pause_s`."""
        return 0.0 if self.is_over else self._pause_s(refusal(response))

    def take(self, data: bytes) -> list[Analysis]:
        """What a piece of the stream tells. Raises ApiError where the analysis was deleted."""
        try:
            events = self._reader.feed(data)
        except ValueError as error:
            raise UnexpectedAnswerError(f"the events cannot be read: {error}") from error
        found: list[Analysis] = []
        for event in events:
            self._patience.renew()
            if event.name == "deleted":
                raise ApiError(
                    NOT_FOUND, "analysis_not_found", "the analysis was deleted while it was watched"
                )
            if event.name == "analysis":
                found.append(parsed_json(event.data, Analysis, "an event"))
        self._last_id = self._reader.last_id or self._last_id
        self.is_over = bool(found) and found[-1].has_ended
        if not self.is_over:
            self._check_time()
        return found

    def ended(self) -> float:
        """Seconds until the next connection, where the server closed this one."""
        return self._pause_s(ConnectionFailedError("the server closes every stream of events"))

    def lost(self, error: httpx.RequestError) -> float:
        """Seconds until the next connection, where this one broke."""
        failure = connection_error(error)
        if not may_pass(error):
            raise failure
        self._check_time()
        return self._pause_s(failure)

    def _pause_s(self, error: ClientError) -> float:
        """Raises `error` after too many, or WaitTimeoutError."""
        pause_s = self._patience.after(error)
        if self._reader.retry_s is not None:
            pause_s = max(pause_s, min(self._reader.retry_s, self._retries.longest_pause_s))
        return min(pause_s, max(0.0, self._end_s - time.monotonic()))

    def _check_time(self) -> None:
        if time.monotonic() >= self._end_s:
            raise WaitTimeoutError(
                f"analysis {self._id} has not ended within {self._timeout_s:g} s; it goes on"
            )
