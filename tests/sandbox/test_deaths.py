"""Processes that end, hang, take too much or speak nonsense."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from evolvisense.errors import SandboxDiedError, SandboxLimitError
from evolvisense.sandbox import Limits
from tests.factory.patience import PATIENCE_S
from tests.sandbox.conftest import LIMITS
from tests.sandbox.targets import head


def wait_until_gone(pid: int) -> None:
    """A process that nobody has waited for is gone, too."""
    stat = Path(f"/proc/{pid}/stat")
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")


@pytest.mark.parametrize(
    ("task", "number"), [("segfault", signal.SIGSEGV), ("kill_self", signal.SIGKILL)]
)
def test_a_killed_process_names_its_signal(sandbox, task, number):
    opened = sandbox()
    with pytest.raises(SandboxDiedError) as died:
        opened.request({"do": task})
    assert died.value.signal == number
    assert number.name in str(died.value)
    assert not opened.is_alive
    with pytest.raises(SandboxDiedError):
        opened.request({"do": "echo", "text": "nobody"})


def test_an_exit_names_its_code_and_what_was_printed_last(sandbox):
    opened = sandbox("end_at_once")
    with pytest.raises(SandboxDiedError) as died:
        opened.receive(PATIENCE_S)
    assert died.value.exit_code is not None
    assert "nothing to do" in str(died.value)


def test_a_target_that_is_not_there_is_named(sandbox):
    opened = sandbox("no_such_function")
    with pytest.raises(SandboxDiedError, match="no_such_function"):
        opened.receive(PATIENCE_S)


def test_a_task_that_raises_ends_the_process(sandbox):
    with pytest.raises(SandboxDiedError) as died:
        sandbox().request({"do": "no such task"})
    assert died.value.exit_code == 1


def test_too_much_memory_is_a_limit(sandbox):
    with pytest.raises(SandboxLimitError) as broken:
        sandbox().request({"do": "grow", "mb": 350})
    assert broken.value.which == "memory"


def test_memory_that_is_reserved_at_once_is_a_limit(sandbox):
    opened = sandbox()
    assert opened.request({"do": "reserve", "mb": 500}) == {"reserved": 500}
    with pytest.raises(SandboxLimitError) as broken:
        opened.request({"do": "reserve", "mb": 3000})
    assert broken.value.which == "memory"


def test_too_much_processor_time_is_a_limit(sandbox):
    with pytest.raises(SandboxLimitError) as broken:
        sandbox(limits=replace(LIMITS, cpu_s=0.5)).request({"do": "spin"})
    assert broken.value.which == "cpu"


def test_processor_time_is_counted_anew_for_each_task(sandbox):
    opened = sandbox(limits=replace(LIMITS, cpu_s=5.0))
    for _ in range(30):
        opened.request({"do": "count", "to": 500})
    assert opened.is_alive


@pytest.mark.parametrize("task", ["sleep", "hang_in_c", "flood"])
def test_too_much_time_is_a_limit(sandbox, task):
    opened = sandbox(limits=replace(LIMITS, wall_s=0.5))
    with pytest.raises(SandboxLimitError) as broken:
        opened.request({"do": task})
    assert broken.value.which == "wall"
    assert not opened.is_alive


def test_limits_hold_for_tasks_under_way(sandbox):
    opened = sandbox(limits=replace(LIMITS, wall_s=0.5))
    opened.send({"do": "sleep"})
    assert opened.receive(PATIENCE_S) is not None
    with pytest.raises(SandboxLimitError):
        opened.receive(PATIENCE_S)
    with pytest.raises(SandboxLimitError):
        opened.send({"do": "echo", "text": "nobody"})


def test_a_task_that_the_process_does_not_take_runs_out_of_time(sandbox):
    opened = sandbox(limits=replace(LIMITS, wall_s=1.0))
    opened.send({"do": "hang_in_c"})
    assert opened.receive(PATIENCE_S) is not None
    assert opened.receive(PATIENCE_S) is not None
    with pytest.raises(SandboxLimitError):
        opened.send({"do": "echo", "text": "x"}, bytes(10_000_000))


def frame(text: bytes) -> bytes:
    return head(len(text)) + text


@pytest.mark.parametrize(
    "data",
    [
        head(2**31),
        head(10, 2**31),
        frame(b"[]"),
        frame(b"{}"),
        frame(b'{"kind": "result", "task": 7, "body": {}}'),
        frame(b'{"kind": "result", "task": true, "body": {}}'),
        frame(b'{"kind": "event", "task": 1, "body": 1}'),
        frame(b'{"kind": "hello", "task": 1, "body": {}}'),
        frame(b'{"kind": ["x"], "task": 1, "body": {}}'),
        frame(b'{"kind": "result", "task": 1, "body": {"a": NaN}}'),
        os.urandom(4).replace(b"\0", b"x") + os.urandom(5000),
    ],
    ids=range(11),
)
def test_a_process_that_speaks_nonsense_is_ended(sandbox, data):
    opened = sandbox()
    with pytest.raises(SandboxDiedError, match="was ended"):
        opened.request({"do": "write_raw", "stay": True}, binary=data)
    assert not opened.is_alive


def test_half_a_frame_before_the_end_is_no_answer(sandbox):
    half = struct.pack(">II", 100, 0) + b'{"kind": "res'
    with pytest.raises(SandboxDiedError) as died:
        sandbox().request({"do": "write_raw"}, binary=half)
    assert died.value.exit_code == 0


def test_killing_from_another_thread_ends_a_request(sandbox):
    opened = sandbox()
    threading.Timer(0.3, opened.kill).start()
    with pytest.raises(SandboxDiedError) as died:
        opened.request({"do": "sleep"})
    assert died.value.signal == signal.SIGKILL


def test_closing_ends_a_process_that_is_busy_or_hangs(sandbox):
    for task in ("sleep", "hang_in_c"):
        opened = sandbox(patience_s=0.2)
        opened.send({"do": task})
        pid = opened.pid
        opened.close()
        assert not Path(f"/proc/{pid}").exists()
    opened = sandbox("load_forever", patience_s=0.2)
    opened.close()


def test_what_a_process_started_ends_with_it(sandbox):
    opened = sandbox(limits=replace(LIMITS, processes=True))
    pid = opened.request({"do": "start_sleeper"})["pid"]
    assert Path(f"/proc/{pid}").exists()
    opened.close()
    wait_until_gone(pid)


PARENT = """
import sys, time
from evolvisense.sandbox import Limits, Sandbox
sandbox = Sandbox(
    "tests.sandbox.targets:serve", Limits(10**9, 600, 600, processes=True), name="test"
)
sandbox.start()
sleeper = sandbox.request({"do": "start_sleeper"})["pid"]
sandbox.send({"do": sys.argv[1]})
sandbox.receive(600)
print(sandbox.pid, sleeper, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("task", ["hang_in_c", "wait_for_cancel"])
def test_a_killed_parent_takes_its_processes_along(task, tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, task],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    for pid in pids:
        wait_until_gone(pid)


def test_limits_are_in_force_for_the_process_itself(sandbox):
    opened = sandbox(limits=Limits(150_000_000, 60, 60, open_files=77))
    bounds = Path(f"/proc/{opened.pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split()[0] for line in bounds.splitlines()[1:]}
    assert rows["Max open files"] == "77"
    assert rows["Max core file size"] == "0"
    assert int(rows["Max data size"]) < 2_000_000_000
