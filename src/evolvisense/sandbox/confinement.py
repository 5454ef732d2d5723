"""What a child takes away from itself before it touches anything from outside.

    parent                              child
    ------                              -----
    plants a file, picks a user  --->   lifeline: the kernel kills it when the parent ends
                                        limits: memory, files, time
                                        no new privileges
                                        Landlock: files by a list, no other processes
                                        another user, no capabilities
                                        seccomp: calls refused
                                        probes: what of it holds?
    deletes the planted file     <---   hello {isolation, missing}
                                        imports the target

The order matters: rules name files that only root may open, and becoming another user is itself one
of the calls that are refused afterwards. tests/sandbox/test_isolation.py tries it from inside.
"""

from __future__ import annotations

import fcntl
import math
import os
import resource
import select
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evolvisense.sandbox import landlock, privileges, probes
from evolvisense.sandbox.limits import Limits
from evolvisense.sandbox.python_files import python_folders, source_folders, system_files
from evolvisense.sandbox.seccomp import build_filter, install, this_machine

OOM_SCORE = 800
"""0-1000: the kernel, short of memory, takes this process before its parent."""
DATA_FACTOR, DATA_EXTRA_BYTES = 2, 1024**3
"""The kernel's own bound on memory is generous: threads reserve much that they never touch."""
CPU_EXTRA_S = 10.0
"""The kernel's own bound on processor time steps in where the parent does not."""
OUT_OF_MEMORY = 112
"""Exit code of a process that was refused memory by its own bound."""

F_SETSIG = 10


@dataclass(frozen=True)
class Confinement:
    """What is to be taken away."""

    target: str
    """Its package may be imported."""
    limits: Limits
    tasks: int
    """Descriptor: the socket that tasks come through."""
    lifeline: int
    """Descriptor: end of a pair of sockets whose other end the parent holds while it lives."""
    user: int | None
    """Number of the user to become; None for the one that it is."""
    writable: Sequence[Path] | None
    """Files may change beneath these only; None leaves writing as it is."""
    readable: Sequence[Path] | None
    """Read besides Python, its packages and models; None leaves reading as it is."""
    private: Path | None
    """A folder that stays closed although a folder of sources holds it."""
    planted: Path | None
    """A file that this process must not reach: the probes try it."""


def confine(target: Confinement) -> tuple[tuple[str, ...], dict[str, str]]:
    """Take rights away, as far as the kernel goes along, and try what is left.

    Args:
        target: What is to be taken away.

    Returns:
        The names of `probes.MEANINGS` that are in force, and why the others are not.
    """
    parent = os.getppid()
    packages = python_folders(target.target, target.private)
    listed = source_folders(target.target, target.private)
    programs = target.limits.processes
    trouble: dict[str, str] = {}

    def shut_off() -> None:
        readable = target.readable
        landlock.enter_domain(
            target.writable,
            None if readable is None else [*packages, *system_files(programs=programs), *readable],
            listed=listed,
            programs=programs,
        )

    def become_nobody() -> None:
        why = privileges.drop_privileges(target.user, [*packages, *listed])
        if why is not None:
            raise OSError(why)

    def call_filter() -> None:
        machine, line = this_machine(), target.lifeline
        install(build_filter(machine, os.getpid(), processes=programs, lifeline=line))

    steps: list[tuple[tuple[str, ...], Callable[[], None]]] = [
        (("ends_with_parent",), lambda: end_with_parent(target.lifeline)),
        (("limits",), lambda: _set_limits(target.limits)),
        (("no_privileges",), privileges.forbid_new_privileges),
        (("no_other_files", "no_writes_elsewhere"), shut_off),
        (("unprivileged_user", "no_privileges"), become_nobody),
        (("no_network", "no_processes", "no_kernel_interfaces"), call_filter),
    ]
    for names, step in steps:
        try:
            step()
        except OSError as error:
            trouble |= dict.fromkeys(names, str(error))
    in_force, missing = probes.measure(
        probes.Planted(parent, target.lifeline, target.tasks, target.planted),
        target.limits,
        reads=target.readable is not None,
        writes=target.writable is not None,
    )
    return in_force, {
        name: f"{seen} ({trouble[name]})" if name in trouble else seen
        for name, seen in missing.items()
    }


def end_with_parent(lifeline: int) -> None:
    """Have the kernel kill this process group once the lifeline's other end is closed.

    The parent's death closes it, however it dies and whatever this process is busy with.
    (PR_SET_PDEATHSIG would kill when the parent's thread ends that happened to start this process.)
    A socket and not a pipe: a pipe's other end could be opened through /proc/self/fd, which would
    keep it open.
    """
    if os.getpgrp() != os.getpid():
        raise OSError("the process leads no group of its own, so others would be killed with it")
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
    fcntl.fcntl(lifeline, F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    ended = select.poll()
    ended.register(lifeline, select.POLLIN)
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
