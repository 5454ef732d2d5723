"""Messages between a process and its sandboxed child process.

    parent                                             child
      | -- settings as argument, one file descriptor each for tasks, answers, lifeline -->
      |                                                  | gives up its rights (confinement.py)
      | <-- hello: isolation in force, missing --------- |
      |                                                  | imports and runs the target
      | <-- event (task 0): ready, or broken ----------- |
      | -- task 1 (+ files as descriptors, SCM_RIGHTS) > |
      | -- task 2 ------------------------------------->  waits in the child
      | <-- event (task 1): progress ------------------- |
      | -- cancel 1 (answer no longer wanted) --------->  |
      | <-- result or error (task 1), then of task 2 --- |
      | -- end of file --------------------------------> | ends, or is killed after `patience_s`

    message = header length | body length   4 bytes each, big-endian
              header                        JSON
              body                          bytes as they are

Neither side trusts the other: a reader checks every length. While the parent waits for a message
it checks the limits of the child and whether it has died.

Any cut of the bytes: tests/sandbox/test_frames.py,
`test_frames_come_out_as_they_went_in_whatever_the_pieces`; children that send nonsense:
tests/sandbox/test_deaths.py, `test_a_process_that_speaks_nonsense_is_ended`; answers that belong to
their task: tests/sandbox/test_sandbox.py,
`test_several_tasks_are_under_way_with_a_thread_for_each_direction`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, cast

from evolvisense.errors import SandboxDiedError, SandboxError, SandboxLimitError
from evolvisense.sandbox.confinement import OUT_OF_MEMORY
from evolvisense.sandbox.limits import CHECK_S, Meter
from evolvisense.sandbox.process import ChildProcess

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
    """Assembles frames from chunks of any size; holds at most one frame and one chunk."""

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


CHUNK_BYTES = 256 * 1024


class Link:
    """One thread may write while another reads. Errors end the process."""

    def __init__(self, process: ChildProcess, meter: Meter) -> None:
        self._process, self._meter = process, meter
        self._reader = FrameReader()
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(process.tasks, select.POLLOUT)
        self._readable.register(process.answers, select.POLLIN)
        self._lock = threading.Lock()
        self._reason: SandboxError | None = None

    def write(
        self, parts: list[bytes], until_s: float | None = None, files: Sequence[int] = ()
    ) -> bool:
        """Write all parts, and descriptors with the first byte.

        Args:
            parts: Of a frame.
            until_s: When to give up (monotonic clock); None waits on.
            files: Descriptors for the child; they stay open here.

        Returns:
            False where the child did not take them until then.

        Raises:
            SandboxDiedError, SandboxLimitError: The process has ended, or was ended.
        """
        for part in parts:
            view = memoryview(part)
            while view:
                self.check()
                try:
                    view = view[_send(self._process.tasks, view, files) :]
                    files = ()
                except BlockingIOError:
                    if until_s is not None and time.monotonic() >= until_s:
                        return False
                    self._writable.poll(CHECK_S * 1000)
                except BrokenPipeError:
                    self._died()
        return True

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, or None where none came in that time.

        Frames that were complete when the process ended are still handed out. Raises
        SandboxDiedError or SandboxLimitError.
        """
        end_s = time.monotonic() + timeout_s
        while True:
            try:
                frame = self._reader.pop()
            except FrameError as error:
                self.refuse(str(error))
            if frame is not None:
                return frame
            self.check()
            left_s = end_s - time.monotonic()
            if not self._readable.poll(max(0.0, min(CHECK_S, left_s)) * 1000):
                if left_s <= 0:
                    return None
                continue
            data = os.read(self._process.answers, CHUNK_BYTES)
            if not data:
                self._died()
            self._reader.feed(data)

    def check(self) -> None:
        """Raise SandboxLimitError where a limit is exceeded; the process is killed then."""
        breach = self._meter.breach()
        if breach is not None:
            self._end(breach)

    def refuse(self, why: str) -> NoReturn:
        """End a process whose messages are invalid."""
        self._end(SandboxDiedError(f"{self._process.name} was ended: {why}"))

    def _died(self) -> NoReturn:
        process = self._process
        status = process.kill()
        if status == OUT_OF_MEMORY:
            self._end(SandboxLimitError("memory", f"{process.name} was refused more memory"))
        if status == -signal.SIGXCPU:
            self._end(SandboxLimitError("cpu", f"{process.name} took too much processor time"))
        said = process.output.last_line
        text = f"{process.name} {_ending(status)}" + (f"; it last printed: {said}" if said else "")
        if status < 0:
            self._end(SandboxDiedError(text, signal=-status))
        self._end(SandboxDiedError(text, exit_code=status))

    def _end(self, reason: SandboxError) -> NoReturn:
        """Kill the process and raise the reason that was first to be seen."""
        with self._lock:
            self._reason = self._reason or reason
        self._process.kill()
        raise self._reason


def _send(descriptor: int, data: memoryview, files: Sequence[int]) -> int:
    """How many bytes were taken; `files` go with the first one."""
    if not files:
        return os.write(descriptor, data)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
    try:
        return socket.send_fds(connection, [data], list(files))
    finally:
        connection.detach()


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with exit code {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was killed by {name}"
