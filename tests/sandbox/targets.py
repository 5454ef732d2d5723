"""What runs in the sandboxes of these tests: each task names a function of this file."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from evolvisense.sandbox import ChildChannel, Task

MB = 1_000_000
kept: list[bytes | bytearray] = []


def serve(channel: ChildChannel) -> None:
    """Answers with what the named function returns."""
    channel.event({"event": "ready"})
    for task in channel.tasks():
        answer = globals()[task.message["do"]](channel, task)
        if answer is not None:
            channel.result(answer, task.binary)


def load_forever(channel: ChildChannel) -> None:
    time.sleep(600)


def end_at_once(channel: ChildChannel) -> None:
    sys.stderr.write("nothing to do\n")
    raise SystemExit(3)


def chatter(channel: ChildChannel) -> None:
    for number in range(500):
        sys.stdout.write(f"line \x1b[31m{number}\n")
    sys.stdout.flush()
    for task in channel.tasks():
        sys.stderr.write("the name of a person\n")
        channel.result({"after": task.number})


def echo(channel: ChildChannel, task: Task) -> dict[str, Any]:
    return {"echo": task.message["text"]}


def count(channel: ChildChannel, task: Task) -> dict[str, Any]:
    for number in range(task.message["to"]):
        channel.event({"event": "progress", "number": number}, b"e" * number)
    return {"counted": task.message["to"]}


def grow(channel: ChildChannel, task: Task) -> dict[str, Any]:
    for _ in range(task.message["mb"] // 10):
        kept.append(bytearray(b"x" * (10 * MB)))
        time.sleep(0.01)
    time.sleep(60)
    return {}


def reserve(channel: ChildChannel, task: Task) -> dict[str, Any]:
    """Asks for memory without touching it."""
    kept.append(bytes(task.message["mb"] * MB))
    return {"reserved": task.message["mb"]}


def spin(channel: ChildChannel, task: Task) -> dict[str, Any]:
    while True:
        pass


def sleep(channel: ChildChannel, task: Task) -> dict[str, Any]:
    time.sleep(task.message.get("s", 600))
    return {}


def hang_in_c(channel: ChildChannel, task: Task) -> None:
    """Waits in C with the interpreter's lock held."""
    channel.event({"event": "hangs"})
    ctypes.PyDLL(None).pause()


def wait_for_cancel(channel: ChildChannel, task: Task) -> None:
    channel.event({"event": "waits"})
    while not task.is_cancelled():
        time.sleep(0.01)
    channel.error("cancelled", "stopped")


def segfault(channel: ChildChannel, task: Task) -> None:
    ctypes.string_at(0)


def kill_self(channel: ChildChannel, task: Task) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(channel: ChildChannel, task: Task) -> None:
    channel.error("broken", "x" * 10_000)


def forget(channel: ChildChannel, task: Task) -> None:
    """Gives no answer."""


def answer_twice(channel: ChildChannel, task: Task) -> dict[str, Any]:
    channel.result({"first": True})
    try:
        channel.result({"second": True})
    except RuntimeError:
        channel.event({"event": "refused"})
    return None


def write_raw(channel: ChildChannel, task: Task) -> None:
    """Writes bytes as they are where frames are expected, and ends."""
    os.write(channel._answers_fd, task.binary)
    if task.message.get("stay"):
        time.sleep(600)
    os._exit(0)


def flood(channel: ChildChannel, task: Task) -> None:
    while True:
        channel.event({"event": "noise"})


def not_json(channel: ChildChannel, task: Task) -> dict[str, Any]:
    try:
        channel.result({"value": float("nan")})
    except ValueError as error:
        return {"refused": type(error).__name__}
    return None


def outcome(attempt: Any) -> str:
    """ "open", or the name of the errno."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "open"


def families() -> dict[str, str]:
    """The family's name -> what comes of asking for a socket."""
    names = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_UNIX")
    return {
        name: outcome(lambda n=name: socket.socket(getattr(socket, n), socket.SOCK_DGRAM).close())
        for name in names
    } | {"pair": outcome(socket.socketpair)}


def sockets(channel: ChildChannel, task: Task) -> dict[str, Any]:
    in_thread: dict[str, str] = {}
    thread = threading.Thread(target=lambda: in_thread.update(families()))
    thread.start()
    thread.join()
    return {"here": families(), "in_thread": in_thread}


def sockets_in_process(channel: ChildChannel, task: Task) -> dict[str, Any]:
    code = "import json; from tests.sandbox.targets import families; print(families())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return {"printed": done.stdout.strip(), "here": str(families())}


def start_sleeper(channel: ChildChannel, task: Task) -> dict[str, Any]:
    return {"pid": subprocess.Popen(["/bin/sleep", "600"]).pid}


def start_process(channel: ChildChannel, task: Task) -> dict[str, Any]:
    try:
        subprocess.run(["/bin/true"], check=True)
    except OSError as error:
        return {"refused": errno.errorcode[error.errno]}
    return {}


def calls(channel: ChildChannel, task: Task) -> dict[str, Any]:
    """System calls by number -> errno's name."""
    libc = ctypes.CDLL(None, use_errno=True)
    answers = {}
    for name, number in task.message["numbers"].items():
        ctypes.set_errno(0)
        libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 5)
        answers[name] = errno.errorcode.get(ctypes.get_errno(), "none")
    return answers


def signal_parent(channel: ChildChannel, task: Task) -> dict[str, Any]:
    try:
        os.kill(os.getppid(), 0)
    except PermissionError:
        return {"refused": True}
    return {"refused": False}


def read_parent(channel: ChildChannel, task: Task) -> dict[str, Any]:
    folder = Path(f"/proc/{os.getppid()}")
    names = ("environ", "mem", "maps", "cmdline", "status", "cwd", "fd")
    return {name: outcome(lambda n=name: (folder / n).open("rb").read(1)) for name in names}


def write_file(channel: ChildChannel, task: Task) -> dict[str, Any]:
    try:
        Path(task.message["path"]).write_bytes(b"x" * task.message.get("bytes", 1))
    except OSError as error:
        return {"refused": errno.errorcode[error.errno]}
    return {"refused": None}


def files(channel: ChildChannel, task: Task) -> dict[str, Any]:
    """What comes of everything that could be done to a file by its path."""
    path = Path(task.message["path"])
    return {
        "read": outcome(path.read_bytes),
        "list": outcome(lambda: list(path.parent.iterdir())),
        "write": outcome(lambda: path.open("ab").close()),
        "truncate": outcome(lambda: os.truncate(path, 0)),
        "make": outcome(lambda: path.with_name("new").touch()),
        "make_folder": outcome(lambda: path.with_name("folder").mkdir()),
        "rename": outcome(lambda: path.rename(path.with_name("moved"))),
        "delete": outcome(path.unlink),
        "chmod": outcome(lambda: path.chmod(0o777)),
        "chown": outcome(lambda: os.chown(path, 1, 1)),
        "utime": outcome(lambda: os.utime(path, (0, 0))),
        "setxattr": outcome(lambda: os.setxattr(path, "user.x", b"x")),
        "link": outcome(lambda: path.with_name("link").hardlink_to(path)),
        "symlink": outcome(lambda: path.with_name("link").symlink_to(path)),
    }


def handed(channel: ChildChannel, task: Task) -> dict[str, Any]:
    """Reads the first file of the task and writes its content twice into the second."""
    source, target = task.files
    content = os.pread(source, 1_000_000, 0)
    os.pwrite(target, content * 2, 0)
    return {"inheritable": [os.get_inheritable(fd) for fd in task.files]}


def open_descriptors(channel: ChildChannel, task: Task) -> dict[str, Any]:
    return {"descriptors": _descriptors()}


def lifeline(channel: ChildChannel, task: Task) -> dict[str, Any]:
    """Tries to survive its parent."""
    import fcntl

    line = next(
        fd
        for fd in range(3, 1024)
        if outcome(lambda f=fd: os.fstat(f)) == "open"
        and fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ASYNC
    )
    libc = ctypes.CDLL(None, use_errno=True)

    def raw(name: str, *arguments: int) -> str:
        from evolvisense.sandbox.seccomp import this_machine
        from evolvisense.sandbox.syscalls import CALLS

        ctypes.set_errno(0)
        number = CALLS[name][this_machine().column]
        libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        return errno.errorcode.get(ctypes.get_errno(), "open")

    return {
        "close": raw("close", line),
        "dup": raw("dup", line),
        "dup2": raw("dup2", 0, line),
        "dup3": raw("dup3", 0, line, 0),
        "copy": raw("fcntl", line, fcntl.F_DUPFD, 30),
        "silence": raw("fcntl", line, fcntl.F_SETFL, 0),
        "owner": raw("fcntl", line, fcntl.F_SETOWN, 0),
        "close_range": raw("close_range", line, line, 0),
        "ioctl": raw("ioctl", line, 0x5452, 0),
        "shutdown": raw("shutdown", line, 2),
        "reopen": outcome(lambda: os.open(f"/proc/self/fd/{line}", os.O_RDWR)),
    }


def environment_of(channel: ChildChannel, task: Task) -> dict[str, Any]:
    return {"ids": [*os.getresuid(), *os.getresgid()], "groups": os.getgroups()}


def surroundings(channel: ChildChannel, task: Task) -> dict[str, Any]:
    return {
        "cwd": str(Path.cwd()),
        "environment": dict(os.environ),
        "descriptors": _descriptors(),
        "stdin": sys.stdin.read(),
        "threads": threading.active_count(),
    }


def _descriptors() -> list[str]:
    """What the open files are."""
    found = []
    for number in range(100):
        try:
            found.append(str(Path(f"/proc/self/fd/{number}").readlink()))
        except FileNotFoundError:
            continue
    return found


def analyse(channel: ChildChannel, task: Task) -> dict[str, Any]:
    from evolvisense.analyzer import Analyzer
    from evolvisense.media import descriptor_path
    from evolvisense.options import AnalysisOptions

    report = Analyzer().analyze(descriptor_path(task.files[0]), AnalysisOptions(frame_skip=25))
    return {"faces": len(report.people), "has_voice": report.voice is not None}


def head(json_bytes: int, binary_bytes: int = 0) -> bytes:
    return struct.pack(">II", json_bytes, binary_bytes)
