"""What a sandboxed process can still do is tried, one thing after the other, before it begins.

A name is in force only where every attempt behind it failed. Nothing is taken from what was set up:
a kernel may accept a rule and not follow it, and root may pass it by.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evolvisense.sandbox.limits import Limits
from evolvisense.sandbox.privileges import status_field
from evolvisense.sandbox.seccomp import FilterUnavailableError, this_machine
from evolvisense.sandbox.syscalls import CALLS

MEANINGS = {
    "ends_with_parent": "the kernel ends it when its parent ends, and it cannot prevent that",
    "limits": "bounds on memory, open files, file size and processor time; no core dumps",
    "no_privileges": "it has no capabilities and cannot gain any from a program",
    "unprivileged_user": "it does not run as root",
    "no_other_files": "it reads Python, its packages and models, and no other file",
    "no_writes_elsewhere": "it changes no file but those that it was handed",
    "no_file_attributes": "it changes no mode, owner, time or attribute of a file",
    "no_other_processes": "it reads nothing of other processes and signals none",
    "no_network": "it opens no socket of any kind and sends nothing through one",
    "no_processes": "it starts no process and no program",
    "no_kernel_interfaces": "no namespaces, mounts, BPF, io_uring, keyrings, performance events",
    "measured": "the parent sees how much memory and time it uses",
}
"""Name -> what it says. `Sandbox.isolation` holds those that were seen to be in force."""

REFUSED = (errno.EPERM, errno.EACCES)
NOBODYS_FILE = "/etc/passwd"
"""Everybody may read it, so only a list of readable files keeps a process from it."""

Attempt = tuple[str, Callable[[], object]]


@dataclass(frozen=True)
class Planted:
    """What the attempts are made on."""

    parent: int
    """Process id."""
    lifeline: int
    """Descriptor; see `confinement.end_with_parent`."""
    tasks: int
    """Descriptor of the socket that tasks come through."""
    file: Path | None
    """A file of the parent that this process must not reach."""


def measure(
    planted: Planted, limits: Limits, *, reads: bool, writes: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Try what must not succeed.

    Args:
        planted: What to try it on.
        limits: What was to be put in force.
        reads: Whether reading files was to be limited; otherwise that name is left out.
        writes: The same for writing.

    Returns:
        The names of MEANINGS that hold, and for each other one what did succeed.
    """
    groups: dict[str, Iterator[Attempt]] = {
        "ends_with_parent": _lifeline(planted),
        "limits": _limits(limits),
        "no_privileges": _privileges(),
        "unprivileged_user": _user(),
        "no_file_attributes": _attributes(planted),
        "no_other_processes": _processes(planted, limits),
        "no_network": _network(planted),
        "no_kernel_interfaces": _kernel(),
    }
    if reads:
        groups["no_other_files"] = _reads(planted)
    if writes:
        groups["no_writes_elsewhere"] = _writes(planted)
    if not limits.processes:
        groups["no_processes"] = _forks()
    in_force: list[str] = []
    missing: dict[str, str] = {}
    for name, attempts in groups.items():
        said = next((what for what, attempt in attempts if not _is_refused(attempt)), None)
        if said is None:
            in_force.append(name)
        else:
            missing[name] = said
    return tuple(in_force), missing


def _is_refused(attempt: Callable[[], object]) -> bool:
    """Whether it failed for want of rights, and not for another reason."""
    try:
        attempt()
    except OSError as error:
        return error.errno in REFUSED
    return False


def _check(*, holds: bool) -> None:
    """For what is looked at and not tried."""
    if holds:
        raise PermissionError(errno.EPERM, "as it should be")


def _lifeline(planted: Planted) -> Iterator[Attempt]:
    line = planted.lifeline
    yield "the kernel does not watch its parent", lambda: _check(holds=_is_watched(line))
    yield "it can close its lifeline", lambda: os.close(line)
    yield "it can copy its lifeline", lambda: os.dup(line)
    yield "it can replace its lifeline", lambda: os.dup2(0, line, inheritable=False)
    yield "it can make its lifeline silent", lambda: fcntl.fcntl(line, fcntl.F_SETFL, 0)


def _is_watched(line: int) -> bool:
    watches = fcntl.fcntl(line, fcntl.F_GETFL) & os.O_ASYNC
    return bool(watches) and fcntl.fcntl(line, fcntl.F_GETOWN) == -os.getpid()


def _limits(limits: Limits) -> Iterator[Attempt]:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.file_bytes,
    }
    for which, most in wanted.items():
        hard = resource.getrlimit(which)[1]
        yield (
            f"limit {which} is {hard}",
            lambda hard=hard, most=most: _check(holds=0 <= hard <= most),
        )
    data = resource.getrlimit(resource.RLIMIT_DATA)[1]
    yield "memory is not bounded", lambda: _check(holds=data != resource.RLIM_INFINITY)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1
    yield (
        "it can raise its limits",
        lambda: _raised(resource.RLIMIT_NOFILE, files),
    )


def _raised(which: int, value: int) -> None:
    try:
        resource.setrlimit(which, (value, value))
    except ValueError as error:  # what Python makes of EPERM
        raise PermissionError(errno.EPERM, str(error)) from error


def _privileges() -> Iterator[Attempt]:
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        yield (
            f"{name} is not empty",
            lambda name=name: _check(holds=int(status_field(name), 16) == 0),
        )
    yield "programs can give it rights", lambda: _check(holds=status_field("NoNewPrivs") == "1")


def _user() -> Iterator[Attempt]:
    yield "it runs as root", lambda: _check(holds=0 not in os.getresuid())


def _reads(planted: Planted) -> Iterator[Attempt]:
    file = planted.file
    if file is not None:
        yield f"it can read {file}", lambda: file.open("rb").close()
        yield f"it can list {file.parent}", lambda: os.listdir(file.parent)  # noqa: PTH208
    if Path(NOBODYS_FILE).exists():
        yield f"it can read {NOBODYS_FILE}", lambda: Path(NOBODYS_FILE).open("rb").close()
    for path in ("/", "/proc"):
        yield f"it can list {path}", lambda path=path: os.listdir(path)  # noqa: PTH208
    for path in ("/proc/net/tcp", "/proc/mounts"):
        if Path(path).exists():
            yield f"it can read {path}", lambda path=path: Path(path).open("rb").close()


def _writes(planted: Planted) -> Iterator[Attempt]:
    file = planted.file or Path(__file__)
    yield f"it can write {file}", lambda: os.close(os.open(file, os.O_WRONLY))
    yield f"it can truncate {file}", lambda: os.truncate(file, 0)
    if planted.file is not None:
        beside = file.with_name(f"{file.name}.probe")
        yield f"it can make {beside}", lambda: _make(beside)
        yield f"it can rename {file}", lambda: file.rename(beside)
        yield f"it can delete {file}", file.unlink


def _make(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.unlink()


def _attributes(planted: Planted) -> Iterator[Attempt]:
    file = planted.file or Path(__file__)
    mode = file.stat().st_mode if planted.file is None else 0o600
    yield f"it can change the mode of {file}", lambda: os.chmod(file, mode)  # noqa: PTH101
    yield f"it can change the owner of {file}", lambda: os.chown(file, -1, -1)
    yield f"it can change the times of {file}", lambda: os.utime(file)
    yield (
        f"it can set an attribute of {file}",
        lambda: os.setxattr(file, "user.probe", b"x"),
    )
    yield "it can make links", lambda: os.symlink("x", f"{file}.link")  # noqa: PTH211


def _processes(planted: Planted, limits: Limits) -> Iterator[Attempt]:
    folder = Path(f"/proc/{planted.parent}")
    if folder.exists():
        for name in ("environ", "maps", "mem"):
            path = folder / name
            yield f"it can read {path}", lambda path=path: path.open("rb").read(1)
    yield "it can trace other processes", lambda: _call("ptrace", 16, planted.parent, 0, 0)
    yield (
        "it can read other processes' memory",
        lambda: _call("process_vm_readv", planted.parent, 0, 0, 0, 0, 0),
    )
    yield "it can reach other processes", lambda: _call("pidfd_open", planted.parent, 0)
    if not limits.processes:
        yield "it can signal its parent", lambda: os.kill(planted.parent, 0)
    yield (
        "it can have the kernel signal its parent",
        lambda: fcntl.fcntl(0, fcntl.F_SETOWN, planted.parent),
    )


def _network(planted: Planted) -> Iterator[Attempt]:
    kinds = {
        "AF_INET": socket.SOCK_STREAM,
        "AF_INET6": socket.SOCK_DGRAM,
        "AF_UNIX": socket.SOCK_DGRAM,
        "AF_NETLINK": socket.SOCK_RAW,
    }
    for name, kind in kinds.items():
        family = getattr(socket, name)
        yield f"it can open {name}", lambda f=family, k=kind: socket.socket(f, k).close()
    yield "it can make a pair of sockets", _make_pair
    target = b"\x01\x00/dev/log\x00"
    yield (
        "it can send a datagram to a path",
        lambda: _call("sendto", planted.tasks, 0, 0, 0, ctypes.c_char_p(target), len(target)),
    )
    yield "it can send messages", lambda: _call("sendmsg", planted.tasks, 0, 0)


def _make_pair() -> None:
    for one in socket.socketpair():
        one.close()


def _kernel() -> Iterator[Attempt]:
    attempts = {
        "unshare": (0,),
        "mount": (0, 0, 0, 0, 0),
        "bpf": (-1, 0, 0),
        "io_uring_setup": (0, 0),
        "keyctl": (-1, 0, 0, 0, 0),
        "perf_event_open": (0, 0, 0, 0, 0),
        "userfaultfd": (-1,),
    }
    for name, arguments in attempts.items():
        yield f"{name} is not refused", lambda n=name, a=arguments: _call(n, *a)


def _forks() -> Iterator[Attempt]:
    yield "it can start a process", _fork
    # A program that is not there is looked up only where programs may be executed.
    missing = "/nonexistent/program"
    yield "it can execute programs", lambda: os.execv(missing, [missing])  # noqa: S606


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _call(name: str, *arguments: int | ctypes.c_char_p) -> None:
    """A system call with arguments that could do no harm. Raises OSError."""
    try:
        number = CALLS[name][this_machine().column]
    except FilterUnavailableError:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    values = [a if isinstance(a, ctypes.c_char_p) else ctypes.c_long(a) for a in arguments]
    if libc.syscall(ctypes.c_long(number or 0), *values) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
