"""The side of a sandboxed process: tasks come in, events, results and errors go out.

def serve(channel: ChildChannel) -> None:
    model = load()
    for task in channel.tasks():
        channel.result(model.work(task.message, task.binary, task.is_cancelled))
"""

from __future__ import annotations

import array
import logging
import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evolvisense.sandbox.channel import DESCRIPTOR_BYTES, MAX_FILES, FrameReader, pack
from evolvisense.sandbox.confinement import renew_cpu_limit

CHUNK_BYTES = 256 * 1024
ORPHAN_GRACE_S = 10.0
"""How long the process may go on after its parent has closed the channel."""
NO_ANSWER = "no_answer"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """One task of the parent."""

    number: int
    message: dict[str, Any]
    binary: bytes
    files: tuple[int, ...]
    """Descriptors that came with it, in the parent's order; closed when the task is answered."""
    is_cancelled: Callable[[], bool]
    """Whether the parent has cancelled the task; does not wait, may be called from any thread."""


class ChildChannel:
    """Messages to and from the parent. `event` may be called from several threads."""

    def __init__(self, tasks_fd: int, answers_fd: int, cpu_s: float) -> None:
        self._tasks_fd, self._answers_fd, self._cpu_s = tasks_fd, answers_fd, cpu_s
        self._waiting: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._cancelled: set[int] = set()
        self._arrived: deque[int] = deque()
        self._writing = threading.Lock()
        self._current = 0
        self._is_open = False
        threading.Thread(target=self._listen, name="sandbox-tasks", daemon=True).start()

    def tasks(self) -> Iterator[Task]:
        """The tasks in the order in which they were sent, until the parent closes the channel.

        Each needs one `result` or `error`; where the next task is taken without one, the parent
        gets an error with the code `no_answer`.
        """
        while (task := self._waiting.get()) is not None:
            self._current, self._is_open = task.number, True
            renew_cpu_limit(self._cpu_s)
            yield task
            if self._is_open:
                self.error(NO_ANSWER, "the task was left without an answer")
            self._cancelled.discard(task.number)
            _close(task.files)

    def event(self, message: Mapping[str, Any], binary: bytes = b"") -> None:
        """Send the parent a message during the task; `message` names it under "event".

        Before the first task too. Raises FrameError where it is too large or is not JSON.
        """
        if "event" not in message:
            raise ValueError('expected a message with the key "event"')
        self._write("event", message, binary)

    def result(self, message: Mapping[str, Any], binary: bytes = b"") -> None:
        """Answer the current task. Raises FrameError as `event` does; the task is open then."""
        self._answer("result", message, binary)

    def error(self, code: str, detail: str) -> None:
        """Answer the current task with a failure."""
        self._answer("error", {"code": code, "detail": detail}, b"")

    def hello(self, isolation: tuple[str, ...], missing: Mapping[str, str]) -> None:
        """Tell the parent what is in force and what is not, with the reasons.

        The first message, sent before any target runs.
        """
        self._write("hello", {"isolation": list(isolation), "missing": dict(missing)}, b"")

    def _answer(self, kind: str, body: Mapping[str, Any], binary: bytes) -> None:
        if not self._is_open:
            raise RuntimeError(f"a {kind} was sent, but every task has been answered")
        self._write(kind, body, binary)
        self._is_open = False

    def _write(self, kind: str, body: Mapping[str, Any], binary: bytes) -> None:
        parts = pack({"kind": kind, "task": self._current, "body": body}, binary)
        with self._writing:
            for part in parts:
                view = memoryview(part)
                while view:
                    view = view[os.write(self._answers_fd, view) :]

    def _listen(self) -> None:
        reader = FrameReader()
        # Made of a descriptor: no socket is opened for it.
        incoming = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, self._tasks_fd)
        room = socket.CMSG_SPACE(MAX_FILES * DESCRIPTOR_BYTES)
        try:
            while True:
                data, notes, _, _ = incoming.recvmsg(CHUNK_BYTES, room, socket.MSG_CMSG_CLOEXEC)
                for _, _, numbers in notes:
                    self._arrived.extend(array.array("i", numbers))
                if not data:
                    break
                reader.feed(data)
                while (frame := reader.pop()) is not None:
                    self._take(frame.message, frame.binary)
            self._closed.set()
            self._waiting.put(None)
            time.sleep(ORPHAN_GRACE_S)
        except Exception:
            log.exception("the parent sent an invalid message")
        os._exit(1)

    def _take(self, message: dict[str, Any], binary: bytes) -> None:
        number = int(message["task"])
        if message["kind"] == "cancel":
            if number >= self._current:
                self._cancelled.add(number)
            return

        def is_cancelled() -> bool:
            return self._closed.is_set() or number in self._cancelled

        # Descriptors arrive no later than the first byte of their frame, in the same order.
        files = tuple(self._arrived.popleft() for _ in range(message["files"]))
        self._waiting.put(Task(number, message["body"], binary, files, is_cancelled))


def _close(descriptors: tuple[int, ...]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
