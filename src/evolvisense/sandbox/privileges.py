"""Capabilities are dropped for good, and a process of root becomes one of a user that owns nothing.

A number of a user needs no entry in /etc/passwd. What the process may read is then what everybody
may read; media and reports come as descriptors that the parent has opened.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import struct
from collections.abc import Sequence
from pathlib import Path

from evolvisense.sandbox.seccomp import this_machine
from evolvisense.sandbox.syscalls import CALLS

USERS = range(1_879_048_192, 2_147_483_646)
"""Numbers that systemd's list of users (UIDS-GIDS.md) leaves unassigned."""
FEW_USERS = range(60_578, 61_183)
"""The same within the first 65,536, for containers that map no more."""

NEEDED_CAPABILITIES = {"CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}
"""Capabilities that the parent needs to start a process as another user and to end it."""
CAPABILITIES = 64
"""More than there are; the sets have 64 bits."""
CAPABILITY_VERSION_3 = 0x20080522

PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38


def unprivileged_user() -> int | None:
    """A random number of a user and of its group, another one for each process.

    Returns:
        None where this process is not root, or lacks what it needs to become another user, or
        where its user namespace has no such number.
    """
    if os.geteuid() != 0:
        return None
    effective = int(status_field("CapEff"), 16)
    if not all(effective >> bit & 1 for bit in NEEDED_CAPABILITIES.values()):
        return None
    for users in (USERS, FEW_USERS):
        user = users.start + secrets.randbelow(len(users))
        if all(_is_mapped(user, kind) for kind in ("uid", "gid")):
            return user
    return None


def status_field(name: str) -> str:
    """A line of /proc/self/status without its name."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith(f"{name}:"):
            return line.partition(":")[2].strip()
    raise OSError(f"/proc/self/status has no line {name}")


def forbid_new_privileges() -> None:
    """Programs cannot give this process rights (PR_SET_NO_NEW_PRIVS). Raises OSError."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def drop_privileges(user: int | None, needed: Sequence[Path]) -> str | None:
    """Become `user`, give up all capabilities, and close this process to others of its user.

    Args:
        user: Number of the user and of the group; None leaves them as they are.
        needed: Folders whose files are to be read afterwards. Where the user cannot read them, this
            process keeps its own user.

    Returns:
        Why the user was not changed; None where it was or was not to be.

    Raises:
        OSError: The kernel refuses to take the capabilities away.
    """
    why = None
    if user is not None:
        why = _why_not(user, needed)
        _drop_bounding_set()
        if why is None:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    _capset_nothing()
    # Not dumpable: processes of the same user, the other sandboxes among them, cannot look in.
    _prctl(PR_SET_DUMPABLE, 0)
    return why


def _why_not(user: int, needed: Sequence[Path]) -> str | None:
    """The first folder that this user cannot read, as a sentence."""
    groups = os.getgroups()
    try:
        os.setgroups([])
        os.setegid(user)
        os.seteuid(user)
        try:
            return next((said for path in needed if (said := _unreadable(path))), None)
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)
    except OSError as error:
        return f"user {user} cannot be taken: {error}"


def _unreadable(path: Path) -> str | None:
    inner = path / "__init__.py"
    try:
        if path.is_dir():
            os.listdir(path)  # noqa: PTH208 - to be tried, not used
            path = inner if inner.is_file() else path
        if path.is_file():
            path.open("rb").close()
    except PermissionError:
        return f"only root can read {path}, which it needs; make it readable for everybody"
    return None


def _is_mapped(user: int, kind: str) -> bool:
    """Whether this user namespace has that number."""
    for line in Path(f"/proc/self/{kind}_map").read_text("ascii").splitlines():
        first, _, count = map(int, line.split())
        if first <= user < first + count:
            return True
    return False


def _drop_bounding_set() -> None:
    for capability in range(CAPABILITIES):
        try:
            _prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            # This kernel knows no more, or CAP_SETPCAP is missing: then PR_SET_NO_NEW_PRIVS keeps
            # them from coming back. The probes look at what is left.
            return


def _capset_nothing() -> None:
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    number = CALLS["capset"][this_machine().column] or 0
    nothing = ctypes.c_char_p(bytes(24))
    if libc.syscall(ctypes.c_long(number), ctypes.c_char_p(header), nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset is refused")


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    nothing = ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), nothing, nothing, nothing) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"prctl({option}, {value}): {os.strerror(code)}")
