"""The system calls that a sandboxed process is refused, as a seccomp filter.

The filter is a small program for the kernel (classic BPF), installed once and for good: it holds
for every thread, later thread, program and process that comes from this one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evolvisense.sandbox.syscalls import (
    ATTRIBUTES,
    CALLS,
    CONTROL,
    ELSEWHERE,
    FIRST_UNKNOWN,
    FORKING,
    IDENTITY,
    SIGNALLING,
    SOCKETS,
)

CLONE_THREAD = 0x10000
CLONE_NEW = 0x7E020000
"""Flags of clone that ask for namespaces."""
X32_CALLS = 0x40000000
"""Numbers of x86_64's second system call table, which would bypass the first."""

F_GETFL, F_GETOWN = 3, 9
F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY = 8, 10, 15, 1024, 1026
"""Commands of fcntl that make the kernel send signals, to any process of the same user, or that
watch a folder or keep others waiting for a file."""
HARMLESS_IOCTLS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
FAIL = 0x00050000
"""Plus an errno."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_OFFSET, ARCH_OFFSET, ARGUMENTS_OFFSET = 0, 4, 16

SET_MODE_FILTER, ALL_THREADS = 1, 1


class Instruction(NamedTuple):
    """One step of the program: `jump` steps are left out if the comparison holds, else `other`."""

    code: int
    jump: int
    other: int
    value: int


class Machine(NamedTuple):
    """What differs between processors."""

    audit_arch: int
    column: int
    """Of CALLS."""


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


class FilterUnavailableError(OSError):
    """No filter exists for this processor, or the kernel does not accept it."""


def this_machine() -> Machine:
    """Raises FilterUnavailableError where the processor is not known here."""
    machine = MACHINES.get(platform.machine())
    if machine is None or struct.calcsize("P") != 8:
        raise FilterUnavailableError(f"no filter is written for {platform.machine()}")
    return machine


def build_filter(
    machine: Machine, pid: int, *, processes: bool, lifeline: int | None = None
) -> list[Instruction]:
    """The program: all calls are allowed but the ones named here.

    Args:
        machine: The processor's numbers.
        pid: Of the process, the only one that it may signal.
        processes: Whether it may start processes.
        lifeline: Descriptor that it can neither close nor change; see `confinement`.

    Returns:
        The instructions, for `install`.
    """
    program = [
        Instruction(LOAD, 0, 0, ARCH_OFFSET),
        Instruction(EQUAL, 1, 0, machine.audit_arch),
        _give(KILL_PROCESS),
        Instruction(LOAD, 0, 0, NUMBER_OFFSET),
        Instruction(AT_LEAST, 0, 1, X32_CALLS),
        _give(FAIL + errno.ENOSYS),
    ]

    def rule(name: str, block: Sequence[Instruction]) -> None:
        number = CALLS[name][machine.column]
        if number is not None:
            program.extend([Instruction(EQUAL, 0, len(block), number), *block])

    refused = FAIL + errno.EPERM
    for name in SOCKETS:
        rule(name, [_give(FAIL + errno.EACCES)])
    # Its arguments lie in memory, where a filter cannot look: C libraries then use clone.
    rule("clone3", [_give(FAIL + errno.ENOSYS)])
    rule("prlimit64", _only(0, [0, pid], refused))
    rule("clone", _clone(refused, processes=processes))
    for name in (*CONTROL, *ELSEWHERE, *ATTRIBUTES, *IDENTITY):
        rule(name, [_give(refused)])
    kept = [] if lifeline is None else [lifeline]
    signals = _refuse(1, [F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY], refused)
    rule("fcntl", [*_read_only(kept, refused), *signals, _give(ALLOW)])
    rule("ioctl", _only(1, HARMLESS_IOCTLS, refused))
    # A copy would share its flags, so it is not copied either.
    for name in ("close", "dup"):
        rule(name, [*_refuse(0, kept, refused), _give(ALLOW)])
    for name in ("dup2", "dup3"):
        both = [*_refuse(0, kept, refused), *_refuse(1, kept, refused)]
        rule(name, [*both, _give(ALLOW)])
    # ONNX Runtime pins its threads and complains where it cannot: answered as done. A thread of
    # another process cannot be distinguished from one of this process by its number.
    rule("sched_setaffinity", [_give(FAIL)])
    rule("close_range", [_give(FAIL + errno.ENOSYS)])
    if not processes:
        for name in ("kill", "tgkill"):
            rule(name, _only(0, [pid], refused))
        for name in (*FORKING, *SIGNALLING):
            rule(name, [_give(refused)])
    rule("mseal", [_give(ALLOW)])
    program += [Instruction(AT_LEAST, 0, 1, FIRST_UNKNOWN), _give(FAIL + errno.ENOSYS)]
    program.append(_give(ALLOW))
    return program


def install(program: Iterable[Instruction]) -> None:
    """Put the filter in force for all threads; PR_SET_NO_NEW_PRIVS must have been set.

    Raises FilterUnavailableError.
    """
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    steps = ctypes.create_string_buffer(code, len(code))
    fprog = struct.pack("@HP", len(code) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    number = CALLS["seccomp"][this_machine().column]
    answer = libc.syscall(
        ctypes.c_long(number or 0),
        ctypes.c_uint(SET_MODE_FILTER),
        ctypes.c_uint(ALL_THREADS),
        ctypes.c_char_p(fprog),
    )
    if answer == 0:
        return
    why = os.strerror(ctypes.get_errno()) if answer < 0 else f"thread {answer} has another filter"
    raise FilterUnavailableError(f"the kernel takes no system call filter: {why}")


def _give(verdict: int) -> Instruction:
    return Instruction(RETURN, 0, 0, verdict)


def _load_argument(index: int) -> Instruction:
    """The lower half: these arguments are int for the kernel. Both processors are little-endian."""
    return Instruction(LOAD, 0, 0, ARGUMENTS_OFFSET + 8 * index)


def _only(index: int, values: Sequence[int], verdict: int) -> list[Instruction]:
    """Allow the call where an argument is one of these values."""
    block = [_load_argument(index)]
    for value in values:
        block += [Instruction(EQUAL, 0, 1, value), _give(ALLOW)]
    return [*block, _give(verdict)]


def _read_only(descriptors: Sequence[int], verdict: int) -> list[Instruction]:
    """On these descriptors fcntl may only read flags and owner; go on with others."""
    block: list[Instruction] = []
    for descriptor in descriptors:
        inner = _only(1, [F_GETFL, F_GETOWN], verdict)
        block += [_load_argument(0), Instruction(EQUAL, 0, len(inner), descriptor), *inner]
    return block


def _refuse(index: int, values: Sequence[int], verdict: int) -> list[Instruction]:
    """Refuse the call where an argument is one of these values; go on otherwise."""
    block = [_load_argument(index)] if values else []
    for value in values:
        block += [Instruction(EQUAL, 0, 1, value), _give(verdict)]
    return block


def _clone(refused: int, *, processes: bool) -> list[Instruction]:
    """Threads are allowed, namespaces never, processes on request."""
    return [
        _load_argument(0),
        Instruction(ANY_BIT, 0, 1, CLONE_NEW),
        _give(refused),
        Instruction(ANY_BIT, 0, 1, CLONE_THREAD),
        _give(ALLOW),
        _give(ALLOW if processes else refused),
    ]
