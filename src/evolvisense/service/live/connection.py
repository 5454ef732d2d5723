"""An accepted WebSocket: message sizes, idle time, rate limits, one sender at a time, closing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from evolvisense.errors import BusyError, EvolviSenseError
from evolvisense.service.live.protocol import (
    INTERNAL,
    INTERNAL_ERROR,
    POLICY,
    TOO_BIG,
    TRY_AGAIN,
    EndOfStreamError,
    LiveSettings,
    OurFaultError,
    PassingError,
)

MAX_PROBLEMS = 100
"""After so many bad messages without a good one between them the client is left."""
REASON_BYTES = 123
"""A close frame holds no more (RFC 6455, section 5.5)."""

Problems = Callable[[PassingError | EndOfStreamError, int | None], dict[str, Any] | BaseModel]
"""How an error is told: the error, and the number of the picture that it answers."""

log = logging.getLogger(__name__)


class LiveConnection:
    """Reads from one task, sends from any."""

    def __init__(self, websocket: WebSocket, settings: LiveSettings, problems: Problems) -> None:
        self._websocket, self._settings, self._problems = websocket, settings, problems
        self._sending = asyncio.Lock()
        self._bad_messages = 0

    async def receive(self, timeout_s: float | None = None) -> str | bytes | None:
        """The next message; None when the client has left. Raises EndOfStreamError."""
        timeout_s = self._settings.idle_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                message = await self._websocket.receive()
        except TimeoutError as error:
            raise EndOfStreamError(
                POLICY, "idle", f"no message came for {timeout_s:g} s"
            ) from error
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        content: str | bytes = message["bytes"] if text is None else text
        allowed = self._settings.max_message_bytes
        if len(content) > allowed:
            raise EndOfStreamError(
                TOO_BIG, "message_too_large", f"a message may have {allowed} bytes"
            )
        return content

    async def send(self, message: dict[str, Any] | BaseModel) -> None:
        """Send a JSON text. Raises WebSocketDisconnect where nobody takes it."""
        self._bad_messages = 0
        await self._send(message)

    async def problem(self, error: PassingError, seq: int | None = None) -> None:
        """Tell a passing error. Raises EndOfStreamError where there are too many."""
        self._bad_messages += not isinstance(error, OurFaultError)
        await self._send(self._problems(error, seq))
        if self._bad_messages >= MAX_PROBLEMS:
            raise EndOfStreamError(POLICY, "too_many_problems", "too many messages are not usable")

    async def end(self, error: EndOfStreamError) -> None:
        """Tell a final error and close."""
        try:
            await self._send(self._problems(error, None))
            reason = error.detail.encode()[:REASON_BYTES].decode(errors="ignore")
            await self._websocket.close(error.close_code, reason)
        except WebSocketDisconnect:
            log.debug("the client had left")

    async def _send(self, message: dict[str, Any] | BaseModel) -> None:
        try:
            async with asyncio.timeout(self._settings.idle_s), self._sending:
                if isinstance(message, BaseModel):
                    await self._websocket.send_text(message.model_dump_json())
                else:
                    await self._websocket.send_json(message)
        except TimeoutError as error:
            raise WebSocketDisconnect(1006, "the client takes no message") from error


@asynccontextmanager
async def accept_connection(
    websocket: WebSocket, settings: LiveSettings, problems: Problems
) -> AsyncGenerator[LiveConnection]:
    """The connection, accepted; errors within the block are told to the client and end it."""
    await websocket.accept()
    door = LiveConnection(websocket, settings, problems)
    try:
        yield door
    except Exception as error:  # noqa: BLE001 - what nobody expected is logged and told
        final = _final(_first(error))
        if final is not None:
            await door.end(final)


def _first(error: Exception) -> Exception:
    """The error itself, out of the group that tasks side by side end with."""
    while isinstance(error, ExceptionGroup):
        error = cast("ExceptionGroup[Exception]", error).exceptions[0]
    return error


def _final(error: Exception) -> EndOfStreamError | None:
    """What to tell the client; None where it has left."""
    match error:
        case WebSocketDisconnect():
            return None
        case EndOfStreamError():
            return error
        case BusyError():
            return EndOfStreamError(TRY_AGAIN, error.code, str(error))
        case EvolviSenseError():
            return EndOfStreamError(POLICY, error.code, str(error))
        case PassingError():
            return EndOfStreamError(INTERNAL, error.code, error.detail)
        case _:
            log.error("unexpected error in a live stream", exc_info=error)
            return EndOfStreamError(INTERNAL, INTERNAL_ERROR, "something went wrong here")


class Allowance:
    """A bucket that fills at `rate` units a second up to `burst`."""

    def __init__(
        self, rate: float, burst: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._left, self._filled_s = burst, now()

    def take(self, units: float = 1.0) -> bool:
        """Whether so much may pass now; where it may not, nothing is taken."""
        if self._wait_s(units) > 0:
            return False
        self._left -= units
        return True

    def take_later(self, units: float = 1.0) -> float:
        """Take it in any case; seconds until it would have been allowed."""
        wait_s = self._wait_s(units)
        self._left -= units
        return wait_s

    def _wait_s(self, units: float) -> float:
        now_s = self._now()
        self._left = min(self._burst, self._left + (now_s - self._filled_s) * self._rate)
        self._filled_s = now_s
        return max(0.0, (units - self._left) / self._rate)
