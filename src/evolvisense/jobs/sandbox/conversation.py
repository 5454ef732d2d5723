"""Tasks and answers of one child process, each answer at its place."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from evolvisense.jobs.sandbox.frames import MAX_FILES, Frame, FrameError, pack
from evolvisense.jobs.sandbox.limits import Limits
from evolvisense.jobs.sandbox.link import Link
from evolvisense.jobs.sandbox.process import ChildProcess
from evolvisense.jobs.sandbox.usage import Meter

ANSWERS = ("result", "error")


class Said(NamedTuple):
    """What a child said: kind "hello", "event", "result" or "error"."""

    kind: str
    task: int
    """Its number; 0 before the first one."""
    body: dict[str, Any]
    binary: bytes


class Conversation:
    """One thread may `ask` while another `hear`s. Errors, as those of Link, end the process."""

    def __init__(self, process: ChildProcess, limits: Limits) -> None:
        self.process = process
        self._meter = Meter(process.pid, limits, process.name)
        self.link = Link(process, self._meter)
        self._lock = threading.Lock()
        self._open: deque[int] = deque()
        self._last = 0

    @property
    def outstanding(self) -> int:
        """Tasks without an answer."""
        return len(self._open)

    def greet(self, timeout_s: float) -> tuple[tuple[str, ...], dict[str, str]]:
        """Wait until a new child has given up its rights, before it runs anything from outside.

        Returns:
            The names of isolation that it saw to be in force, and why the others are not.
        """
        said = self._said(timeout_s)
        self.process.forget_planted()
        if said is None:
            self.link.refuse(f"it did not start in {timeout_s:.0f} s")
        return tuple(map(str, said.body["isolation"])), dict(said.body["missing"])

    def ask(self, message: Mapping[str, Any], binary: bytes, files: Sequence[int] = ()) -> int:
        """Send a task with descriptors of files; its number.

        Raises FrameError, too, where the message makes no frame.
        """
        if len(files) > MAX_FILES:
            raise ValueError(f"expected at most {MAX_FILES} files, got {len(files)}")
        number = self._last + 1
        head = {"kind": "task", "task": number, "files": len(files), "body": dict(message)}
        parts = pack(head, binary)
        self.process.output.quiet()
        with self._lock:
            self._last = number
            self._open.append(number)
            if len(self._open) == 1:
                self._meter.begin()
        self.link.write(parts, files=files)
        return number

    def take_back(self, number: int, until_s: float) -> bool:
        """Tell the child that an answer is not wanted; False where it does not listen."""
        return self.link.write(pack({"kind": "cancel", "task": number}), until_s)

    def hear(self, timeout_s: float) -> Said | None:
        """What the child says next, or None where nothing came in that time."""
        said = self._said(timeout_s)
        if said is None:
            return None
        if said.kind == "hello":
            self.link.refuse("it greeted twice")
        if said.kind in ANSWERS:
            self._note_answer(said.task)
        return said

    def _said(self, timeout_s: float) -> Said | None:
        frame = self.link.read(timeout_s)
        if frame is None:
            return None
        try:
            return _parse(frame)
        except FrameError as error:
            self.link.refuse(str(error))

    def _note_answer(self, task: int) -> None:
        with self._lock:
            if self._open and self._open[0] == task:
                self._open.popleft()
                if self._open:
                    self._meter.begin()
                else:
                    self._meter.rest()
                return
        self.link.refuse("an answer belongs to no task")


def _parse(frame: Frame) -> Said:
    """Raises FrameError where the message is not one of a child."""
    kind, task, body = (frame.message.get(name) for name in ("kind", "task", "body"))
    if kind not in ("hello", "event", *ANSWERS) or type(task) is not int:
        raise FrameError("a message is of no known kind")
    if not isinstance(body, dict):
        raise FrameError("a message has no body")
    return Said(str(kind), task, cast("dict[str, Any]", body), frame.binary)
