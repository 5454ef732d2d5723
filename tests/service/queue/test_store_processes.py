"""The queue under several processes, some of which are killed, and under a full disk."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from evolvisense.errors import (
    BusyError,
    DatabaseError,
    EngineUnavailableError,
    InvalidOptionError,
    StorageFullError,
)
from evolvisense.service.queue.database import open_database, reading, writing
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.store import JobStore
from evolvisense.service.queue.tables import SCHEMA_VERSION, schema
from evolvisense.types.job import NewJob
from tests.factory.databases import sqlite_url

ROOT = Path(__file__).resolve().parents[3]


def new_job(job_id: str) -> NewJob:
    return NewJob(job_id, {}, 1, "ab")


@contextmanager
def worker(*task: str) -> Iterator[subprocess.Popen[str]]:
    """A process of tests/service/queue/workers.py, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.queue.workers", *task],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_several_processes_finish_every_job_once(database_url: str, engine: Engine) -> None:
    store = JobStore(engine)
    store.submit([new_job(f"j{n}") for n in range(200)])
    with (
        worker("finish", database_url) as a,
        worker("finish", database_url) as b,
        worker("finish", database_url) as c,
    ):
        lines = [line for process in (a, b, c) for line in process.communicate()[0].splitlines()]
        assert [process.returncode for process in (a, b, c)] == [0, 0, 0]
    finished = Counter(line for line in lines if line.startswith("finished"))
    claimed = Counter(line for line in lines if line.startswith("claimed"))
    assert len(finished) == len(claimed) == 200
    assert set(finished.values()) == set(claimed.values()) == {1}
    assert store.counts().succeeded == 200
    assert all(job.attempts == 1 and job.version == 4 for job in store.list_page(limit=200)[0])


def test_a_worker_killed_between_claim_and_finish_loses_no_job(
    database_url: str, engine: Engine
) -> None:
    store = JobStore(engine)
    store.submit([new_job("a")])
    with worker("finish", database_url, "600") as process:
        assert [line_of(process), line_of(process)] == ["ready", "claimed a"]
    ((job_id, lease, beat),) = store.running()
    assert store.claim("w") is None
    assert store.requeue(job_id, lease, beat, max_attempts=3) == "queued"
    claim = store.claim("w")
    assert claim is not None
    assert claim.job.attempts == 2
    assert store.succeed(claim, "report")


def test_a_process_killed_in_a_transaction_has_changed_nothing(
    database_url: str, engine: Engine
) -> None:
    store = JobStore(engine)
    store.submit([new_job("a"), new_job("b")])
    claim = store.claim("w")
    assert claim is not None
    with worker("stop", database_url) as process:
        assert line_of(process) == "inside"
        assert store.counts().running == 1
    assert store.beat(claim, "faces", 1)
    assert store.succeed(claim, "report")
    assert store.claim("w") is not None


def test_submitters_killed_at_any_moment_leave_what_was_accepted(
    database_url: str, engine: Engine
) -> None:
    for turn in range(4):
        with worker("submit", database_url, f"t{turn}") as process:
            accepted = [line_of(process).split()[1] for _ in range(5 + 7 * turn)]
        ids = {job.id for job in JobStore(engine).list_page(limit=100_000)[0]}
        assert ids >= {f"{name}-{half}" for name in accepted for half in "xy"}
        assert all(job_id.replace("-x", "-y").replace("-y", "-x") in ids for job_id in ids)
        assert {job_id[:-1] + "y" for job_id in ids} | {job_id[:-1] + "x" for job_id in ids} == ids


def test_workers_killed_again_and_again_finish_all_jobs_once(
    database_url: str, engine: Engine
) -> None:
    store = JobStore(engine)
    store.submit([new_job(f"j{n}") for n in range(60)])
    finished: Counter[str] = Counter()
    for lives in (5, 10, 20, None):
        with worker("finish", database_url) as process:
            if lives is None:
                lines = process.communicate()[0].splitlines()
            else:
                lines = [line_of(process) for _ in range(lives)]
                process.kill()
                lines += process.communicate()[0].splitlines()
        finished.update(line.split()[1] for line in lines if line.startswith("finished"))
        for job_id, lease, beat in store.running():
            assert store.requeue(job_id, lease, beat, max_attempts=9) == "queued"
    while (claim := store.claim("w")) is not None:
        assert store.succeed(claim, "report")
    assert store.counts().succeeded == 60
    assert all(times == 1 for times in finished.values())


def test_processes_that_open_a_new_database_at_once_all_can(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path)
    with worker("finish", url) as a, worker("finish", url) as b, worker("finish", url) as c:
        for process in (a, b, c):
            assert process.communicate()[0] == "ready\n"
            assert process.returncode == 0


def test_commits_are_durable(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    with writing(engine) as first, reading(engine) as second:
        for connection in (first, second):
            values = {
                name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
            }
            assert values == {
                "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1
            }  # fmt: skip
    engine.dispose()


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "new"))
    JobStore(engine).submit([new_job("a")])
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    engine.dispose()


def test_a_database_locked_by_others_is_busy(database_url: str) -> None:
    engine = open_database(database_url, busy_s=0.2)
    store = JobStore(engine)
    store.submit([new_job("a")])
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with writing(engine) as connection:
            connection.execute(schema.update().values(version=SCHEMA_VERSION))
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE jobs"))
            held.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    try:
        with pytest.raises(BusyError) as busy:
            store.cancel("a")
        assert busy.value.retry_after_s >= 1
        with pytest.raises(BusyError):
            store.submit([new_job("b")])
    finally:
        go_on.set()
        thread.join()
    assert store.submit([new_job("b")])
    engine.dispose()


def test_a_database_of_a_newer_program_is_refused(database_url: str) -> None:
    engine = open_database(database_url)
    with writing(engine) as connection:
        connection.execute(schema.update().values(version=SCHEMA_VERSION + 1))
    engine.dispose()
    with pytest.raises(DatabaseError, match="newer EvolviSense"):
        open_database(database_url)


def test_a_database_of_another_program_is_refused(database_url: str) -> None:
    engine = open_database(database_url)
    with writing(engine) as connection:
        schema.drop(connection)
    engine.dispose()
    with pytest.raises(DatabaseError, match="another program"):
        open_database(database_url)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"a text, not a database" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        open_database(sqlite_url(tmp_path))
    assert (tmp_path / "queue.db").read_bytes() == b"a text, not a database" * 100


@pytest.mark.parametrize("url", ["mysql://a/b", "queue.db", "sqlite://", "sqlite:///:memory:"])
def test_only_files_of_sqlite_and_postgres_are_databases(url: str) -> None:
    with pytest.raises(InvalidOptionError):
        open_database(url)


def test_postgres_without_its_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(EngineUnavailableError, match=r"\[postgres\]"):
        open_database("postgresql://nobody@/nothing")


def test_a_postgres_that_is_not_there_is_said_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(DatabaseError) as error:
        open_database(f"postgresql+psycopg://a:hush-hush@/b?host={tmp_path}")
    assert "hush" not in str(error.value)


def test_what_was_deleted_is_nowhere_in_the_files(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    store = JobStore(engine)
    marks = [f"unique-{n}-of-this-test" for n in range(400)]
    for begin in range(0, 400, 40):
        store.submit(
            [
                NewJob(f"j{n}", {"text": marks[n] * (1 + n % 7 * 20)}, 1, "ab", owner=marks[n])
                for n in range(begin, begin + 40)
            ]
        )
        for _ in range(3):
            claim = store.claim("w")
            assert claim is not None
            mark = marks[int(claim.job.id[1:])]
            store.beat(claim, mark * 9, 1)
            store.succeed(claim, mark)
            store.delete(f"j{begin + int(claim.job.id[1:]) % 40}")
    gone = {f"j{n}" for n in range(400)} - set(store.versions(f"j{n}" for n in range(400)))
    assert 10 <= len(gone) <= 30
    for clean in (store.checkpoint, store.wipe):
        assert clean()
        there = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        found = {f"j{n}" for n, mark in enumerate(marks) if mark.encode() in there}
        assert found >= {f"j{n}" for n in range(400)} - gone
    assert not found & gone
    engine.dispose()


def test_a_deleted_job_is_overwritten_by_the_next_checkpoint(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    store = JobStore(engine)
    mark = "unique-text-of-this-test"
    store.submit([NewJob("a", {"text": mark * 300}, 1, "ab", owner=mark), new_job("b")])

    def is_there() -> bool:
        return any(mark.encode() in path.read_bytes() for path in tmp_path.iterdir())

    assert is_there()
    assert store.checkpoint()
    assert is_there()
    store.delete("a")
    assert is_there()
    assert store.checkpoint()
    assert not is_there()
    engine.dispose()


def test_a_reader_in_the_way_is_told_by_the_checkpoint(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path), busy_s=0.1)
    store = JobStore(engine)
    with reading(engine) as connection:
        connection.execute(schema.select()).all()
        store.submit([new_job("a")])
        assert not store.checkpoint()
    assert store.checkpoint()
    engine.dispose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    libc = ctypes.CDLL(None, use_errno=True)
    folder = tmp_path / "disk"
    folder.mkdir()
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip(f"no file system can be mounted: {os.strerror(ctypes.get_errno())}")
    yield folder
    libc.umount2(os.fsencode(folder), 2)


def fill(folder: Path, leave_bytes: int = 0) -> Path:
    """A file that takes what is left of the disk."""
    disk = os.statvfs(folder)
    path = folder / "filling"
    path.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - leave_bytes)))
    return path


def test_a_full_disk_refuses_jobs_and_loses_none(small_disk: Path) -> None:
    engine = open_database(sqlite_url(small_disk))
    store = JobStore(engine)
    store.submit([new_job("a")])
    claim = store.claim("w")
    assert claim is not None
    filling = fill(small_disk, 100_000)
    accepted: list[str] = []

    def until_full() -> None:
        for n in range(1000):
            job_id = f"j{n}"
            store.submit([NewJob(job_id, {"text": "x" * 3000}, 1, "ab")])
            accepted.append(job_id)

    with pytest.raises(StorageFullError):
        until_full()
    assert accepted
    for _ in range(2):
        jobs, _ = store.list_page(limit=2000)
        assert [job.id for job in jobs] == [*reversed(accepted), "a"]
        engine.dispose()
        engine = open_database(sqlite_url(small_disk))
        store = JobStore(engine)
    filling.unlink()
    assert store.succeed(claim, "report")
    assert store.submit([new_job("b")])
    engine.dispose()


def test_a_new_database_on_a_full_disk_says_so(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(StorageFullError):
        open_database(sqlite_url(small_disk))


def test_a_full_disk_leaves_no_half_report(small_disk: Path) -> None:
    files = JobFiles(small_disk / "data")
    kept = files.write_report("a", "1", b"whole")
    with pytest.raises(StorageFullError):
        files.write_report("a", "2", bytes(2**21))
    assert files.report_path(kept).read_bytes() == b"whole"
    assert [path.name for path in files.report_path(kept).parent.iterdir()] == [kept]
    assert list(files.open_incoming().iterdir()) == []
    files.write_report("a", "3", bytes(2**19))
    with pytest.raises(StorageFullError):
        files.require_space(2**20)
    files.require_space(2**10)
