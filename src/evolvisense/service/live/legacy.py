"""`WS /ws/emotion-stream/`: the contract of the existing clients.

Each text message, a picture in base64, is answered by one JSON text before the next is read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from fastapi import WebSocket

from evolvisense.indicators.legacy import score_frame
from evolvisense.report import LIMITS_NOTICE
from evolvisense.service.live.connection import Allowance, LiveConnection, accept_connection
from evolvisense.service.live.pool import LivePool, LiveStream, StreamOptions
from evolvisense.service.live.protocol import (
    BAD_MESSAGE,
    Authorize,
    EndOfStreamError,
    LiveSettings,
    Opening,
    PassingError,
)
from evolvisense.types.scores import EMOTIONS, Emotion, FrameEmotion

HISTORY = 100
"""Entries of each list of `trend_data` at most, oldest first."""
FORMULA = "v1-legacy"
DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.+-]+)*;base64,", re.ASCII)
BLANKS = str.maketrans("", "", " \t\r\n")


async def serve_legacy(
    websocket: WebSocket, settings: LiveSettings, pool: LivePool, authorize: Authorize
) -> None:
    """One stream, from the open connection to its end."""
    async with accept_connection(websocket, settings, _problem) as door:
        caller = await authorize(websocket, Opening())
        async with pool.stream(StreamOptions(None, "off"), caller) as stream:
            await _answer_all(door, stream, settings)


async def _answer_all(door: LiveConnection, stream: LiveStream, settings: LiveSettings) -> None:
    pace = Allowance(settings.max_fps, burst=2)
    trend = _Trend()
    while (message := await door.receive()) is not None:
        await asyncio.sleep(pace.take_later())
        try:
            if isinstance(message, bytes):
                raise PassingError(BAD_MESSAGE, "send pictures as text, in base64")
            picture = decode_text(message, settings.max_frame_bytes)
            answer = await stream.picture(picture, time.monotonic())
        except PassingError as error:
            await door.problem(error)
            continue
        await door.send(trend.add(dominant(answer["frame"])))


def decode_text(message: str, max_bytes: int) -> bytes:
    """The bytes behind base64, with or without the prefix of a data URL. Raises PassingError."""
    prefix = DATA_URL.match(message)
    text = message[prefix.end() :] if prefix else message
    try:
        picture = base64.b64decode(text.translate(BLANKS), validate=True)
    except (binascii.Error, ValueError) as error:
        raise PassingError(BAD_MESSAGE, "the message is no base64; send a JPEG in it") from error
    if not picture:
        raise PassingError(BAD_MESSAGE, "the message is empty; send a JPEG in base64")
    if len(picture) > max_bytes:
        raise PassingError(
            "picture_too_large", f"a picture may have {max_bytes} bytes, this has {len(picture)}"
        )
    return picture


def dominant(frame: Mapping[str, Any]) -> FrameEmotion:
    """The dominant emotion of the main face; neutral with 0.0 where there is none, as v1 has it."""
    for face in frame["faces"]:
        if face["is_main"]:
            probabilities = face["probabilities"]
            best: Emotion = max(EMOTIONS, key=probabilities.__getitem__)
            return FrameEmotion(frame["time_s"], best, probabilities[best] * 100)
    return FrameEmotion(frame["time_s"], "neutral", 0.0)


class _Trend:
    """The latest scores of one stream."""

    def __init__(self) -> None:
        self._history: dict[str, deque[float]] = {
            name: deque(maxlen=HISTORY) for name in ("stress", "anxiety", "confidence")
        }

    def add(self, emotion: FrameEmotion) -> dict[str, Any]:
        """The answer to one picture."""
        scores = score_frame(emotion, None)
        now = {
            "stress": scores.stress,
            "anxiety": scores.anxiety,
            "confidence": scores.confidence,
        }
        for name, value in now.items():
            self._history[name].append(value)
        return {
            "emotion": emotion.emotion,
            "confidence": scores.confidence,
            "mental_health": now,
            "trend_data": {f"{name}_history": list(h) for name, h in self._history.items()},
            "formula": FORMULA,
            "limits": LIMITS_NOTICE,
        }


def _problem(error: PassingError | EndOfStreamError, _seq: int | None) -> dict[str, Any]:
    return {"error": error.detail, "code": error.code}
