"""What a child takes away from itself before it touches anything from outside."""

from __future__ import annotations

import ctypes
import fcntl
import logging
import math
import os
import resource
import select
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from evolvisense.jobs.sandbox.landlock import enter_domain
from evolvisense.jobs.sandbox.limits import Limits
from evolvisense.jobs.sandbox.seccomp import build_filter, install, this_machine

OOM_SCORE = 800
"""0-1000: the kernel, short of memory, takes this process before its parent."""
DATA_FACTOR, DATA_EXTRA_BYTES = 2, 1024**3
"""The kernel's own bound on memory is generous: threads reserve much that they never touch."""
CPU_EXTRA_S = 10.0
"""The kernel's own bound on processor time steps in where the parent does not."""
OUT_OF_MEMORY = 112
"""Exit code of a process that was refused memory by its own bound."""

PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
F_SETSIG = 10

log = logging.getLogger(__name__)


def confine(limits: Limits, lifeline: int, writable: Sequence[Path] | None) -> tuple[str, ...]:
    """Take rights away, as far as the kernel goes along; the names of what is in force.

    `lifeline`: read end of a pipe whose other end the parent holds while it lives. A step that the
    kernel refuses is logged and its name is left out:

    `ends_with_parent`: killed by the kernel when the parent ends.
    `limits`: bounds on memory, open files and file size; no core dumps; lower priority.
    `no_new_privileges`: programs cannot give it rights.
    `no_other_processes`: other processes cannot be looked into.
    `no_writes_elsewhere`: files change only beneath `writable`; where that was asked for.
    `no_network`: no sockets but Unix pairs; no system calls that rule the machine.
    `no_processes`: it starts none and signals none; where limits.processes is False.
    """

    def call_filter() -> None:
        install(build_filter(this_machine(), os.getpid(), processes=limits.processes))

    steps: list[tuple[tuple[str, ...], Callable[[], None]]] = [
        (("ends_with_parent",), lambda: end_with_parent(lifeline)),
        (("limits",), lambda: _set_limits(limits)),
        (("no_new_privileges",), _give_up_privileges),
        (
            ("no_other_processes", *(() if writable is None else ("no_writes_elsewhere",))),
            lambda: enter_domain(writable),
        ),
        (("no_network", *(() if limits.processes else ("no_processes",))), call_filter),
    ]
    in_force: list[str] = []
    for names, step in steps:
        try:
            step()
        except OSError as error:
            log.warning("not in force: %s: %s", ", ".join(names), error)
        else:
            in_force += names
    return tuple(in_force)


def end_with_parent(lifeline: int) -> None:
    """Have the kernel kill this process group once the pipe's other end is closed.

    The parent's death closes it, however it dies and whatever this process is busy with.
    (PR_SET_PDEATHSIG would kill when the parent's thread ends that happened to start this process.)
    """
    if os.getpgrp() != os.getpid():
        raise OSError("the process leads no group of its own, so others would be killed with it")
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
    fcntl.fcntl(lifeline, F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    ended = select.poll()
    ended.register(lifeline, 0)
    if ended.poll(0):
        os._exit(1)


def renew_cpu_limit(cpu_s: float) -> None:
    """Let the kernel kill this process once a task has used far more than its processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + cpu_s + CPU_EXTRA_S)
    _set_limit(resource.RLIMIT_CPU, soft, keep_hard=True)


def _set_limits(limits: Limits) -> None:
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_NOFILE, limits.open_files)
    _set_limit(resource.RLIMIT_FSIZE, limits.file_bytes)
    _set_limit(resource.RLIMIT_DATA, DATA_FACTOR * limits.memory_bytes + DATA_EXTRA_BYTES)
    Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    os.nice(limits.nice)


def _set_limit(which: int, value: int, *, keep_hard: bool = False) -> None:
    """A bound that is in force already is not widened."""
    hard = resource.getrlimit(which)[1]
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (soft, hard if keep_hard else soft))


def _give_up_privileges() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    # Not dumpable: processes of the same user, the other sandboxes among them, cannot look in.
    for option, value in ((PR_SET_NO_NEW_PRIVS, 1), (PR_SET_DUMPABLE, 0)):
        nothing = ctypes.c_ulong(0)
        if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option}) is refused")
