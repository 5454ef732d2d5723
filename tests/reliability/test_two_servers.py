"""Two servers and two workers on one Postgres and one folder; one of each is killed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import Engine, text

from evolvisense.service.queue.database import open_database
from evolvisense.service.queue.store import JobStore
from evolvisense.types.job import Job
from tests.factory.stations import Station, leftovers, note_changes, times_ended, yard
from trials.answers import analyze_video, ended, submit
from trials.clips import long_clip, small_clip
from trials.process import wait_until

CLIENTS, JOBS_OF_EACH = 2, 4
SWEEPS_S = 150.0
"""What belongs to nobody is gone after two sweeps, half a minute apart."""
OPTIONS = {"frame_skip": 2}


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    """The queue, to look at."""
    opened = open_database(postgres_url)
    yield opened
    opened.dispose()


class Client(threading.Thread):
    """Submits one job after another; without an answer it asks the other server, same key."""

    def __init__(
        self, number: int, video: bytes, servers: Sequence[Station], goes_on: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self._number, self._video = number, video
        self._servers, self._goes_on = servers, goes_on
        self.accepted: list[str] = []

    def run(self) -> None:
        for job in range(JOBS_OF_EACH):
            if job == JOBS_OF_EACH // 2:
                self._goes_on.wait()
            turn = self._number + job
            key = f"client {self._number} of the two servers, job {job}"
            while not self._submitted(self._servers[turn % 2], key):
                turn += 1

    def _submitted(self, server: Station, key: str) -> bool:
        try:
            with server.client() as client:
                answer = submit(client, self._video, key, **OPTIONS)
        except httpx.TransportError:
            return False
        self.accepted.append(answer.raise_for_status().json()["id"])
        return True


@pytest.mark.trials
@pytest.mark.timeout(900)
def test_a_killed_server_and_a_killed_worker_lose_nothing(
    tmp_path: Path, postgres_url: str, engine: Engine
):
    note_changes(engine)
    video = long_clip().read_bytes()
    with yard(tmp_path, postgres_url) as place:
        incoming = place.data / "incoming"
        doomed_worker, folder = place.worker()
        place.worker()
        servers = doomed, surviving = place.server(), place.server()
        for server in servers:
            wait_until(server.is_ready, "a server is ready")
        killing = threading.Event()
        clients = [Client(number, video, servers, killing) for number in range(CLIENTS)]
        with _half_an_upload(doomed):
            wait_until(lambda: any(p.stat().st_size for p in incoming.glob("*/*")), "it arrives")
            for client in clients:
                client.start()
            wait_until(lambda: _is_in_a_job(engine, folder), "the first worker is in a job", 300)
            doomed_worker.kill()
            with _waiting(doomed, video) as cut_off:
                wait_until(lambda: JobStore(engine).waiters(), "a client waits for its answer")
                killing.set()
                doomed.kill()
            assert cut_off.is_set()
        for client in clients:
            client.join()
        accepted = [job for client in clients for job in client.accepted]
        with surviving.client() as client:
            found = {job: ended(client, job, 600) for job in accepted}
            reports = [_told(client, analysis["links"]["report"]) for analysis in found.values()]

        def left() -> list[str]:
            return leftovers(place.data, {job.report for job in _jobs(engine) if job.report})

        wait_until(lambda: len(_jobs(engine)) == len(accepted), "the waiter's job goes", SWEEPS_S)
        wait_until(lambda: not left(), "what is left is swept", SWEEPS_S)
        assert "Traceback" not in surviving.log()
    jobs = {job.id: job for job in _jobs(engine)}
    assert len(accepted) == CLIENTS * JOBS_OF_EACH
    assert jobs.keys() == set(accepted), "a request that was sent again is one job"
    assert {analysis["state"] for analysis in found.values()} == {"succeeded"}
    assert {job: times_ended(engine)[job] for job in accepted} == dict.fromkeys(accepted, 1)
    assert [job.attempts for job in jobs.values()].count(2) == 1, "the killed worker had one job"
    assert all(report == reports[0] for report in reports), "one file, one result"
    assert reports[0]["people"]


def test_a_key_that_went_to_both_servers_is_one_job(
    tmp_path: Path, postgres_url: str, engine: Engine
):
    video = small_clip().read_bytes()
    with yard(tmp_path, postgres_url) as place:
        servers = place.server(), place.server()
        for server in servers:
            wait_until(server.is_ready, "a server is ready")
        answers: list[httpx.Response] = []

        def ask(server: Station) -> None:
            with server.client() as client:
                answers.append(submit(client, video, "once, whoever of both servers is asked"))

        asking = [threading.Thread(target=ask, args=[server]) for server in servers * 4]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        # Who comes to a server that is answering the same key at this moment is told to wait.
        codes = {answer.status_code for answer in answers}
        assert httpx.codes.ACCEPTED in codes
        assert codes <= {httpx.codes.ACCEPTED, httpx.codes.CONFLICT}
        ids = {answer.json()["id"] for answer in answers if answer.is_success}
        assert ids == {job.id for job in _jobs(engine)}
        assert len(ids) == 1


@contextmanager
def _half_an_upload(server: Station) -> Iterator[None]:
    """A connection that has sent a part of its file and sends no more."""
    parts = urlsplit(server.url)
    head = (
        "POST /v1/analyses HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(head.encode() + bytes(50_000))
        yield


@contextmanager
def _waiting(server: Station, video: bytes) -> Iterator[threading.Event]:
    """A client of /analyze-video/, which waits for its answer; set when it gets none."""
    was_cut_off = threading.Event()

    def ask() -> None:
        with server.client() as client:
            try:
                analyze_video(client, video, frame_skip=1, max_frames=250)
            except httpx.TransportError:
                was_cut_off.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    yield was_cut_off
    thread.join()


def _jobs(engine: Engine) -> tuple[Job, ...]:
    page, _ = JobStore(engine).list_page(
        owner=None, state=None, submission=None, after=None, limit=100
    )
    return page


def _is_in_a_job(engine: Engine, folder: str) -> bool:
    """Whether the process of that folder has begun a job, and is far from its end."""
    of_process = "SELECT percent FROM jobs WHERE state = 'running' AND worker LIKE :process"
    with engine.begin() as connection:
        percent = connection.execute(text(of_process), {"process": f"{folder}/%"}).scalar()
    return percent is not None and 0 < percent < 70


def _told(client: httpx.Client, link: str) -> dict[str, object]:
    """What a report says of the recording: all of it but how long that took."""
    report = dict(client.get(link).raise_for_status().json())
    del report["timings_s"]
    return report
