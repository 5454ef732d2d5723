"""The audit log: its chain, interrupted appends, full disks, and what it never holds."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import resource
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.errors import AuditError, FileUnreadableError
from evolvisense.service.access.audit import (
    NO_ENTRY,
    TAIL_BYTES,
    AuditEntry,
    AuditLog,
    confirmed_by_is,
    inspect,
    verify,
)
from evolvisense.service.access.purpose import Consent, Purpose

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENTRY = AuditEntry(
    event="analysis.accepted",
    request_id="r-1",
    job_id="j-1",
    key_id="k-1",
    media_sha256="ab" * 32,
    purpose=Purpose("research", "EK 12/2026"),
    consent=Consent("Ada Example", NOON, "1"),
    models={"face": "2.1"},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "log.jsonl"


def filled(path: Path, entries: int = 3) -> AuditLog:
    log = AuditLog(path)
    for i in range(entries):
        log.append(AuditEntry("analysis.ended", f"r-{i}"))
    return log


def entries_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_line_holds_what_happened_and_chains_to_the_one_before(path: Path) -> None:
    log = AuditLog(path, now=lambda: NOON)
    first = log.append(ENTRY)
    second = log.append(AuditEntry("analysis.ended", "r-2"))
    one, two = entries_of(path)
    assert (
        one.items()
        >= {
            "event": "analysis.accepted",
            "time": "2026-03-02T12:00:00.000+00:00",
            "number": 1,
            "request_id": "r-1",
            "job_id": "j-1",
            "key_id": "k-1",
            "media_sha256": "ab" * 32,
            "purpose": {"kind": "research", "ethics_id": "EK 12/2026"},
            "models": {"face": "2.1"},
            "previous": NO_ENTRY,
            "hash": first,
        }.items()
    )
    assert (two["number"], two["previous"], two["hash"]) == (2, first, second)
    for entry in (one, two):
        told = entry.pop("hash")
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
        assert told == hashlib.sha256(text.encode()).hexdigest()
    assert verify(path) is None


def test_the_name_of_who_confirmed_is_not_in_it_but_can_be_checked(path: Path) -> None:
    log = AuditLog(path)
    log.append(ENTRY)
    log.append(ENTRY)
    assert b"Ada" not in path.read_bytes()
    one, two = entries_of(path)
    assert one["consent"]["confirmed_by"] != two["consent"]["confirmed_by"]
    assert confirmed_by_is(one, "Ada Example")
    assert not confirmed_by_is(one, "Bob Example")


def test_only_its_owner_may_read_it(path: Path) -> None:
    filled(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("event", ["", "Analysis", "a b", "log.recovered", "x\n"])
def test_an_event_has_a_name(path: Path, event: str) -> None:
    with pytest.raises(ValueError, match="no name of an event"):
        AuditLog(path).append(AuditEntry(event, "r"))
    assert not path.exists()


def test_every_changed_byte_shows(path: Path) -> None:
    filled(path)
    whole = path.read_bytes()
    for i in range(len(whole)):
        for flip in (0x01, 0x2A):
            path.write_bytes(whole[:i] + bytes([whole[i] ^ flip]) + whole[i + 1 :])
            assert verify(path) == whole[:i].count(b"\n") + 1


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda a, b, c: [b, c], 1),
        (lambda a, b, c: [a, c], 2),
        (lambda a, b, c: [a, c, b], 2),
        (lambda a, b, c: [a, b, b, c], 3),
        (lambda a, b, c: [a, b"\n", b, c], 2),
        (lambda a, b, c: [a, b, c, b"x"], 4),
        (lambda a, b, c: [a, b'{"hash":1}\n', c], 2),
        (lambda a, b, c: [a, b"[" * 100_000 + b"\n", b, c], 2),
        (lambda a, b, c: [a, b.replace(b'{"', b'{ "'), c], 2),
    ],
)
def test_removed_moved_added_and_respelled_lines_show(
    path: Path, change: Callable[[bytes, bytes, bytes], list[bytes]], line: int
) -> None:
    filled(path)
    path.write_bytes(b"".join(change(*path.read_bytes().splitlines(keepends=True))))
    assert verify(path) == line


def test_a_cut_off_end_shows_to_who_kept_the_hash_of_the_last_entry(path: Path) -> None:
    filled(path)
    head = inspect(path).head
    filled(path, 1)
    assert inspect(path, head=head).broken_line is None
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert verify(path) is None
    reading = inspect(path, head=head)
    assert (reading.broken_line, reading.entries) == (3, 2)
    assert "cut off" in reading.why


def test_an_entry_forged_at_the_end_of_a_changed_log_does_not_hide_the_change(path: Path) -> None:
    log = filled(path)
    path.write_bytes(path.read_bytes().replace(b"r-2", b"r-9"))
    log.append(ENTRY)
    assert verify(path) == 3


def test_wherever_an_append_is_interrupted_it_shows_and_the_next_one_works(path: Path) -> None:
    log = filled(path, 2)
    before = path.read_bytes()
    log.append(ENTRY)
    whole = path.read_bytes()
    for end in range(len(before) + 1, len(whole)):
        path.write_bytes(whole[:end])
        assert verify(path) == 3
        log.append(ENTRY)
        assert path.read_bytes().startswith(whole[:end])
        reading = inspect(path)
        assert reading.broken_line is None
        # Where only the newline was missing, the line is whole: nothing is to be accounted for.
        assert reading.recovered == (() if end == len(whole) - 1 else (4,))
        assert reading.entries == 4


pieces = st.binary(min_size=1, max_size=40) | st.just(b'{"hash":') | st.just(b"\n\r\n")


@given(broken=st.lists(pieces, min_size=1, max_size=4), start_empty=st.booleans())
def test_whatever_pieces_lie_at_the_end_are_accounted_for(
    broken: list[bytes], start_empty: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("audit") / "log"
    log = AuditLog(path) if start_empty else filled(path, 1)
    for piece in broken:
        with path.open("ab") as file:
            file.write(piece)
        assert verify(path) is not None
        log.append(ENTRY)
        assert verify(path) is None
    assert len(inspect(path).recovered) == len(broken)


def test_a_piece_longer_than_what_is_read_at_once_is_accounted_for(path: Path) -> None:
    log = filled(path)
    with path.open("ab") as file:
        file.write(b"x\n" * TAIL_BYTES + b"y" * 9 * TAIL_BYTES)
    log.append(ENTRY)
    assert verify(path) is None
    assert entries_of_event(path, "log.recovered")[0]["broken_bytes"] == 11 * TAIL_BYTES + 1


def test_a_changed_piece_shows(path: Path) -> None:
    log = filled(path)
    with path.open("ab") as file:
        file.write(b"half an entry")
    log.append(ENTRY)
    path.write_bytes(path.read_bytes().replace(b"half an", b"half no"))
    assert verify(path) == 4


def entries_of_event(path: Path, event: str) -> list[dict[str, Any]]:
    lines = [line for line in path.read_bytes().splitlines() if line.startswith(b"{")]
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


def append_many(path: Path, name: str, count: int) -> None:
    log = AuditLog(path)
    for i in range(count):
        log.append(AuditEntry("analysis.ended", f"{name}-{i}"))


def test_processes_and_threads_that_append_at_once_keep_one_chain(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=append_many, args=(path, f"p{i}", 15)) for i in range(3)]
    threads = [threading.Thread(target=append_many, args=(path, f"t{i}", 15)) for i in range(3)]
    for worker in (*processes, *threads):
        worker.start()
    for worker in (*processes, *threads):
        worker.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert verify(path) is None
    expected = {f"{kind}{i}-{n}" for kind in "pt" for i in range(3) for n in range(15)}
    assert {entry["request_id"] for entry in entries_of(path)} == expected
    assert inspect(path).entries == len(expected)


def test_the_log_can_be_read_while_others_append(path: Path) -> None:
    filled(path, 1)
    writer = threading.Thread(target=append_many, args=(path, "t", 100))
    writer.start()
    readings = [inspect(path) for _ in range(20)]
    writer.join()
    assert all(reading.broken_line is None for reading in readings)
    assert inspect(path).entries == 101


def test_after_a_killed_process_the_log_goes_on(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=append_many, args=(path, "p", 1_000_000))
    process.start()
    while not path.exists() or path.read_bytes().count(b"\n") < 20:
        assert process.is_alive()
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    AuditLog(path).append(ENTRY)
    assert verify(path) is None
    assert entries_of_event(path, "analysis.accepted")


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file of this process may grow past that many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 100])
def test_an_entry_that_does_not_fit_is_an_error_and_the_log_goes_on_once_there_is_room(
    path: Path, room: int
) -> None:
    log = filled(path)
    size = path.stat().st_size
    with room_for(size + room):
        for _ in range(2):
            with pytest.raises(AuditError, match="nothing is analysed without it"):
                log.append(ENTRY)
    assert path.stat().st_size == size + room
    log.append(ENTRY)
    reading = inspect(path)
    assert reading.broken_line is None
    assert reading.entries == (4 if room == 0 else 5)


def test_a_full_disk_is_an_error_whose_text_names_no_file() -> None:
    with pytest.raises(AuditError) as caught:
        AuditLog(Path("/dev/full")).append(ENTRY)
    assert caught.value.code == "audit_unavailable"
    assert "/dev" not in str(caught.value)


def test_a_log_that_was_moved_away_is_followed_by_a_new_one(path: Path) -> None:
    log = filled(path)
    path.rename(path.with_suffix(".old"))
    log.append(ENTRY)
    assert inspect(path.with_suffix(".old")).entries == 3
    assert inspect(path).entries == 1


def test_an_empty_log_is_whole_and_an_absent_one_is_an_error(tmp_path: Path) -> None:
    empty = tmp_path / "log"
    empty.touch()
    assert verify(empty) is None
    assert inspect(empty).head == NO_ENTRY
    for absent in (tmp_path / "none", tmp_path):
        with pytest.raises(FileUnreadableError, match="cannot be read"):
            verify(absent)
