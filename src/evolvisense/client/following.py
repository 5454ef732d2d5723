"""The events of one analysis over as many connections as that takes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

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
from evolvisense.client.retrying import Patience, Retries, connection_error, may_pass
from evolvisense.client.sse import EventReader

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
