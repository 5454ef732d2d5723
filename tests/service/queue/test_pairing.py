"""A lost, emptied or different database deletes nothing, and is refused with advice."""

from __future__ import annotations

import errno
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from evolvisense.errors import DatabaseError, DatabaseMismatchError, DataFolderError
from evolvisense.service.queue.database import open_database, writing
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.janitor import REMEMBER_DELETED_S, Janitor
from evolvisense.service.queue.migration import adopt, reset
from evolvisense.service.queue.pairing import (
    ID_FILE,
    FolderLock,
    folder_id,
    inspect_pair,
    refuse_other,
    require_pair,
)
from evolvisense.service.queue.settings import LeaseRules
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import NewJob
from tests.factory.databases import sqlite_url

RULES = LeaseRules(lease_s=10.0, max_attempts=2, retention_s=3600.0)
Opener = Callable[[str], Engine]


@pytest.fixture
def opened() -> Iterator[Opener]:
    engines: list[Engine] = []

    def again(url: str) -> Engine:
        engines.append(open_database(url))
        return engines[-1]

    yield again
    for engine in engines:
        engine.dispose()


class Folder:
    """A data folder with one analysis that has its report and one that waits."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.root, self.engine = root, engine
        self.store, self.files = JobStore(engine), JobFiles(root, grace_s=0)
        self.keeper = Janitor(self.store, self.files, rules=RULES)

    def fill(self) -> None:
        require_pair(self.engine, self.root)
        for job_id in ("done", "waits"):
            upload = self.files.new_path()
            upload.write_bytes(b"video")
            self.files.keep(upload, job_id)
            self.store.submit([NewJob(job_id, {}, 5, "0" * 64, owner="key")])
        claim = self.store.claim("worker")
        assert claim is not None
        report = self.files.write_report("done", claim.lease, b"{}")
        self.store.succeed(claim, report, expires_s=time.time() + 1000)
        self.files.forget_media("done")

    def content(self) -> set[str]:
        return {
            str(path.relative_to(self.root))
            for name in ("media", "reports", "overlays")
            for path in (self.root / name).iterdir()
        }


@pytest.fixture
def folder(tmp_path: Path, opened: Opener) -> Folder:
    found = Folder(tmp_path / "data", opened(sqlite_url(tmp_path / "data")))
    found.fill()
    return found


def other(folder: Folder, opened: Opener) -> Folder:
    """The same folder with a database that was lost and made again."""
    folder.engine.dispose()
    for path in folder.root.glob("queue.db*"):
        path.unlink()
    return Folder(folder.root, opened(sqlite_url(folder.root)))


def test_a_folder_and_its_database_go_on(folder: Folder, opened: Opener) -> None:
    assert folder_id(folder.root) == inspect_pair(folder.engine, folder.root).database_id
    folder.engine.dispose()
    require_pair(opened(sqlite_url(folder.root)), folder.root)


def test_a_lost_database_is_refused_and_nothing_is_deleted(folder: Folder, opened: Opener) -> None:
    before = folder.content()
    lost = other(folder, opened)
    for _ in range(2):
        with pytest.raises(DatabaseMismatchError) as refusal:
            require_pair(lost.engine, lost.root)
        for advice in ("data adopt", "data reset --yes", "EVOLVISENSE_DATABASE_URL", "data move"):
            assert advice in str(refusal.value)
    with pytest.raises(DatabaseMismatchError):
        refuse_other(lost.engine, lost.root)
    assert folder.content() == before


def test_another_database_is_refused(folder: Folder, opened: Opener, postgres_url: str) -> None:
    with pytest.raises(DatabaseMismatchError):
        require_pair(opened(postgres_url), folder.root)


def test_an_emptied_database_keeps_the_reports(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    before = folder.content()
    with writing(folder.engine) as connection:
        connection.execute(text("DELETE FROM jobs"))
    with caplog.at_level(logging.INFO):
        for _ in range(4):
            folder.keeper.sweep()
    assert folder.content() == before
    assert folder.keeper.unknown_files == 2
    told = [m for m in caplog.messages if "does not know" in m]
    assert len(told) == 1
    assert "data adopt" in told[0]


def test_a_folder_of_the_version_before_gets_its_id(folder: Folder) -> None:
    (folder.root / ID_FILE).unlink()
    require_pair(folder.engine, folder.root)
    assert folder_id(folder.root) is not None


def test_a_folder_of_the_version_before_whose_database_was_lost_is_refused(
    folder: Folder, opened: Opener
) -> None:
    (folder.root / ID_FILE).unlink()
    lost = other(folder, opened)
    with pytest.raises(DatabaseMismatchError, match="nothing in the data folder"):
        require_pair(lost.engine, lost.root)


def test_an_empty_folder_is_refused_by_a_database_with_analyses(
    folder: Folder, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseMismatchError, match="none of the files of the 2 analyses"):
        require_pair(folder.engine, tmp_path / "not-mounted")


def test_the_first_of_two_databases_has_a_new_folder(tmp_path: Path, opened: Opener) -> None:
    first, second = (opened(f"sqlite:///{tmp_path / name}.db") for name in "ab")
    require_pair(first, tmp_path / "data")
    with pytest.raises(DatabaseMismatchError):
        require_pair(second, tmp_path / "data")


def test_reports_are_imported(folder: Folder, opened: Opener) -> None:
    lost = other(folder, opened)
    done = adopt(lost.engine, lost.root, owner="new", retention_s=1000.0)
    assert (done.reports, done.lost) == (1, 1)
    require_pair(lost.engine, lost.root)
    job, waited = lost.store.get("done"), lost.store.get("waits")
    assert job is not None
    assert waited is not None
    assert (job.state, job.owner) == ("succeeded", "new")
    assert job.report is not None
    assert lost.files.report_path(job.report).read_bytes() == b"{}"
    assert job.expires_s is not None
    assert job.expires_s > time.time() + 900
    assert waited.failure is not None
    assert waited.failure.code == "database_lost"
    assert not lost.files.media("waits").exists()
    again = adopt(lost.engine, lost.root, owner="new", retention_s=1000.0)
    assert (again.reports, again.lost) == (0, 0)
    for _ in range(3):
        lost.keeper.sweep()
    assert lost.files.report_path(job.report).exists()


def test_the_newest_report_of_several_tries_is_imported(folder: Folder, opened: Opener) -> None:
    old = next(path for path in (folder.root / "reports").iterdir())
    os.utime(old, (1000, 1000))
    newest = folder.files.write_report("done", "second", b'{"second": 1}')
    lost = other(folder, opened)
    assert adopt(lost.engine, lost.root, owner="", retention_s=1.0).files_deleted == 1
    job = lost.store.get("done")
    assert job is not None
    assert job.report == newest


def test_what_was_deleted_on_purpose_is_not_imported(folder: Folder) -> None:
    job = folder.store.get("done")
    assert job is not None
    folder.store.delete("done")  # and then the process dies before it deletes the files
    assert adopt(folder.engine, folder.root, owner="", retention_s=1.0).reports == 0
    for _ in range(2):
        folder.keeper.sweep()
    assert not list((folder.root / "reports").iterdir())


def test_starting_empty_deletes_what_is_unknown_and_nothing_else(
    folder: Folder, opened: Opener
) -> None:
    (folder.root / "baselines").mkdir()
    (folder.root / "baselines" / "ada").write_text("values")
    lost = other(folder, opened)
    assert reset(lost.engine, lost.root) == 2
    require_pair(lost.engine, lost.root)
    assert lost.content() == set()
    assert (folder.root / "baselines" / "ada").read_text() == "values"


def test_a_sweep_says_what_it_deletes(folder: Folder, caplog: pytest.LogCaptureFixture) -> None:
    with writing(folder.engine) as connection:
        connection.execute(text("UPDATE jobs SET expires_s = 1 WHERE id = 'done'"))
    with caplog.at_level(logging.INFO):
        folder.keeper.sweep()
    assert "deleted 1 analyses that have expired: done" in caplog.messages


def test_an_upload_whose_server_died_before_it_was_accepted_is_swept(folder: Folder) -> None:
    folder.store.announce_files(["half"])
    upload = folder.files.new_path()
    upload.write_bytes(b"video")
    folder.files.keep(upload, "half")
    for _ in range(2):
        folder.keeper.sweep()
    assert not folder.files.media("half").exists()
    assert folder.keeper.unknown_files == 0


def test_deletions_are_remembered_as_long_as_there_are_files(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.store.delete("waits")
    now_s = time.time() + 2 * REMEMBER_DELETED_S
    assert folder.store.forget_deleted(now_s - REMEMBER_DELETED_S, ["waits"]) == 0
    assert folder.store.forget_deleted(now_s - REMEMBER_DELETED_S, []) == 1
    assert folder.store.owners(["waits"]) == {}


def test_a_database_that_is_replaced_while_it_is_used_is_not_used(
    folder: Folder, tmp_path: Path, opened: Opener
) -> None:
    before = folder.content()
    opened(sqlite_url(tmp_path / "other"))
    (tmp_path / "other" / "queue.db").replace(folder.root / "queue.db")
    for call in (folder.store.counts, folder.keeper.sweep, lambda: folder.store.claim("w")):
        with pytest.raises(DatabaseError, match="removed or replaced"):
            call()
    assert folder.content() == before


def test_a_database_that_is_removed_while_it_is_used_is_not_made_again(folder: Folder) -> None:
    for path in folder.root.glob("queue.db*"):
        path.unlink()
    with pytest.raises(DatabaseError, match="removed or replaced"):
        folder.store.counts()
    folder.engine.dispose()
    with pytest.raises(DatabaseError, match="removed or replaced"):
        folder.store.counts()
    assert not list(folder.root.glob("queue.db*"))


@pytest.mark.parametrize("column", ["jobs.overlay", "jobs.webhook", "api_keys.scopes"])
def test_a_database_with_a_missing_column_is_refused(database_url: str, column: str) -> None:
    table, _, name = column.partition(".")
    engine = open_database(database_url)
    JobStore(engine).require_columns()
    with writing(engine) as connection:
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
    with pytest.raises(DatabaseError, match=name):
        JobStore(engine).require_columns()  # what /readyz asks
    engine.dispose()
    with pytest.raises(DatabaseError, match=column):
        open_database(database_url)


def test_a_database_with_a_missing_table_is_refused(database_url: str) -> None:
    engine = open_database(database_url)
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE idempotency"))
    engine.dispose()
    with pytest.raises(DatabaseError, match="idempotency"):
        open_database(database_url)


def test_a_folder_that_is_used_is_not_changed(tmp_path: Path) -> None:
    server, worker = (FolderLock(tmp_path, alone=False) for _ in range(2))
    with pytest.raises(DataFolderError, match="stop all of them first"):
        FolderLock(tmp_path, alone=True)
    server.close()
    worker.close()
    command = FolderLock(tmp_path, alone=True)
    with pytest.raises(DataFolderError, match="when it has ended"):
        FolderLock(tmp_path, alone=False)
    command.close()
    FolderLock(tmp_path, alone=False).close()


def test_a_folder_below_a_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match=f"writable.*{os.strerror(errno.ENOTDIR)}"):
        JobFiles(tmp_path / "file" / "data")


@pytest.mark.parametrize("closed", [".", "reports"])
def test_a_folder_of_somebody_else_is_said_in_a_sentence(closed: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "data"
        JobFiles(root)
        for path in (root, *root.iterdir()):
            path.chmod(0o755 if path == root / closed else 0o777)
        user = os.geteuid()
        (root / closed).chmod(0o555)
        if user == 0:  # who may write everywhere
            os.seteuid(65534)
        try:
            with pytest.raises(DataFolderError, match=r"cannot be written.*somebody else"):
                JobFiles(root)
        finally:
            os.seteuid(user)
