"""Landlock: the kernel keeps a process out of other processes and off files.

A process in a Landlock domain cannot trace processes outside of it and, where the kernel knows how,
cannot signal them. Reading /proc/<pid>/environ of others needs no tracing for a process with
CAP_PERFMON, so capabilities have to go too: see `privileges`.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from evolvisense.sandbox.seccomp import this_machine
from evolvisense.sandbox.syscalls import CALLS

VERSION_QUESTION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (
    1 << bit for bit in range(6, 13)
)
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
NEVER = MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
"""Nobody needs to make these: devices, sockets, pipes, links."""
READS = READ_FILE | READ_DIR
WRITES = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG
FOR_FILES = READ_FILE | WRITE_FILE | TRUNCATE | EXECUTE
"""The rights that mean something where the path is a file."""
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def enter_domain(
    writable: Sequence[Path] | None,
    readable: Sequence[Path] | None,
    *,
    listed: Sequence[Path] = (),
    programs: bool = False,
) -> None:
    """Shut this process, its threads to come and its children off.

    Only the calling thread is shut off, so call it before there are others; PR_SET_NO_NEW_PRIVS
    must have been set. Paths that are not there are left out.

    Args:
        writable: Files may be made, changed, read and deleted beneath these paths only; None
            leaves writing as it is.
        readable: Files may be read beneath these paths and `writable` only; None leaves reading
            as it is.
        listed: Names of files may be listed beneath these paths, where reading is limited.
        programs: Whether programs may be executed.

    Raises:
        OSError: The kernel does not support Landlock.
    """
    version = _call("landlock_create_ruleset", None, 0, VERSION_QUESTION)
    written = WRITES | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    handled = NEVER | (0 if programs else EXECUTE) | (IOCTL_DEVICE if version >= 5 else 0)
    if writable is not None:
        handled |= written
    if readable is not None:
        handled |= READS
    attributes = struct.pack(
        "=QQQ",
        handled,
        BIND_AND_CONNECT_TCP if version >= 4 else 0,
        ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    known_bytes = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call("landlock_create_ruleset", attributes, known_bytes, 0)
    try:
        for path in readable or ():
            _allow(ruleset, path, handled & READS)
        for path in listed if readable is not None else ():
            _allow(ruleset, path, READ_DIR)
        for path in (*writable, Path(os.devnull)) if writable is not None else ():
            _allow(ruleset, path, handled & (written | READS))
        _call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        allowed = rights if path.is_dir() else rights & FOR_FILES
        if allowed:
            rule = struct.pack("=Qi", allowed, place)
            _call("landlock_add_rule", ruleset, PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _call(name: str, *arguments: bytes | int | None) -> int:
    number = CALLS[name][this_machine().column]
    libc = ctypes.CDLL(None, use_errno=True)
    answer = libc.syscall(
        ctypes.c_long(number or 0),
        *(
            ctypes.c_long(argument) if isinstance(argument, int) else ctypes.c_char_p(argument)
            for argument in arguments
        ),
    )
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return int(answer)
