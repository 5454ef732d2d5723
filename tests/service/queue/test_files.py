"""Uploads, media and reports on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evolvisense.errors import StorageFullError
from evolvisense.service.queue.files import JobFiles
from evolvisense.types.job import NOT_WANTED, FileOwner

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    return JobFiles(tmp_path / "data", grace_s=0)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_an_upload_becomes_the_media_of_a_job(files: JobFiles) -> None:
    upload = files.new_path()
    upload.write_bytes(b"video")
    media = files.keep(upload, "job-1")
    assert media == files.media("job-1")
    assert media.read_bytes() == b"video"
    assert not upload.exists()
    files.forget_media("job-1")
    files.forget_media("job-1")
    assert not media.exists()


def test_each_lease_has_a_report_of_its_own(files: JobFiles) -> None:
    first = files.write_report("job-1", "aa", b"one")
    part = files.new_path()
    part.write_bytes(b"two")
    second = files.adopt_report(part, "job-1", "bb")
    assert files.report_path(first).read_bytes() == b"one"
    assert files.report_path(second).read_bytes() == b"two"
    files.forget_report(first)
    assert not files.report_path(first).exists()
    assert files.report_path(second).exists()


def test_nothing_takes_the_place_of_another_file(files: JobFiles) -> None:
    files.write_report("job-1", "aa", b"one")
    with pytest.raises(FileExistsError):
        files.write_report("job-1", "aa", b"two")
    assert files.report_path("job-1.aa").read_bytes() == b"one"
    assert names(files.open_incoming()) == set()


def test_everything_is_for_its_owner_alone(files: JobFiles) -> None:
    upload = files.new_path()
    upload.write_bytes(b"video")
    upload.chmod(0o666)
    files.keep(upload, "job-1")
    files.write_report("job-1", "aa", b"one")
    for path in [files.root, *files.root.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a.b.c", "a\n", "x" * 65])
def test_names_lead_nowhere_else(files: JobFiles, name: str) -> None:
    for path in (files.media, files.report_path, files.forget_media, files.is_alive):
        with pytest.raises(ValueError, match="is no name"):
            path(name)


def test_only_plain_files_of_this_process_are_taken(files: JobFiles, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    secret.chmod(0o644)
    with pytest.raises(ValueError, match="expected a file in"):
        files.keep(secret, "job-1")
    link, pipe, folder = files.new_path(), files.new_path(), files.new_path()
    link.symlink_to(secret)
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (link, pipe, folder):
        with pytest.raises(ValueError, match="plain file"):
            files.adopt_report(path, "job-1", "aa")
    with pytest.raises(FileNotFoundError):
        files.keep(files.new_path(), "job-1")
    assert secret.stat().st_mode & 0o777 == 0o644
    assert names(files.root / "reports") == set()


def test_what_a_dead_process_left_is_swept_and_a_living_one_is_left_alone(files: JobFiles) -> None:
    own = files.new_path()
    own.write_bytes(b"mine")
    command = [sys.executable, "-m", "tests.service.queue.workers", "hold", str(files.root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        instance = process.stdout.readline().strip()
        assert files.is_alive(instance)
        assert files.is_alive(files.instance)
        assert files.sweep_dead() == ()
    finally:
        process.kill()
        process.communicate()
    assert not files.is_alive(instance)
    assert files.sweep_dead() == (instance,)
    assert files.sweep_dead() == ()
    assert own.read_bytes() == b"mine"
    assert names(files.root / "incoming") == {files.instance, f"{files.instance}.lock"}


def test_a_folder_whose_lock_somebody_deleted_is_swept(files: JobFiles) -> None:
    (files.root / "incoming" / "0123").mkdir()
    (files.root / "incoming" / "0123" / "upload").write_bytes(b"x")
    assert files.sweep_dead() == ("0123",)
    assert names(files.root / "incoming") == set()


def test_a_closed_instance_leaves_nothing(files: JobFiles) -> None:
    before = files.instance
    files.new_path().write_bytes(b"x")
    files.close()
    files.close()
    assert names(files.root / "incoming") == set()
    assert not files.is_alive(before)
    assert files.instance != before


def test_sweeps_never_take_a_folder_that_is_being_claimed(files: JobFiles) -> None:
    def claim_and_use(_: int) -> bool:
        other = JobFiles(files.root)
        path = other.new_path()
        path.write_bytes(b"x")
        files.sweep_dead()
        still = path.exists()
        other.close()
        return still

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(claim_and_use, range(100)))


RUNS = FileOwner(is_unfinished=True, report=None, overlay=None)


def ended(report: str | None = None, overlay: str | None = None) -> FileOwner:
    return FileOwner(is_unfinished=False, report=report, overlay=overlay)


def test_a_file_that_no_job_needs_goes_at_the_second_sight_after_the_time_of_grace(
    tmp_path: Path,
) -> None:
    clock_s = 1000.0
    files = JobFiles(tmp_path, grace_s=30, monotonic=lambda: clock_s)
    files.write_report("gone", "aa", b"x")
    files.write_report("there", "aa", b"x")
    upload = files.new_path()
    upload.write_bytes(b"video")
    files.keep(upload, "late")
    owners = {"there": ended("there.aa"), "gone": NOT_WANTED, "late": NOT_WANTED}

    def sweep() -> int:
        return len(files.sweep(lambda _: owners).deleted)

    assert sweep() == 0
    clock_s += 29
    assert sweep() == 0
    owners["late"] = RUNS
    clock_s += 1
    assert sweep() == 1
    assert names(tmp_path / "reports") == {"there.aa"}
    owners |= {"there": NOT_WANTED, "late": NOT_WANTED}
    assert sweep() == 0
    clock_s += 30
    assert sweep() == 2
    assert names(tmp_path / "media") == names(tmp_path / "reports") == set()


def test_one_sight_is_never_enough(files: JobFiles) -> None:
    files.write_report("gone", "aa", b"x")
    for count in (0, 1, 0):
        assert len(files.sweep(lambda _: {"gone": NOT_WANTED}).deleted) == count


def test_files_of_unknown_jobs_are_never_deleted(files: JobFiles) -> None:
    upload = files.new_path()
    upload.write_bytes(b"video")
    kept = {files.keep(upload, "a"), files.report_path(files.write_report("b", "aa", b"x"))}
    for _ in range(3):
        swept = files.sweep(lambda _: {})
        assert (swept.deleted, set(swept.unknown)) == ((), kept)
    assert all(path.exists() for path in kept)


def test_media_of_ended_jobs_go_and_their_reports_stay(files: JobFiles) -> None:
    for job_id in ("runs", "ended"):
        upload = files.new_path()
        upload.write_bytes(b"video")
        files.keep(upload, job_id)
        files.write_report(job_id, "aa", b"x")
    files.write_report("ended", "bb", b"x")
    for _ in range(2):
        files.sweep(lambda _: {"runs": RUNS, "ended": ended("ended.aa")})
    assert names(files.root / "media") == {"runs"}
    assert names(files.root / "reports") == {"runs.aa", "ended.aa"}


def test_space_is_kept_free(tmp_path: Path) -> None:
    JobFiles(tmp_path).require_space(1)
    with pytest.raises(StorageFullError):
        JobFiles(tmp_path).require_space(2**60)
    with pytest.raises(StorageFullError):
        JobFiles(tmp_path, reserve_bytes=2**60).require_space(1)


def test_what_was_copied_is_out_of_the_hands_of_its_writer(tmp_path: Path):
    files = JobFiles(tmp_path)
    with files.nameless() as handed:
        kept = os.dup(handed)
        os.write(handed, b"true" * 100_000)
        report = files.report_path(files.adopt_report(files.copied(handed), "a", "lease"))
        os.pwrite(kept, b"lies", 0)
        os.close(kept)
    assert report.read_bytes() == b"true" * 100_000
    assert list(files.open_incoming().iterdir()) == []
    files.close()
