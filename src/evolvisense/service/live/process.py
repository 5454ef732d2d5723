"""One process of the live streams, spoken to from the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from evolvisense.errors import EvolviSenseError, SandboxDiedError, SandboxError
from evolvisense.service.live.protocol import INTERNAL_ERROR, OurFaultError, PassingError

LOAD_PATIENCE_S = 120.0
POLL_S = 0.5

RESTARTED = "analysis_restarted"
UNAVAILABLE = "analysis_unavailable"

Answer = dict[str, Any]

log = logging.getLogger(__name__)


class Process(Protocol):
    """What is used of `evolvisense.sandbox.Sandbox`."""

    def start(self) -> None:
        """Start it."""
        ...

    def send(self, message: Mapping[str, Any], binary: bytes = b"") -> int:
        """Send a task; blocks while the pipe is full."""
        ...

    def receive(self, timeout_s: float) -> tuple[dict[str, Any], bytes] | None:
        """The next message, None where none came in time; answers come in the order of tasks."""
        ...

    def kill(self) -> None:
        """End it; whoever waits for it gets a SandboxError. May be called from any thread."""
        ...

    def close(self) -> None:
        """Give back what it held, when no other thread uses it."""
        ...


class LostError(OurFaultError):
    """The process died before it answered; another one will serve."""

    def __init__(self, *, at_fault: bool) -> None:
        super().__init__(RESTARTED, "the analysis had to be started again; go on sending")
        self.at_fault = at_fault
        """Whether the process died on this task."""


class UnavailableError(OurFaultError):
    """No process can be started."""

    def __init__(self) -> None:
        super().__init__(UNAVAILABLE, "the analysis cannot be started; the server's log says why")


class Link:
    """A process and its threads. The oldest task without an answer is the one in its hands."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[list[dict[str, Any]]] = self._loop.create_future()
        self._asked: deque[asyncio.Future[Answer]] = deque()
        self._closing = False
        self.is_lost = False
        self.has_answered = False
        # One thread, so that tasks keep their order.
        self._sender = ThreadPoolExecutor(1, "live-send")
        self._reader = threading.Thread(target=self._read, name="live-read", daemon=True)

    async def start(self) -> list[dict[str, Any]]:
        """Start the process and wait for its models: their identities. Raises UnavailableError."""
        try:
            await self._loop.run_in_executor(self._sender, self._process.start)
            self._reader.start()
            async with asyncio.timeout(LOAD_PATIENCE_S):
                return await self._ready
        except (EvolviSenseError, TimeoutError) as error:
            log.error("the live analysis cannot be started: %s", error or "it takes too long")
            raise UnavailableError from error

    async def ask(self, task: Mapping[str, Any], binary: bytes = b"") -> Answer:
        """The answer to a task. Raises LostError, or PassingError where the task failed."""
        if self.is_lost:
            raise LostError(at_fault=False)
        return await self._put(task, binary)

    def post(self, task: Mapping[str, Any]) -> None:
        """A task whose answer nobody wants."""
        if not self.is_lost:
            self._put(task, b"").cancel()

    async def close(self) -> None:
        """End the process; what was asked is lost."""
        self._closing = True
        self._lose(None)
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._process.kill()
        self._sender.shutdown(cancel_futures=True)
        if self._reader.ident is not None:
            self._reader.join()
        self._process.close()

    def _put(self, task: Mapping[str, Any], binary: bytes) -> asyncio.Future[Answer]:
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._asked.append(answer)
        # Not awaited: a client that leaves must not take back what the process has half of.
        self._sender.submit(self._send, task, binary)
        return answer

    def _send(self, task: Mapping[str, Any], binary: bytes) -> None:
        try:
            self._process.send(task, binary)
        except SandboxError as error:
            self._tell(self._lose, error)

    def _read(self) -> None:
        try:
            while not self._closing:
                received = self._process.receive(POLL_S)
                if received is not None:
                    self._tell(self._take, received[0])
        except SandboxError as error:
            self._tell(self._lose, error)

    def _tell(self, what: Callable[[Any], None], value: object) -> None:
        if not self._closing:
            self._loop.call_soon_threadsafe(what, value)

    def _take(self, message: dict[str, Any]) -> None:
        if self.is_lost:
            return
        match message:
            case {"event": "ready", "models": list()} if not self._ready.done():
                self._ready.set_result(message["models"])
            case {"event": "broken", "code": code, "detail": detail}:
                self._lose(SandboxDiedError(f"{code}: {detail}"))
            case {"result": dict()} if self._asked:
                self._answer(message["result"])
            case {"error": {"code": str(code), "detail": str(detail)}} if self._asked:
                kind = OurFaultError if code == INTERNAL_ERROR else PassingError
                self._answer(kind(code, detail))
            case _:
                # Pictures of strangers are decoded there: what it says is not trusted.
                self._lose(SandboxDiedError("what it says makes no sense"))

    def _answer(self, said: Answer | PassingError) -> None:
        answer = self._asked.popleft()
        self.has_answered = True
        if answer.done():  # the client has left
            return
        if isinstance(said, PassingError):
            answer.set_exception(said)
        else:
            answer.set_result(said)

    def _lose(self, error: SandboxError | None) -> None:
        if self.is_lost:
            return
        self.is_lost = True
        if error is not None:
            log.warning("the live analysis ended: %s", error)
        if error is None or self._ready.done():
            self._ready.cancel()
        else:
            self._ready.set_exception(error)
        for place, answer in enumerate(self._asked):
            if not answer.done():
                answer.set_exception(LostError(at_fault=place == 0 and error is not None))
        self._asked.clear()
