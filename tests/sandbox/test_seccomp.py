"""The filter, run by a small interpreter of its own on both processors."""

from __future__ import annotations

import errno
from functools import partial

import pytest

from evolvisense.sandbox import seccomp
from evolvisense.sandbox.seccomp import (
    ALLOW,
    FAIL,
    KILL_PROCESS,
    MACHINES,
    FilterUnavailableError,
    build_filter,
)
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

PID = 4321
THREAD_FLAGS = 0x3D0F00
"""What pthread_create gives to clone."""
FORK_FLAGS = 0x01200011


def verdict(machine, number, *arguments, processes=False, lifeline=None, arch=None):
    """What the kernel would answer."""
    data = {0: number, 4: machine.audit_arch if arch is None else arch}
    data |= {16 + 8 * i: value & 0xFFFFFFFF for i, value in enumerate(arguments)}
    program = build_filter(machine, PID, processes=processes, lifeline=lifeline)
    at = value = 0
    while True:
        step = program[at]
        at += 1
        if step.code == seccomp.RETURN:
            return step.value
        if step.code == seccomp.LOAD:
            value = data[step.value]
            continue
        holds = {
            seccomp.EQUAL: value == step.value,
            seccomp.AT_LEAST: value >= step.value,
            seccomp.ANY_BIT: bool(value & step.value),
        }[step.code]
        at += step.jump if holds else step.other


def ask(machine_name, name, *arguments, **further):
    """Verdict on a call by its name."""
    machine = MACHINES[machine_name]
    number = CALLS[name][machine.column]
    assert number is not None
    return verdict(machine, number, *arguments, **further)


@pytest.fixture(params=sorted(MACHINES))
def call(request):
    """Verdict on a call by its name, on one machine."""
    return partial(ask, request.param)


def existing(names):
    """Machine and name of the calls that exist there."""
    return [(m, n) for m in sorted(MACHINES) for n in names if CALLS[n][MACHINES[m].column]]


def test_no_socket_is_allowed_and_nothing_is_sent(call):
    assert {call("socket", family) for family in range(50)} == {FAIL + errno.EACCES}
    for name in SOCKETS:
        assert call(name, 3, 0, 0) == call(name, 3, processes=True) == FAIL + errno.EACCES


def test_the_lifeline_is_neither_closed_nor_copied_nor_changed(call):
    refused = FAIL + errno.EPERM
    assert call("close", 7, lifeline=7) == call("dup", 7, lifeline=7) == refused
    assert call("dup3", 0, 7, lifeline=7) == call("dup3", 7, 0, lifeline=7) == refused
    assert call("close", 8, lifeline=7) == call("dup3", 8, 9, lifeline=7) == ALLOW
    commands = range(1100)
    assert {c for c in commands if call("fcntl", 7, c, lifeline=7) == ALLOW} == {3, 9}
    # Of other descriptors no signals are asked for, and no folder is watched.
    assert {c for c in commands if call("fcntl", 8, c, lifeline=7) != ALLOW} == {
        8,
        10,
        15,
        1024,
        1026,
    }
    assert call("close_range", 0, 9) == FAIL + errno.ENOSYS


def test_pinning_threads_is_answered_as_done(call):
    assert call("sched_setaffinity", PID + 1) == FAIL


def test_devices_are_told_nothing(call):
    assert call("ioctl", 0, 0x5401) == ALLOW  # TCGETS: is it a terminal?
    for request in (0x5412, 0x5452, 0x40086602):  # TIOCSTI, FIOASYNC, FS_IOC_SETFLAGS
        assert call("ioctl", 0, request) == FAIL + errno.EPERM


def test_threads_are_allowed_and_processes_on_request(call):
    assert call("clone", THREAD_FLAGS) == ALLOW
    assert call("clone", FORK_FLAGS) == FAIL + errno.EPERM
    assert call("clone", FORK_FLAGS, processes=True) == ALLOW
    assert call("clone3", 0) == FAIL + errno.ENOSYS


@pytest.mark.parametrize("flag", [0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x02000000])
def test_namespaces_are_never_allowed(call, flag):
    assert call("clone", FORK_FLAGS | flag, processes=True) == FAIL + errno.EPERM
    assert call("clone", THREAD_FLAGS | flag) == FAIL + errno.EPERM


def test_it_may_signal_and_bound_itself_alone(call):
    for name in ("kill", "tgkill"):
        assert call(name, PID, 0, 9) == ALLOW
        assert call(name, PID + 1, 0, 9) == call(name, -1, 0, 9) == FAIL + errno.EPERM
    assert call("prlimit64", 0) == call("prlimit64", PID) == ALLOW
    assert call("prlimit64", 1) == FAIL + errno.EPERM


@pytest.mark.parametrize(
    ("machine", "name"), existing([*CONTROL, *ELSEWHERE, *ATTRIBUTES, *IDENTITY])
)
def test_calls_that_rule_the_machine_are_refused(machine, name):
    assert ask(machine, name, processes=True) == ask(machine, name) == FAIL + errno.EPERM


@pytest.mark.parametrize(("machine", "name"), existing([*FORKING, *SIGNALLING]))
def test_calls_of_other_processes_are_refused_without_processes(machine, name):
    assert ask(machine, name) == FAIL + errno.EPERM
    assert ask(machine, name, processes=True) == ALLOW


def test_every_other_call_is_allowed():
    for machine in MACHINES.values():
        named = {numbers[machine.column] for numbers in CALLS.values()}
        others = set(range(FIRST_UNKNOWN)) - named
        assert {verdict(machine, number) for number in others} == {ALLOW}


def test_calls_that_are_newer_than_the_list_are_not_there(call):
    for machine in MACHINES.values():
        named = {numbers[machine.column] for numbers in CALLS.values()}
        newer = set(range(FIRST_UNKNOWN, 600)) - named
        assert {verdict(machine, number) for number in newer} == {FAIL + errno.ENOSYS}
    assert call("mseal") == ALLOW


def test_the_call_tables_of_other_processors_are_no_way_around():
    machine = MACHINES["x86_64"]
    assert verdict(machine, 41, 2, arch=0x40000003) == KILL_PROCESS
    assert verdict(machine, 0x40000000 + 41, 2) == FAIL + errno.ENOSYS


def test_a_processor_without_a_filter_is_said(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(FilterUnavailableError, match="riscv64"):
        seccomp.this_machine()


def test_a_filter_that_the_kernel_refuses_is_said():
    with pytest.raises(FilterUnavailableError, match="takes no system call filter"):
        seccomp.install([])
