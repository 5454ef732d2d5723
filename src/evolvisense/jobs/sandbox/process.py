"""A child process: started, watched, ended."""

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
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from evolvisense.jobs.sandbox.environment import child_environment
from evolvisense.jobs.sandbox.limits import Limits
from evolvisense.jobs.sandbox.output import OutputLog
from evolvisense.jobs.sandbox.privileges import unprivileged_user

ENTRY = "evolvisense.jobs.sandbox"
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
            # -P: the current folder is no source of modules.
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
        """Delete the file that the child had to leave alone."""
        planted, self._planted = self._planted, None
        if planted is not None:
            planted.unlink(missing_ok=True)
            planted.parent.rmdir()

    def close_tasks(self) -> None:
        """Let the child know that no task follows."""
        if self.tasks >= 0:
            os.close(self.tasks)
            self.tasks = -1

    def close_pipes(self) -> None:
        """Close this side's ends."""
        self.close_tasks()
        _close([self.answers, self._lifeline])


def _plant(name: str, folder: Path | None) -> Path | None:
    """A file in a folder of its own that everybody may use, were it not for the sandbox."""
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
