"""All live streams and the one process that serves them.

The process starts with the first stream, ends a while after the last one, and is started again
when it dies: every stream then gets one passing error and goes on with a new session.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evolvisense.options import Smoothing
from evolvisense.sandbox import Files, Limits, Sandbox
from evolvisense.service.live.process import Link, LostError, Process, UnavailableError
from evolvisense.service.live.protocol import (
    INTERNAL,
    INTERNAL_ERROR,
    TRY_AGAIN,
    EndOfStreamError,
    LiveSettings,
)

TARGET = "evolvisense.service.live.child:serve"
LIMITS = Limits(memory_bytes=1536 * 1024**2, cpu_s=20.0, wall_s=20.0, nice=0)
"""Of the process; the times are those of one picture or one piece of sound. Somebody looks at the
answers as they come, so it does not stand behind the analyses."""
LINGER_S = 60.0
"""The process is kept for so long after the last stream."""
MAX_FAULTS = 3
"""A stream on whose messages the process died so often is ended."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""Between two starts of processes that died before they answered anything."""

log = logging.getLogger(__name__)


def new_sandbox(private: Path | None = None, *, required: Sequence[str] = ()) -> Sandbox:
    """The process of all live streams, not yet started. It reads and writes no file.

    Args:
        private: A folder that must stay closed to it.
        required: Names of isolation without which it does not start.
    """
    return Sandbox(TARGET, LIMITS, name="live", files=Files(private=private), required=required)


@dataclass(frozen=True)
class StreamOptions:
    """What a session is opened with."""

    rate_hz: int | None
    """Of the sound; None where none will come."""
    smoothing: Smoothing


class LivePool:
    """Holds the places of the streams; used on one event loop."""

    def __init__(
        self,
        settings: LiveSettings,
        new_process: Callable[[], Process] = new_sandbox,
        *,
        linger_s: float = LINGER_S,
    ) -> None:
        self._settings, self._new_process, self._linger_s = settings, new_process, linger_s
        self._streams = 0
        self._each: Counter[str] = Counter()
        self._link: Link | None = None
        self._models: list[dict[str, Any]] = []
        self._starting = asyncio.Lock()
        self._closed = False
        self._pause_s, self._not_before_s = 0.0, 0.0
        self._leaving: asyncio.Task[None] | None = None
        self.starts = 0
        """Processes started so far."""

    @property
    def streams(self) -> int:
        """Streams that are open."""
        return self._streams

    @asynccontextmanager
    async def stream(self, options: StreamOptions, caller: str = "") -> AsyncGenerator[LiveStream]:
        """A stream with its session open. Raises EndOfStreamError where there is no place.

        `caller` is the key or address whose streams are counted together.
        """
        if self._streams >= self._settings.max_streams:
            raise EndOfStreamError(
                TRY_AGAIN, "busy", f"all {self._settings.max_streams} live streams are taken"
            )
        if self._each[caller] >= self._settings.max_streams_each:
            raise EndOfStreamError(
                TRY_AGAIN,
                "busy",
                f"{self._each[caller]} live streams of this key or address are open, its share of "
                f"{self._settings.max_streams} (EVOLVISENSE_CALLER_SHARE)",
            )
        self._streams += 1
        self._each[caller] += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        stream = LiveStream(self, options, self._settings.max_pixels)
        try:
            yield stream
        finally:
            self._streams -= 1
            self._each -= Counter((caller,))
            stream.close()
            if self._streams == 0 and not self._closed:
                self._leaving = asyncio.create_task(self._leave())

    async def close(self) -> None:
        """End the process; streams that are still open are told that there is none."""
        self._closed = True
        if self._leaving is not None:
            self._leaving.cancel()
        await self._end_process()

    async def link(self) -> tuple[Link, list[dict[str, Any]]]:
        """The running process and the identities of its models. Raises UnavailableError."""
        starting = asyncio.create_task(self._running_link())
        # A client that leaves meanwhile does not stop a start for which others wait.
        starting.add_done_callback(_retrieve)
        return await asyncio.shield(starting)

    async def _running_link(self) -> tuple[Link, list[dict[str, Any]]]:
        async with self._starting:
            if self._link is not None and not self._link.is_lost:
                return self._link, self._models
            if self._link is not None:
                self._rest_before_next(self._link)
                await self._link.close()
                self._link = None
            if self._closed or time.monotonic() < self._not_before_s:
                raise UnavailableError
            self.starts += 1
            link = Link(self._new_process())
            try:
                self._models = await link.start()
            except UnavailableError:
                self._rest_before_next(link)
                await link.close()
                raise
            self._link = link
            return link, self._models

    async def _end_process(self) -> None:
        async with self._starting:
            link, self._link = self._link, None
            if link is not None:
                await link.close()

    def _rest_before_next(self, link: Link) -> None:
        if link.has_answered:
            self._pause_s = 0.0
            return
        self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, 2 * self._pause_s))
        self._not_before_s = time.monotonic() + self._pause_s

    async def _leave(self) -> None:
        await asyncio.sleep(self._linger_s)
        self._leaving = None
        await self._end_process()


def _retrieve(starting: asyncio.Task[Any]) -> None:
    if not starting.cancelled():
        starting.exception()


class LiveStream:
    """One stream; its session is opened again where the process had to be."""

    def __init__(self, pool: LivePool, options: StreamOptions, max_pixels: int) -> None:
        self.id = uuid.uuid4().hex
        self._pool, self._options, self._max_pixels = pool, options, max_pixels
        self._link: Link | None = None
        self._models: list[dict[str, Any]] = []
        self._opening = asyncio.Lock()
        self._is_open = False
        self._faults = 0

    async def open(self) -> list[dict[str, Any]]:
        """Open the session: the identities of the models. Raises PassingError."""
        async with self._opening:
            if not self._is_open or self._link is None or self._link.is_lost:
                self._is_open = False
                self._link, self._models = await self._pool.link()
                await self._ask(
                    "open",
                    rate_hz=self._options.rate_hz,
                    smoothing=self._options.smoothing,
                    max_pixels=self._max_pixels,
                )
                self._is_open = True
            return self._models

    async def picture(self, data: bytes, time_s: float) -> dict[str, Any]:
        """`{"frame", "voice", "voice_absent_reason"}`.

        Raises PassingError, or EndOfStreamError once the process has died too often on this stream.
        """
        await self.open()
        return await self._ask("picture", data, time_s=time_s)

    async def sound(self, pieces: Sequence[tuple[float, bytes]]) -> dict[str, Any]:
        """`{"time_s", "voice", "voice_absent_reason"}` at the end of the pieces; raises alike."""
        await self.open()
        lengths = [(time_s, len(samples)) for time_s, samples in pieces]
        samples = b"".join(samples for _, samples in pieces)
        return await self._ask("sound", samples, pieces=lengths)

    def close(self) -> None:
        """Let the process forget the session."""
        if self._link is not None:
            self._link.post({"do": "close", "session": self.id})

    async def _ask(self, do: str, binary: bytes = b"", **message: object) -> dict[str, Any]:
        assert self._link is not None  # noqa: S101 - `open` is awaited first
        try:
            return await self._link.ask({"do": do, "session": self.id, **message}, binary)
        except LostError as error:
            self._faults += error.at_fault
            if self._faults >= MAX_FAULTS:
                raise EndOfStreamError(
                    INTERNAL, INTERNAL_ERROR, "the analysis failed on this stream again and again"
                ) from error
            raise
