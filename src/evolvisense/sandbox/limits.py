"""Limits of a sandboxed process, and what it uses, measured from outside."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from evolvisense.errors import SandboxLimitError


@dataclass(frozen=True)
class Limits:
    """Bounds of a process and of each of its tasks. All but `nice` are greater than 0."""

    memory_bytes: int
    """Resident memory of the process, libraries and models included."""
    cpu_s: float
    """Processor time of one task, summed over threads."""
    wall_s: float
    """From sending a task to its answer; with several tasks sent, between two answers."""
    open_files: int = 256
    file_bytes: int = 4 * 1024**3
    """The largest file that may be written."""
    processes: bool = False
    """Whether it may start processes. Their use is not measured, so limits then hold
    only for the first one."""
    nice: int = 5
    """How far others go before it where the processor is short, 0-19 (nice(2))."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("processes", "nice") and not value > 0:
                raise ValueError(f"expected {field.name} > 0, got {value}")
        if not 0 <= self.nice <= 19:
            raise ValueError(f"expected nice from 0 to 19, got {self.nice}")


CHECK_S = 0.1
"""Measured at most so often."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu_s(pid: int) -> float:
    """Processor time of a process and of the children it has waited for; 0 once it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = text[text.rindex(b")") + 1 :].split()  # the name before it may hold anything
    return sum(map(int, fields[11:15])) / TICKS_PER_S


class Meter:
    """Holds a process to its limits. May be used from several threads."""

    def __init__(self, pid: int, limits: Limits, name: str) -> None:
        self._pid, self._limits, self._name = pid, limits, name
        self._lock = threading.Lock()
        self._task: tuple[float, float] | None = None
        self._checked_s = 0.0

    def begin(self) -> None:
        """A task begins now."""
        with self._lock:
            self._task = (time.monotonic(), cpu_s(self._pid))

    def rest(self) -> None:
        """No task is running; memory is still limited."""
        with self._lock:
            self._task = None

    def breach(self) -> SandboxLimitError | None:
        """The first limit that is exceeded, looked at no more than every CHECK_S."""
        with self._lock:
            now_s = time.monotonic()
            if now_s - self._checked_s < CHECK_S:
                return None
            self._checked_s = now_s
            task = self._task
        limits = self._limits
        if (used := resident_bytes(self._pid)) > limits.memory_bytes:
            allowed_mb = limits.memory_bytes / 1e6
            return self._error("memory", f"{used / 1e6:.0f} MB of memory, allowed {allowed_mb:.0f}")
        if task is None:
            return None
        began_s, before_s = task
        if (spent := cpu_s(self._pid) - before_s) > limits.cpu_s:
            return self._error(
                "cpu", f"{spent:.1f} s of processor time, allowed {limits.cpu_s:.1f}"
            )
        if (passed := now_s - began_s) > limits.wall_s:
            return self._error("wall", f"{passed:.1f} s, allowed {limits.wall_s:.1f}")
        return None

    def _error(self, which: Literal["memory", "cpu", "wall"], what: str) -> SandboxLimitError:
        return SandboxLimitError(which, f"{self._name} took {what}")
