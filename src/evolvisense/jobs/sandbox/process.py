"""A child process: started, watched, ended, and tidied up after."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from evolvisense.jobs.sandbox.environment import child_environment
from evolvisense.jobs.sandbox.limits import Limits
from evolvisense.jobs.sandbox.output import OutputLog

ENTRY = "evolvisense.jobs.sandbox"
DEATH_PATIENCE_S = 10.0
"""A killed process that is still there after this is stuck in the kernel."""
OUTPUT_PATIENCE_S = 1.0

log = logging.getLogger(__name__)


class ChildProcess:
    """A running child with the pipes to it. Raises OSError where it cannot be started.

    `tasks` is written to, `answers` is read from; both do not block. `kill` may be called from any
    thread; `close_pipes` only when no thread uses them.
    """

    def __init__(
        self,
        target: str,
        limits: Limits,
        name: str,
        env: Mapping[str, str],
        writable: Sequence[Path] | None,
        temp_root: Path | None,
    ) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._has_ended = False
        self._temp = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=temp_root))
        ours: list[int] = []
        theirs: list[int] = []
        try:
            child_tasks, self.tasks = _pipe(theirs, ours)
            self.answers, child_answers = _pipe(ours, theirs)
            lifeline, self._lifeline = _pipe(theirs, ours)
            printed, prints = os.pipe()
            theirs.append(prints)
            self.output = OutputLog(printed, name)
            settings = {
                "target": target,
                "limits": asdict(limits),
                "writable": None if writable is None else [str(p) for p in (*writable, self._temp)],
                "tasks": child_tasks,
                "answers": child_answers,
                "lifeline": lifeline,
            }
            # -P: the current folder, which the child may write to, is no source of modules.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, no shell
                [sys.executable, "-P", "-m", ENTRY, json.dumps(settings)],
                stdin=subprocess.DEVNULL,
                stdout=prints,
                stderr=prints,
                pass_fds=(child_tasks, child_answers, lifeline),
                cwd=self._temp,
                env=child_environment(os.environ, env, self._temp),
                start_new_session=True,
                umask=0o077,
            )
        except BaseException:
            _close(ours)
            _remove(self._temp)
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
                _remove(self._temp)
            status = self._process.returncode
            return -signal.SIGKILL if status is None else status

    def close_tasks(self) -> None:
        """Let the child know that no task follows."""
        if self.tasks >= 0:
            os.close(self.tasks)
            self.tasks = -1

    def close_pipes(self) -> None:
        """Close this side's ends."""
        self.close_tasks()
        _close([self.answers, self._lifeline])


def _pipe(reader: list[int], writer: list[int]) -> tuple[int, int]:
    """A pipe whose ends are noted with their owners."""
    ends = os.pipe()
    reader.append(ends[0])
    writer.append(ends[1])
    return ends


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Delete a folder in which the child may have made anything."""
    try:
        for place, names, _ in os.walk(folder):
            for name in names:
                inner = Path(place, name)
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(folder)
    except OSError as error:
        log.warning("%s cannot be deleted: %s", folder, error)
