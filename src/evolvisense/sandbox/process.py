"""A child process: its environment (nothing secret), its start, its output, its end.

What a child prints goes to the log, at a bounded rate and as plain text.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from evolvisense.sandbox.limits import Limits
from evolvisense.sandbox.privileges import unprivileged_user

NAMES = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
PREFIXES = ("EVOLVISENSE_", "OMP_", "ORT_", "OPENBLAS_", "MKL_", "MALLOC_", "CUDA_")
SECRETS = (
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "CREDENTIAL",
    "KEY",
    "DATABASE",
    "DSN",
    "URL",
    "AUTH",
)
"""A variable whose name holds one of these stays outside; a URL may hold a password."""
DEFAULTS = {"OPENBLAS_NUM_THREADS": "1"}
"""Its threads wait for more work by spinning, on cores that decoding needs: a fifth of the CPU time
of a voice (measured), and none of its elapsed time."""


def child_environment(
    environment: Mapping[str, str],
    extra: Mapping[str, str],
    path: Sequence[str] | None = None,
) -> dict[str, str]:
    """DEFAULTS, what passes from `environment`, then `extra` as it is.

    Modules are found where this process finds them (`path`, by default sys.path). There is no
    folder for temporary files.
    """
    passed = {name: value for name, value in environment.items() if _passes(name)}
    places = [str(Path(place).absolute()) for place in (sys.path if path is None else path)]
    return {
        **DEFAULTS,
        **passed,
        "PYTHONPATH": ":".join(dict.fromkeys(places)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }


def _passes(name: str) -> bool:
    if name in NAMES:
        return True
    return name.startswith(PREFIXES) and not any(word in name.upper() for word in SECRETS)


LINE_BYTES = 400
"""Longer lines are cut."""
LINES, WINDOW_S = 20, 10.0
"""At most LINES lines in WINDOW_S seconds."""

output_log = logging.getLogger(__name__)


class OutputLog:
    """Reads a pipe in a thread until it is closed, and closes this end.

    Before `quiet` lines are logged as warnings. Afterwards a file is in the process's hands, whose
    content a decoder may print: lines are logged at debug level only, their number as a warning.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor, self._name = descriptor, name
        self._is_quiet = False
        self._window_s, self._count, self._hidden = time.monotonic(), 0, 0
        self.last_line = ""
        """Of those before `quiet`."""
        self._thread = threading.Thread(target=self._read, name=f"{name}-output", daemon=True)
        self._thread.start()

    def quiet(self) -> None:
        """From now on lines may hold content."""
        self._is_quiet = True

    def join(self, timeout_s: float) -> None:
        """Wait until what the process printed has been read."""
        self._thread.join(timeout_s)

    def _read(self) -> None:
        rest = b""
        try:
            while data := os.read(self._descriptor, 64 * 1024):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._log_line(line)
                rest = rest[:LINE_BYTES]
            self._log_line(rest)
            self._log_hidden()
        finally:
            os.close(self._descriptor)

    def _log_line(self, line: bytes) -> None:
        text = line[:LINE_BYTES].decode("utf-8", "backslashreplace").rstrip()
        if not text:
            return
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        now_s = time.monotonic()
        if now_s - self._window_s >= WINDOW_S:
            self._log_hidden()
            self._window_s, self._count = now_s, 0
        self._count += 1
        if not self._is_quiet:
            self.last_line = text
        if self._is_quiet or self._count > LINES:
            self._hidden += 1
        elif self._count <= LINES:
            output_log.warning("%s: %s", self._name, text)

    def _log_hidden(self) -> None:
        if self._hidden:
            output_log.warning("%s printed %d lines that are not shown", self._name, self._hidden)
        self._hidden = 0


ENTRY = "evolvisense.sandbox"
DEATH_PATIENCE_S = 10.0
"""A killed process that is still there after this is stuck in the kernel."""
OUTPUT_PATIENCE_S = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Files:
    """Which files a child may reach besides Python, its packages and models."""

    writable: Sequence[Path] | None = ()
    """It may make, change, read and delete files beneath these; None leaves writing as it is."""
    readable: Sequence[Path] | None = ()
    """It may read files beneath these; None leaves reading as it is."""
    private: Path | None = None
    """A folder that must stay closed to it. While the child starts there is a file in it, or else
    in the folder for temporary files, on which it tries its own sandbox."""


class ChildProcess:
    """A running child with what leads to it. Raises OSError where it cannot be started.

    `tasks` is written to, `answers` is read from; both do not block. `kill` may be called from any
    thread; `close_pipes` only when no thread uses them. Until `forget_planted` there is a file
    that the child tries to reach and must not.
    """

    def __init__(
        self,
        target: str,
        limits: Limits,
        name: str,
        env: Mapping[str, str],
        files: Files,
    ) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._has_ended = False
        self._planted = _plant(name, files.private)
        ours: list[int] = []
        theirs: list[int] = []
        try:
            child_tasks, self.tasks = _sockets(theirs, ours)
            self.answers, child_answers = _pipe(ours, theirs)
            lifeline, self._lifeline = _sockets(theirs, ours)
            printed, prints = os.pipe()
            theirs.append(prints)
            self.output = OutputLog(printed, name)
            settings = {
                "target": target,
                "limits": asdict(limits),
                "writable": None if files.writable is None else [str(p) for p in files.writable],
                "readable": None if files.readable is None else [str(p) for p in files.readable],
                "private": None if files.private is None else str(files.private),
                "planted": None if self._planted is None else str(self._planted),
                "user": unprivileged_user(),
                "tasks": child_tasks,
                "answers": child_answers,
                "lifeline": lifeline,
            }
            # -P: modules are not looked for in the current folder.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, no shell
                [sys.executable, "-P", "-m", ENTRY, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=prints,
                stderr=prints,
                pass_fds=(child_tasks, child_answers, lifeline),
                cwd="/",
                env=child_environment(os.environ, env),
                start_new_session=True,
                umask=0o077,
            )
        except BaseException:
            _close(ours)
            self.forget_planted()
            raise
        finally:
            _close(theirs)
        self.pid = self._process.pid
        os.set_blocking(self.tasks, False)
        os.set_blocking(self.answers, False)

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        with self._lock:
            if self._has_ended:
                return False
            # The process is looked at but not waited for: until it is, its id names no other group.
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            try:
                return os.waitid(os.P_PID, self.pid, look) is None
            except ChildProcessError:
                return False

    def kill(self) -> int:
        """Kill the process and all that it started; its exit status, a signal as negative number.

        The status is that of its own end where it had ended before.
        """
        with self._lock:
            if not self._has_ended:
                self._has_ended = True
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                try:
                    self._process.wait(DEATH_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    log.error("%s: process %d was killed but does not end", self.name, self.pid)
                self.output.join(OUTPUT_PATIENCE_S)
                self.forget_planted()
            status = self._process.returncode
            return -signal.SIGKILL if status is None else status

    def forget_planted(self) -> None:
        """Delete the file that the child must not be able to reach."""
        planted, self._planted = self._planted, None
        if planted is not None:
            planted.unlink(missing_ok=True)
            planted.parent.rmdir()

    def close_tasks(self) -> None:
        """Close the task channel: no task follows."""
        if self.tasks >= 0:
            os.close(self.tasks)
            self.tasks = -1

    def close_pipes(self) -> None:
        """Close this side's ends."""
        self.close_tasks()
        _close([self.answers, self._lifeline])


def _plant(name: str, folder: Path | None) -> Path | None:
    """A file that everybody could use if the sandbox did not prevent it, in a new folder."""
    try:
        made = Path(tempfile.mkdtemp(prefix=f"{name}-probe-", dir=folder)).absolute()
    except OSError as error:
        log.debug("no file can be made to try the sandbox on: %s", error)
        return None
    made.chmod(0o777)
    planted = made / "file"
    planted.touch()
    planted.chmod(0o666)
    return planted


def _pipe(reader: list[int], writer: list[int]) -> tuple[int, int]:
    """A pipe whose ends are noted with their owners."""
    ends = os.pipe()
    reader.append(ends[0])
    writer.append(ends[1])
    return ends


def _sockets(child: list[int], parent: list[int]) -> tuple[int, int]:
    """A pair of sockets whose ends are noted with their owners; the parent's end reads nothing."""
    theirs, ours = socket.socketpair()
    ours.shutdown(socket.SHUT_RD)
    ends = theirs.detach(), ours.detach()
    child.append(ends[0])
    parent.append(ends[1])
    return ends


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
