"""The supervisor of a child process that runs under limits and without network.

    with Sandbox("package.module:serve", limits, name="reader") as sandbox:
        answer = sandbox.request({"file": "a.webm"})

Tasks of one child may overlap; each answer is given to the task it belongs to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, Self, cast

from evolvisense.errors import (
    CancelledError,
    EngineUnavailableError,
    SandboxDiedError,
    SandboxError,
    SandboxTaskError,
)
from evolvisense.sandbox.channel import MAX_FILES, Frame, FrameError, Link, pack
from evolvisense.sandbox.limits import Limits, Meter, resident_bytes
from evolvisense.sandbox.process import ChildProcess, Files

ANSWERS = ("result", "error")


class Answer(NamedTuple):
    """What a child message: kind "hello", "event", "result" or "error"."""

    kind: str
    task: int
    """Its number; 0 before the first one."""
    body: dict[str, Any]
    binary: bytes


class Conversation:
    """One thread may `send` while another `receive`s. Errors, as those of Link, end the process."""

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

    def handshake(self, timeout_s: float) -> tuple[tuple[str, ...], dict[str, str]]:
        """Wait for the child's first message: it has given up its rights and runs nothing else yet.

        Returns:
            Names of the isolation that is in force, and why the others are not.
        """
        message = self._next_message(timeout_s)
        self.process.forget_planted()
        if message is None:
            self.link.refuse(f"it did not start in {timeout_s:.0f} s")
        return tuple(map(str, message.body["isolation"])), dict(message.body["missing"])

    def send(self, message: Mapping[str, Any], binary: bytes, files: Sequence[int] = ()) -> int:
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

    def send_cancel(self, number: int, until_s: float) -> bool:
        """Tell the child that a task is cancelled; False where it does not read that in time."""
        return self.link.write(pack({"kind": "cancel", "task": number}), until_s)

    def receive(self, timeout_s: float) -> Answer | None:
        """The next message of the child, or None where nothing came in that time."""
        message = self._next_message(timeout_s)
        if message is None:
            return None
        if message.kind == "hello":
            self.link.refuse("it sent a second hello")
        if message.kind in ANSWERS:
            self._note_answer(message.task)
        return message

    def _next_message(self, timeout_s: float) -> Answer | None:
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
        self.link.refuse("an answer that belongs to no open task")


def _parse(frame: Frame) -> Answer:
    """Raises FrameError where the message is not one of a child."""
    kind, task, body = (frame.message.get(name) for name in ("kind", "task", "body"))
    if kind not in ("hello", "event", *ANSWERS) or type(task) is not int:
        raise FrameError("a message of an unknown kind")
    if not isinstance(body, dict):
        raise FrameError("a message without a body")
    return Answer(str(kind), task, cast("dict[str, Any]", body), frame.binary)


TICK_S = 0.2
POLL_S = 0.1
PATIENCE_S = 2.0
START_S = 60.0
DETAIL_CHARACTERS = 2000
"""Of a child's error text; what is longer is cut."""

log = logging.getLogger(__name__)


class Reply(NamedTuple):
    """The answer to a task."""

    result: dict[str, Any]
    binary: bytes


def _ignore(_message: dict[str, Any]) -> None: ...


def _never() -> bool:
    return False


class Sandbox:
    """Runs `target` ("module:function", a function of one ChildChannel) in a process of its own.

    To be used from one thread, but for `kill`, `is_alive`, `pid` and `rss_bytes`, which any thread
    may use; where several tasks are under way, one thread may `send` while another `receive`s.
    An error of the kind SandboxDiedError or SandboxLimitError, and a task that was broken off, end
    the process; `start` starts another.

    Limits are only checked while a method of this object runs, not between two calls.

    Args:
        target: What to run.
        limits: What it may use.
        name: For the log.
        env: Added to the child's environment as it is.
        files: Which files it may reach; by default none but Python, its packages and models. What
            it works on comes as descriptors with each task.
        required: Names of isolation without which `start` fails instead of logging a warning.
        patience_s: How long it may take to stop on request.
    """

    def __init__(
        self,
        target: str,
        limits: Limits,
        *,
        name: str,
        env: Mapping[str, str] | None = None,
        files: Files | None = None,
        required: Sequence[str] = (),
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.name, self._target, self._limits = name, target, limits
        self._env = dict(env or {})
        self._files, self._required = files or Files(), required
        self._patience_s = patience_s
        self._running: Conversation | None = None
        self._isolation: tuple[str, ...] = ()
        self._missing: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process and return once it has given up its rights.

        The target is imported after that: a target that takes its time says by an event when it
        is ready (`receive` it), otherwise the first task waits for it. Raises SandboxDiedError, or
        EngineUnavailableError where `required` isolation is not to be had here.
        """
        if self.is_alive:
            raise RuntimeError(f"{self.name} runs already")
        self.close()
        try:
            process = ChildProcess(self._target, self._limits, self.name, self._env, self._files)
        except OSError as error:
            raise SandboxDiedError(f"{self.name} cannot be started: {error}") from error
        self._running = Conversation(process, self._limits)
        try:
            self._isolation, self._missing = self._running.handshake(START_S)
            if resident_bytes(process.pid):
                self._isolation += ("measured",)
            else:
                self._missing["measured"] = "/proc hides the process from its parent"
            required = [name for name in self._required if name not in self._isolation]
            if required:
                why = "; ".join(f"{name}: {self._missing.get(name, '?')}" for name in required)
                raise EngineUnavailableError(
                    f"this system cannot isolate a process as required: {why}"
                )
            for name, why in self._missing.items():
                log.warning("%s: %s is not in force: %s", self.name, name, why)
        except BaseException:
            self.close()
            raise

    @property
    def isolation(self) -> tuple[str, ...]:
        """What was seen to be in force for the process started last; names of `probes.MEANINGS`."""
        return self._isolation

    @property
    def missing(self) -> Mapping[str, str]:
        """Name of isolation that is not in force -> what the process could do all the same."""
        return self._missing

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        running = self._running
        return running is not None and running.process.is_alive

    @property
    def pid(self) -> int | None:
        """Of the process started last."""
        return self._running.process.pid if self._running else None

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the process in bytes; 0 while it does not run."""
        running = self._running
        return resident_bytes(running.process.pid) if running and running.process.is_alive else 0

    @property
    def outstanding(self) -> int:
        """Tasks that were sent and are not answered. Whoever sends bounds them."""
        return self._running.outstanding if self._running else 0

    def request(
        self,
        message: Mapping[str, Any],
        *,
        binary: bytes = b"",
        files: Sequence[int] = (),
        on_event: Callable[[dict[str, Any]], None] = _ignore,
        is_cancelled: Callable[[], bool] = _never,
        tick: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """As `exchange`, for answers without a binary part."""
        return self.exchange(
            message,
            binary=binary,
            files=files,
            on_event=on_event,
            is_cancelled=is_cancelled,
            tick=tick,
        ).result

    def exchange(
        self,
        message: Mapping[str, Any],
        *,
        binary: bytes = b"",
        files: Sequence[int] = (),
        on_event: Callable[[dict[str, Any]], None] = _ignore,
        is_cancelled: Callable[[], bool] = _never,
        tick: Callable[[], None] | None = None,
    ) -> Reply:
        """Send one task and wait for its answer.

        `files` are descriptors that the task gets (`Task.files`); they stay open here. `on_event`
        gets the events of this task as they come; `tick` and `is_cancelled` are called about every
        TICK_S, all in this thread. Raises SandboxTaskError (the child's own failure; it
        can go on), SandboxDiedError, SandboxLimitError, CancelledError (the child goes on where it
        stops within `patience_s`: see `is_alive`), or FrameError where the message cannot be sent.
        """
        running = self._require()
        if running.outstanding and self.is_alive:
            raise RuntimeError("a request cannot be made while other tasks are under way")
        number = running.send(message, binary, files)
        looked_s = time.monotonic()
        try:
            while True:
                reply = self._reply(running, number, on_event)
                if reply is not None:
                    return reply
                if time.monotonic() - looked_s >= TICK_S:
                    looked_s = time.monotonic()
                    if tick is not None:
                        tick()
                    if is_cancelled():
                        self._cancel(running, number)
        finally:
            if running.outstanding:  # no later task may get this one's answer
                self.kill()

    def send(self, message: Mapping[str, Any], binary: bytes = b"") -> int:
        """Send a task without waiting for its answer; its number, which the answer names.

        Tasks are answered in the order in which they are sent. Raises FrameError where the message
        is too large or is not JSON, SandboxDiedError or SandboxLimitError.
        """
        return self._require().send(message, binary)

    def receive(self, timeout_s: float) -> Frame | None:
        """The next message of the child, as (message, binary); None where none came in that time.

        `{"event": ..., "task": n}` with what else the child put in, `{"result": {...}, "task": n}`
        or `{"error": {"code", "detail"}, "task": n}`. An event before the first task has n = 0.
        Raises SandboxDiedError or SandboxLimitError.
        """
        message = self._require().receive(timeout_s)
        if message is None:
            return None
        body = message.body if message.kind == "event" else {message.kind: message.body}
        return Frame({**body, "task": message.task}, message.binary)

    def kill(self) -> None:
        """End the process at once. Whoever waits for it gets a SandboxDiedError."""
        running = self._running
        if running is not None:
            running.process.kill()

    def close(self) -> None:
        """Let the process end, kill it after `patience_s`, and give back what it held.

        No other thread may use this object meanwhile: `kill` makes one that waits come back.
        """
        running, self._running = self._running, None
        if running is None:
            return
        running.process.close_tasks()
        try:
            end_s = time.monotonic() + self._patience_s
            while running.process.is_alive and time.monotonic() < end_s:
                running.link.read(POLL_S)
        except SandboxError as error:
            log.debug("%s closed: %s", self.name, error)
        running.process.kill()
        running.process.close_pipes()

    def _require(self) -> Conversation:
        if self._running is None:
            raise SandboxDiedError(f"{self.name} is not running")
        return self._running

    def _reply(
        self, running: Conversation, number: int, on_event: Callable[[dict[str, Any]], None]
    ) -> Reply | None:
        """Wait a moment for the answer, handing on an event."""
        message = running.receive(POLL_S)
        if message is None:
            return None
        if message.kind == "error":
            code, detail = str(message.body.get("code")), str(message.body.get("detail"))
            raise SandboxTaskError(code, detail[:DETAIL_CHARACTERS])
        if message.kind == "result":
            return Reply(message.body, message.binary)
        if message.task == number:
            on_event(message.body)
        return None

    def _cancel(self, running: Conversation, number: int) -> NoReturn:
        """Ask the child to stop, wait for its answer, and raise CancelledError."""
        end_s = time.monotonic() + self._patience_s
        stopped = CancelledError("the work was stopped on request")
        try:
            if running.send_cancel(number, end_s):
                while time.monotonic() < end_s:
                    if self._reply(running, number, _ignore) is not None:
                        break
        except SandboxError as error:
            raise stopped from error
        raise stopped
