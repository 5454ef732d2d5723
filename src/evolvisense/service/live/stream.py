"""`WS /v1/live`: pictures and sound in, what is seen and heard out. The protocol: `protocol`."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import WebSocket
from pydantic import ValidationError

from evolvisense.api.scalars import error_texts
from evolvisense.report import LIMITS_NOTICE
from evolvisense.service.live.connection import Allowance, LiveConnection, accept_connection
from evolvisense.service.live.pool import LivePool, LiveStream, StreamOptions
from evolvisense.service.live.protocol import (
    BAD_MESSAGE,
    INTERNAL_ERROR,
    MAX_CONFIGURE_BYTES,
    POLICY,
    SAMPLE_BYTES,
    Authorize,
    Binary,
    Configure,
    Configured,
    Dropped,
    EndOfStreamError,
    FrameMessage,
    LiveSettings,
    ModelOfStream,
    OurFaultError,
    PassingError,
    Problem,
    VoiceMessage,
    parse_binary,
)

CONFIGURE_S = 10.0
"""The first message has to come within this time."""
PICTURE_BURST = 2
"""Pictures that may come at once; a camera's clock and a network are never exact."""
SOUND_RATE, SOUND_BURST_S = 1.1, 5.0
"""Sound may come a little faster than it was spoken, and so much of it at once."""
SOUND_STEP_S = 0.25
"""Sound is handed on in pieces of this length at least: each one repeats 0.35 s of context."""
SOUND_NEAR_S = 2.0
"""Sound belongs to a picture that is no further away (`MAX_SOUND_AGE_S` of `evolvisense.live`)."""
VOICE_EVERY_S = 0.5
"""Where no picture carries it, the voice is told so often."""

T = TypeVar("T", FrameMessage, VoiceMessage)

log = logging.getLogger(__name__)


async def serve_stream(
    websocket: WebSocket, settings: LiveSettings, pool: LivePool, authorize: Authorize
) -> None:
    """One stream, from the open connection to its end."""
    async with accept_connection(websocket, settings, _problem) as door:
        configure = await _configure(door)
        if configure is None:
            return
        caller = await authorize(websocket, configure.opening)
        rate_hz = None if configure.audio is None else configure.audio.rate_hz
        async with pool.stream(StreamOptions(rate_hz, configure.smoothing), caller) as stream:
            models = await stream.open()
            max_fps = min(configure.max_fps or settings.max_fps, settings.max_fps)
            await door.send(
                Configured(
                    session=stream.id,
                    max_fps=max_fps,
                    audio=configure.audio,
                    smoothing=configure.smoothing,
                    idle_s=settings.idle_s,
                    max_frame_bytes=settings.max_frame_bytes,
                    limits=LIMITS_NOTICE,
                    models=[ModelOfStream(**model) for model in models],
                )
            )
            await _Conversation(door, stream, settings.max_frame_bytes, rate_hz, max_fps).run()


async def _configure(door: LiveConnection) -> Configure | None:
    """The first message; None where the client left without one. Raises EndOfStreamError."""
    message = await door.receive(CONFIGURE_S)
    if message is None:
        return None
    if isinstance(message, bytes) or len(message) > MAX_CONFIGURE_BYTES:
        raise EndOfStreamError(POLICY, BAD_MESSAGE, "the first message is to be `configure`")
    try:
        return Configure.model_validate_json(message)
    except ValidationError as error:
        text = error_texts(error.errors(include_url=False))
        raise EndOfStreamError(POLICY, "invalid_option", text) from error


@dataclass(frozen=True)
class _Picture:
    seq: int
    time_s: float
    data: bytes


class _Conversation:
    """Reads in one task; one picture and one piece of sound are with the process at a time."""

    def __init__(
        self,
        door: LiveConnection,
        stream: LiveStream,
        max_frame_bytes: int,
        rate_hz: int | None,
        max_fps: float,
    ) -> None:
        self._door, self._stream = door, stream
        self._max_frame_bytes, self._rate_hz = max_frame_bytes, rate_hz
        self._pace = Allowance(max_fps, PICTURE_BURST)
        self._sound_pace = Allowance(SOUND_RATE, SOUND_BURST_S)
        self._seq = self._dropped = 0
        self._newest: _Picture | None = None
        self._seen = asyncio.Event()
        self._sound: list[tuple[float, bytes]] = []
        self._heard = asyncio.Event()
        self._voice_told_s = -math.inf
        self._sound_end_s = -math.inf
        """Where the sound that has arrived ends, on the sender's clock."""

    async def run(self) -> None:
        """Until the client leaves. Raises what ends the stream."""
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(self._look()), group.create_task(self._listen())]
            await self._read()
            for worker in workers:
                worker.cancel()

    async def _read(self) -> None:
        while (message := await self._door.receive()) is not None:
            try:
                if isinstance(message, str):
                    raise PassingError(BAD_MESSAGE, "only the first message is text")
                binary = parse_binary(message)
                if binary.kind == "picture":
                    await self._take_picture(binary)
                else:
                    self._take_sound(binary)
            except PassingError as error:
                await self._door.problem(error)

    async def _take_picture(self, binary: Binary) -> None:
        self._seq += 1
        picture = _Picture(self._seq, binary.time_s, binary.payload)
        if len(picture.data) > self._max_frame_bytes:
            self._dropped += 1
            detail = f"a picture may have {self._max_frame_bytes} bytes"
            await self._door.problem(PassingError("picture_too_large", detail), picture.seq)
        elif not self._pace.take():
            self._dropped += 1
            await self._door.send(Dropped(seq=picture.seq, reason="too_fast"))
        else:
            older, self._newest = self._newest, picture
            self._seen.set()
            if older is not None:
                self._dropped += 1
                await self._door.send(Dropped(seq=older.seq, reason="busy"))

    def _take_sound(self, binary: Binary) -> None:
        if self._rate_hz is None:
            raise PassingError("sound_not_configured", "the first message announced no sound")
        samples, half = divmod(len(binary.payload), SAMPLE_BYTES)
        if half:
            raise PassingError(BAD_MESSAGE, "the sound ends with half a sample")
        if not self._sound_pace.take(samples / self._rate_hz):
            raise PassingError(
                "sound_too_fast",
                f"sound comes faster than it was spoken, or over {SOUND_BURST_S:g} s at once",
            )
        self._sound.append((binary.time_s, binary.payload))
        self._sound_end_s = binary.time_s + samples / self._rate_hz
        waiting = sum(len(piece) for _, piece in self._sound)
        if waiting >= SOUND_STEP_S * self._rate_hz * SAMPLE_BYTES:
            self._heard.set()

    async def _look(self) -> None:
        while True:
            await self._seen.wait()
            self._seen.clear()
            picture, self._newest = self._newest, None
            if picture is None:
                continue
            try:
                answer = await self._stream.picture(picture.data, picture.time_s)
                message = self._frame(picture.seq, answer)
            except PassingError as error:
                self._dropped += 1
                await self._door.problem(error, picture.seq)
                continue
            self._voice_told_s = time.monotonic()
            await self._door.send(message)

    async def _listen(self) -> None:
        while True:
            await self._heard.wait()
            self._heard.clear()
            pieces, self._sound = self._sound, []
            try:
                message = _checked(VoiceMessage, await self._stream.sound(pieces))
            except PassingError as error:
                await self._door.problem(error)
                continue
            if time.monotonic() - self._voice_told_s >= VOICE_EVERY_S:
                self._voice_told_s = time.monotonic()
                await self._door.send(message)

    def _frame(self, seq: int, answer: dict[str, Any]) -> FrameMessage:
        fields = {**answer, **answer["frame"], "seq": seq, "dropped": self._dropped}
        del fields["frame"]
        message = _checked(FrameMessage, fields)
        has_arrived = abs(message.time_s - self._sound_end_s) <= SOUND_NEAR_S
        if message.voice_absent_reason == "no_recent_sound" and has_arrived:
            return message.model_copy(update={"voice_absent_reason": "not_analysed_yet"})
        return message


def _checked(kind: type[T], fields: dict[str, Any]) -> T:
    """What the process said, if it is of the protocol's form."""
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        places = [".".join(map(str, one["loc"])) for one in error.errors()]
        log.error("the live analysis answered in a wrong form: %s", ", ".join(places))
        raise OurFaultError(INTERNAL_ERROR, "something went wrong here") from error


def _problem(error: PassingError | EndOfStreamError, seq: int | None) -> Problem:
    fatal = isinstance(error, EndOfStreamError)
    return Problem(code=error.code, detail=error.detail, fatal=fatal, seq=seq)
