"""System calls by name, with their numbers, and the groups that are refused.

The numbers are those of the kernel's asm/unistd_64.h (x86_64) and asm-generic/unistd.h (aarch64).

The system calls that a sandboxed process is refused, as a seccomp filter.

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

CALLS: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "clone": (56, 220),
    "clone3": (435, 435),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "seccomp": (317, 277),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "setns": (308, 268),
    "unshare": (272, 97),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "close_range": (436, 436),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "setsockopt": (54, 208),
    "shutdown": (48, 210),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "truncate": (76, 45),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "name_to_handle_at": (303, 264),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setparam": (142, 118),
    "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "pidfd_open": (434, 434),
    "capset": (126, 91),
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
    "setgroups": (116, 159),
    "memfd_secret": (447, 447),
    "quotactl_fd": (443, 443),
    "vhangup": (153, 58),
    "sysfs": (139, None),
    "uselib": (134, None),
    "lookup_dcookie": (212, 18),
    "vmsplice": (278, 75),
    "remap_file_pages": (216, 234),
    "mseal": (462, 462),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}
"""Name -> number on x86_64 and on aarch64; None where the call does not exist there."""

FIRST_UNKNOWN = 457
"""System calls from this number on are newer than this list (statmount, Linux 6.8) and are answered
with ENOSYS, which C libraries handle; `mseal` is known to be harmless."""

FORKING = (
    "fork",
    "vfork",
    "execve",
    "execveat",
)
"""Start a process or another program."""

SIGNALLING = (
    "tkill",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "pidfd_send_signal",
)
"""Signal other processes; kill and tgkill are looked at more closely."""

ELSEWHERE = (
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_getfd",
    "kcmp",
    "pidfd_open",
    "setsid",
    "setpgid",
    "setpriority",
    "sched_setscheduler",
    "sched_setparam",
    "sched_setattr",
    "ioprio_set",
    "migrate_pages",
    "move_pages",
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "semop",
    "semctl",
    "semtimedop",
    "msgget",
    "msgsnd",
    "msgrcv",
    "msgctl",
    "mq_open",
    "mq_unlink",
    "mq_timedsend",
    "mq_timedreceive",
    "mq_notify",
    "mq_getsetattr",
)
"""Reach other processes (their memory, their priority, memory and queues that processes share), or
leave the group that is killed as one."""

SOCKETS = (
    "socket",
    "socketpair",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "setsockopt",
    "shutdown",
)
"""Open a socket or send through one. Only receiving from the parent is left."""

ATTRIBUTES = (
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
    "setxattrat",
    "removexattrat",
    "file_setattr",
    "truncate",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "inotify_init",
    "inotify_init1",
    "inotify_add_watch",
    "fanotify_init",
    "fanotify_mark",
    "name_to_handle_at",
)
"""Change a file's mode, owner, times or attributes, which Landlock does not control; make links;
watch folders. `truncate` is controlled by Landlock only from its version 3 on."""

IDENTITY = (
    "capset",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
)
"""Change the user, the groups or the capabilities of this process."""

CONTROL = (
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "open_by_handle_at",
    "mknod",
    "mknodat",
    "setns",
    "unshare",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "syslog",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
    "iopl",
    "ioperm",
    "modify_ldt",
    "memfd_secret",
    "quotactl_fd",
    "vhangup",
    "sysfs",
    "uselib",
    "lookup_dcookie",
    "vmsplice",
    "remap_file_pages",
)
"""Rule the machine or widen what the kernel offers to attack."""

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
    """There is no filter for this processor, or the kernel takes none."""


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
    # another process cannot be told from one of this by its number.
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
    """Of these descriptors fcntl may only tell flags and owner; go on with others."""
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
