"""Requests, events, cancelling, and several tasks under way."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from evolvisense.errors import CancelledError, SandboxDiedError, SandboxTaskError
from evolvisense.sandbox import MAX_FRAME_BYTES, Files, FrameError, Limits, Sandbox
from tests.factory.patience import PATIENCE_S
from tests.sandbox.conftest import LIMITS, TARGETS


def test_a_request_is_answered(sandbox):
    opened = sandbox()
    for text in ("first", "zweitens é \ud800", "x" * 1_000_000):
        assert opened.request({"do": "echo", "text": text}) == {"echo": text}
    assert opened.is_alive
    assert opened.rss_bytes > 1_000_000


def test_bytes_go_both_ways_as_they_are(sandbox):
    data = bytes(range(256)) * 20_000
    reply = sandbox().exchange({"do": "echo", "text": "a"}, binary=data)
    assert reply.result == {"echo": "a"}
    assert reply.binary == data


def test_events_come_in_order_before_the_answer(sandbox):
    events = []
    opened = sandbox()
    answer = opened.request({"do": "count", "to": 200}, on_event=events.append)
    assert answer == {"counted": 200}
    assert events == [{"event": "progress", "number": n} for n in range(200)]


def test_a_failure_of_the_task_is_told_and_the_process_goes_on(sandbox):
    opened = sandbox()
    with pytest.raises(SandboxTaskError) as failed:
        opened.request({"do": "fail"})
    assert failed.value.code == "broken"
    assert failed.value.detail == "x" * 2000
    with pytest.raises(SandboxTaskError) as failed:
        opened.request({"do": "forget"})
    assert failed.value.code == "no_answer"
    assert opened.request({"do": "echo", "text": "on"}) == {"echo": "on"}


def test_a_task_has_one_answer(sandbox):
    opened = sandbox()
    assert opened.request({"do": "answer_twice"}) == {"first": True}
    assert opened.request({"do": "echo", "text": "on"}) == {"echo": "on"}


def test_what_is_no_json_is_refused_on_both_sides(sandbox):
    opened = sandbox()
    assert opened.request({"do": "not_json"}) == {"refused": "FrameError"}
    with pytest.raises(FrameError):
        opened.request({"do": "echo", "text": float("nan")})
    with pytest.raises(FrameError):
        opened.request({"do": "echo"}, binary=bytes(MAX_FRAME_BYTES))
    assert opened.request({"do": "echo", "text": "on"}) == {"echo": "on"}


def test_a_task_that_listens_is_cancelled_and_the_process_goes_on(sandbox):
    opened = sandbox(patience_s=60)
    began = threading.Event()
    with pytest.raises(CancelledError):
        opened.request(
            {"do": "wait_for_cancel"}, on_event=lambda _: began.set(), is_cancelled=began.is_set
        )
    assert opened.is_alive
    assert opened.request({"do": "echo", "text": "on"}) == {"echo": "on"}


def test_a_task_that_hangs_in_c_is_killed_when_cancelled(sandbox):
    opened = sandbox(patience_s=0.2)
    began = threading.Event()
    with pytest.raises(CancelledError):
        opened.request(
            {"do": "hang_in_c"}, on_event=lambda _: began.set(), is_cancelled=began.is_set
        )
    assert not opened.is_alive


def test_a_process_that_dies_while_it_is_cancelled_is_cancelled(sandbox):
    opened = sandbox()
    with pytest.raises(CancelledError):
        opened.request({"do": "sleep"}, is_cancelled=lambda: opened.kill() or True)


def test_the_owner_is_called_while_a_task_runs(sandbox):
    opened = sandbox()
    ticks = []

    def tick():
        ticks.append(len(ticks))

    opened.request({"do": "sleep", "s": 1.5}, tick=tick)
    assert len(ticks) >= 2


def test_an_error_of_the_owner_ends_the_process(sandbox):
    opened = sandbox()
    with pytest.raises(ZeroDivisionError):
        opened.request({"do": "count", "to": 3}, on_event=lambda _: 1 // 0)
    assert not opened.is_alive


def test_several_tasks_are_under_way_with_a_thread_for_each_direction(sandbox):
    opened = sandbox()
    assert opened.receive(60) == ({"event": "ready", "task": 0}, b"")
    data = [bytes([n]) * 200_000 for n in range(40)]
    numbers = []

    def send_all():
        numbers.extend(opened.send({"do": "echo", "text": n}, d) for n, d in enumerate(data))

    sender = threading.Thread(target=send_all)
    sender.start()
    received = []
    while len(received) < len(data):
        frame = opened.receive(60)
        assert frame is not None
        received.append(frame)
    sender.join()
    expected = [{"result": {"echo": n}, "task": number} for n, number in enumerate(numbers)]
    assert [frame.message for frame in received] == expected
    assert [frame.binary for frame in received] == data
    assert opened.outstanding == 0
    assert opened.receive(0.01) is None


def test_a_failed_task_among_several_is_a_message(sandbox):
    opened = sandbox()
    assert opened.receive(60) is not None
    number = opened.send({"do": "fail"})
    assert opened.outstanding == 1
    with pytest.raises(RuntimeError, match="under way"):
        opened.request({"do": "echo", "text": "no"})
    frame = opened.receive(60)
    assert frame is not None
    assert frame.message["task"] == number
    assert frame.message["error"]["code"] == "broken"


def test_binary_parts_come_with_events(sandbox):
    opened = sandbox()
    assert opened.receive(60) is not None
    opened.send({"do": "count", "to": 3})
    frames = [opened.receive(60) for _ in range(3)]
    assert [frame.binary for frame in frames if frame is not None] == [b"", b"e", b"ee"]


def test_a_process_started_in_a_thread_outlives_the_thread(sandbox):
    made = []
    starter = threading.Thread(target=lambda: made.append(sandbox()))
    starter.start()
    starter.join()
    assert made[0].request({"do": "echo", "text": "here"}) == {"echo": "here"}


def test_it_can_be_started_again_after_its_end(sandbox):
    opened = sandbox()
    with pytest.raises(RuntimeError, match="runs already"):
        opened.start()
    opened.kill()
    with pytest.raises(SandboxDiedError):
        opened.request({"do": "echo", "text": "nobody"})
    opened.start()
    assert opened.request({"do": "echo", "text": "again"}) == {"echo": "again"}
    opened.close()
    assert (opened.is_alive, opened.pid, opened.rss_bytes) == (False, None, 0)
    with pytest.raises(SandboxDiedError, match="not running"):
        opened.send({"do": "echo"})
    opened.close()


def pipes() -> set[str]:
    """The pipes this process has open. Other files may come and go with what earlier tests left."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the folder's own descriptor
            found.add(str(entry.readlink()))
    return {target for target in found if target.startswith("pipe:")}


def wait_for_readers(name: str) -> None:
    """Until the threads that read a process's output, which end by themselves, have ended."""
    for thread in threading.enumerate():
        if thread.name == f"{name}-output":
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def test_fifty_rounds_leave_no_descriptor_thread_or_process(sandbox):
    sandbox().close()

    before = pipes()
    pids = []
    for _ in range(50):
        with Sandbox(f"{TARGETS}:serve", LIMITS, name="round") as opened:
            pids.append(opened.pid)
    wait_for_readers("round")
    assert pipes() <= before
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("round")]
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in pids)


def test_what_cannot_be_started_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    before = pipes()
    made = Sandbox(f"{TARGETS}:serve", LIMITS, name="unstartable", files=Files(private=tmp_path))
    with pytest.raises(SandboxDiedError, match="cannot be started"):
        made.start()
    wait_for_readers("unstartable")
    assert pipes() <= before
    assert list(tmp_path.iterdir()) == []


def test_its_output_is_logged_in_bounds_and_without_content(sandbox, caplog):
    caplog.set_level(logging.INFO)
    opened = sandbox("chatter")
    while "printed" not in caplog.text and "test: line" not in caplog.text:
        assert opened.receive(0.05) is None
    opened.request({})
    opened.close()
    lines = [record.getMessage() for record in caplog.records]
    assert "test: line \\x1b[31m0" in lines
    assert sum("line" in line for line in lines) < 60
    assert not any("person" in line for line in lines)
    assert any("lines that are not shown" in line for line in lines)


def test_limits_are_greater_than_zero():
    with pytest.raises(ValueError, match="cpu_s > 0"):
        Limits(memory_bytes=1, cpu_s=0, wall_s=1)
