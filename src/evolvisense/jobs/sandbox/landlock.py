"""Landlock: the kernel keeps a process out of other processes and off files.

A process in a Landlock domain cannot trace processes outside of it, nor read or write their
memory through /proc, and, where the kernel knows how, cannot signal them.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from evolvisense.jobs.sandbox.calls import CALLS
from evolvisense.jobs.sandbox.seccomp import this_machine

VERSION_QUESTION = 1
PATH_BENEATH = 1

WRITE_FILE, REMOVE_DIR, REMOVE_FILE = 1 << 1, 1 << 4, 1 << 5
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (
    1 << bit for bit in range(6, 13)
)
REFER, TRUNCATE = 1 << 13, 1 << 14
DEVICES = MAKE_CHAR | MAKE_BLOCK
WRITES = (
    WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
)
FOR_FILES = WRITE_FILE | TRUNCATE
"""The rights that mean something where the path is a file."""
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def enter_domain(writable: Sequence[Path] | None) -> None:
    """Shut this process, its threads to come and its children off.

    `writable`: files may be made, changed and deleted beneath these paths alone; None leaves files
    as they are. Only the calling thread is shut off, so call it before there are others. Raises
    OSError where the kernel has no Landlock; PR_SET_NO_NEW_PRIVS must have been set.
    """
    version = _call("landlock_create_ruleset", None, 0, VERSION_QUESTION)
    handled = DEVICES
    if writable is not None:
        handled |= WRITES | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    attributes = struct.pack(
        "=QQQ",
        handled,
        BIND_AND_CONNECT_TCP if version >= 4 else 0,
        ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0,
    )
    known_bytes = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call("landlock_create_ruleset", attributes, known_bytes, 0)
    try:
        for path in (*writable, Path(os.devnull)) if writable is not None else ():
            _allow(ruleset, path, handled & ~DEVICES)
        _call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        wanted = rights if path.is_dir() else rights & FOR_FILES
        rule = struct.pack("=Qi", wanted, place)
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
