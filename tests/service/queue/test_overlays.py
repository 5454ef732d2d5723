"""Overlays of jobs: made, missing with a reason, and never left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from evolvisense.report import Report
from evolvisense.sandbox import Limits
from evolvisense.service.queue.database import open_database, writing
from evolvisense.service.queue.files import JobFiles
from evolvisense.service.queue.janitor import Janitor
from evolvisense.service.queue.settings import LeaseRules
from evolvisense.service.queue.store import JobStore
from evolvisense.service.queue.tables import SCHEMA_VERSION, jobs, schema
from evolvisense.types.job import Job, NewJob
from tests.factory.overlays import read
from tests.factory.patience import wait_until
from tests.service.queue.test_pool import LIMITS, Queue

WISH = {"analysis": {"frame_skip": 25}, "overlay": {"blur_faces": False}}


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    found = Queue(tmp_path)
    yield found
    found.files.close()
    found.engine.dispose()


def submit(queue: Queue, video: Path, options: dict[str, Any] = WISH) -> None:
    path = queue.files.new_path()
    path.write_bytes(video.read_bytes())
    queue.files.keep(path, "a")
    queue.store.submit([NewJob("a", options, 1, "0" * 64)])


def files_of(queue: Queue, folder: str) -> list[Path]:
    return [path for path in (queue.files.root / folder).rglob("*") if path.is_file()]


def report_of(queue: Queue, job: Job) -> Report:
    assert job.report is not None
    return Report.model_validate_json(queue.files.report_path(job.report).read_bytes())


def notices(report: Report) -> list[str]:
    return [warning.message for warning in report.warnings if warning.code == "overlay_failed"]


def assert_nothing_half_written(queue: Queue) -> None:
    own = queue.files.open_incoming()
    # A worker process that lives has a folder of its own.
    assert [path for path in own.iterdir() if path.is_file()] == []


def test_an_overlay_is_made_with_its_report(queue: Queue, silent_video: Path) -> None:
    with queue.pool("plain"):
        submit(queue, silent_video)
        job = queue.ended("a")
    assert (job.state, job.percent) == ("succeeded", 100.0)
    assert job.overlay is not None
    overlay = queue.files.overlay_path(job.overlay)
    assert len(read(overlay).pictures) == 50
    assert overlay.stat().st_mode & 0o777 == 0o600
    assert notices(report_of(queue, job)) == []
    assert_nothing_half_written(queue)


def test_none_is_made_unasked(queue: Queue, silent_video: Path) -> None:
    with queue.pool("plain"):
        submit(queue, silent_video, {"analysis": {"frame_skip": 25}})
        assert queue.ended("a").overlay is None
    assert files_of(queue, "overlays") == []


@pytest.mark.parametrize(
    ("target", "limits", "attempts", "why"),
    [
        ("clumsy", LIMITS, 1, "something went wrong here"),
        ("greedy_painter", Limits(600 * 1024**2, 600, 600), 1, "at its limits"),
        ("dying_painter", LIMITS, 3, "at its limits"),
    ],
)
def test_a_report_is_not_lost_with_its_overlay(
    queue: Queue, silent_video: Path, target: str, limits: Limits, attempts: int, why: str
) -> None:
    with queue.pool(target, limits=limits):
        submit(queue, silent_video)
        job = queue.ended("a")
    assert (job.state, job.attempts, job.overlay) == ("succeeded", attempts, None)
    report = report_of(queue, job)
    assert report.frames.time_s.tolist() == [1.0, 2.0]
    (message,) = notices(report)
    assert why in message
    assert "secret" not in message
    assert files_of(queue, "overlays") == []
    assert_nothing_half_written(queue)


def test_a_job_can_be_canceled_while_it_is_drawn(queue: Queue, silent_video: Path) -> None:
    with queue.pool("slow_painter") as pool:
        submit(queue, silent_video)

        def is_drawn() -> bool:
            job = queue.store.get("a")
            return job is not None and job.stage == "overlay"

        wait_until(is_drawn)
        drawn = queue.store.get("a")
        assert drawn is not None
        assert 50 < drawn.percent < 100
        queue.store.cancel("a")
        pool.cancel("a")
        job = queue.ended("a")
    assert (job.state, job.report, job.overlay) == ("canceled", None, None)
    assert files_of(queue, "overlays") == []
    assert files_of(queue, "reports") == []
    assert_nothing_half_written(queue)


def test_a_job_deleted_by_the_keeper_leaves_no_overlay(queue: Queue) -> None:
    finish(queue)
    assert len(files_of(queue, "overlays")) == 1
    Janitor(queue.store, queue.files, rules=LeaseRules(30, 3, 60)).remove("a")
    assert files_of(queue, "overlays") == []


def finish(queue: Queue) -> str:
    """A job `a` that has ended with an overlay; its name."""
    queue.store.submit([NewJob("a", WISH, 1, "0" * 64)])
    claim = queue.store.claim("w")
    assert claim is not None
    part = queue.files.new_path()
    part.write_bytes(b"film")
    name = queue.files.adopt_overlay(part, "a", claim.lease)
    report = queue.files.write_report("a", claim.lease, b"{}")
    assert queue.store.succeed(claim, report, overlay_file=name)
    return name


def test_overlays_of_workers_that_lost_their_job_are_swept(tmp_path: Path) -> None:
    """A worker may die between bringing its overlay to its place and ending the job."""
    now_s = [0.0]
    queue = Queue(tmp_path)
    queue.files = JobFiles(tmp_path, grace_s=30, monotonic=lambda: now_s[0])

    def adopt(job_id: str, lease: str) -> str:
        part = queue.files.new_path()
        part.write_bytes(b"film")
        return queue.files.adopt_overlay(part, job_id, lease)

    queue.store.announce_files(["nobody"])
    kept = finish(queue)
    queue.store.submit([NewJob("waits", WISH, 1, "0" * 64)])
    lost, orphan, waiting = adopt("a", "lost"), adopt("nobody", "x"), adopt("waits", "y")

    def sweep() -> set[str]:
        queue.files.sweep(queue.store.owners)
        return {path.name for path in files_of(queue, "overlays")}

    assert sweep() == {kept, lost, orphan, waiting}
    now_s[0] = 31
    assert sweep() == {kept, waiting}
    queue.store.cancel("waits")
    sweep()
    now_s[0] = 62
    assert sweep() == {kept}
    queue.files.close()
    queue.engine.dispose()


def test_a_database_of_an_older_version_gets_its_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'queue.db'}"
    engine = open_database(url)
    JobStore(engine).submit([NewJob("a", {}, 1, "0" * 64)])
    with writing(engine) as connection:
        for undone in (
            "ALTER TABLE jobs DROP COLUMN overlay",
            "ALTER TABLE jobs DROP COLUMN caller",
            "DROP TABLE turns",
            "ALTER TABLE evolvisense_schema DROP COLUMN database_id",
            "ALTER TABLE evolvisense_schema DROP COLUMN moved_from",
            "DROP TABLE deleted_jobs",
        ):
            connection.execute(text(undone))
        connection.execute(schema.update().values(version=1))
    engine.dispose()
    for _ in range(2):
        engine = open_database(url)
        job = JobStore(engine).get("a")
        assert job is not None
        assert job.overlay is None
        columns = {column["name"] for column in inspect(engine).get_columns("jobs")}
        assert columns == set(jobs.c.keys())
        assert JobStore(engine).waiting("") == (1, 1)
        with writing(engine) as connection:
            assert connection.execute(schema.select()).one().version == SCHEMA_VERSION
        engine.dispose()
