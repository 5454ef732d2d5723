"""Messages as bytes: two lengths (4 bytes each, big-endian), JSON, then bytes as they are.

Either side may be the one that is not trusted, so a reader takes nothing for granted.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn, cast

HEAD = struct.Struct(">II")
MAX_FRAME_BYTES = 64 * 1024**2
"""JSON and binary tail together."""
MAX_FILES = 4
"""Descriptors that may come with one frame (SCM_RIGHTS, with its first byte)."""
DESCRIPTOR_BYTES = struct.calcsize("i")


class FrameError(ValueError):
    """The bytes or the message make no frame."""


class Frame(NamedTuple):
    """One message."""

    message: dict[str, Any]
    binary: bytes


def pack(message: Mapping[str, Any], binary: bytes = b"") -> list[bytes]:
    """The parts of a frame, to be written one after the other.

    Raises FrameError where the message is too large or is not JSON, NaN included.
    """
    try:
        text = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"the message cannot be written as JSON: {error}") from error
    _require_size(len(text), len(binary))
    return [HEAD.pack(len(text), len(binary)) + text, *([binary] if binary else [])]


class FrameReader:
    """Puts frames together from pieces of any size; holds at most one frame and one piece."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what was read."""
        self._buffer += data

    def pop(self) -> Frame | None:
        """The next whole frame. Raises FrameError where the bytes can never become one."""
        if len(self._buffer) < HEAD.size:
            return None
        json_bytes, binary_bytes = HEAD.unpack_from(self._buffer)
        _require_size(json_bytes, binary_bytes)
        middle = HEAD.size + json_bytes
        end = middle + binary_bytes
        if len(self._buffer) < end:
            return None
        with memoryview(self._buffer) as view:
            frame = Frame(_parse(bytes(view[HEAD.size : middle])), bytes(view[middle:end]))
        del self._buffer[:end]
        return frame


def _parse(text: bytes) -> dict[str, Any]:
    try:
        message = json.loads(text.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame holds no JSON: {type(error).__name__}") from error
    if not isinstance(message, dict):
        raise FrameError("a frame holds no JSON object")
    return cast("dict[str, Any]", message)


def _refuse_constant(name: str) -> NoReturn:
    raise FrameError(f"{name} is not JSON")


def _require_size(json_bytes: int, binary_bytes: int) -> None:
    if json_bytes + binary_bytes > MAX_FRAME_BYTES:
        raise FrameError(
            f"a frame has {json_bytes} + {binary_bytes} bytes, more than {MAX_FRAME_BYTES}"
        )
