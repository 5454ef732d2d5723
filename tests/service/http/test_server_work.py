"""The queue behind `/analyze-video/`: full, left by its client, broken."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from tests.factory.patience import PATIENCE_S, wait_until
from tests.service.http.conftest import Running, Start
from tests.service.http.test_server_refusals import refusal, wait_until_empty


def leave(running: Running, video: Path, once: Callable[[], object]) -> None:
    """Send a whole video, wait until the condition holds, then close the connection."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=PATIENCE_S)
    request = httpx.Request(
        "POST",
        f"http://127.0.0.1:{running.port}/analyze-video/",
        files={"file": video.read_bytes()},
    )
    connection.request("POST", request.url.path, request.read(), dict(request.headers))
    wait_until(once)
    connection.close()


def test_a_full_queue_refuses_and_recovers(start: Start, silent_video: Path, gate: Path):
    origin = "https://client.example"
    with start(worker="gated", workers=1, queue_size=1, cors_origins=[origin]) as running:
        answers: list[int] = []
        clients = [
            threading.Thread(target=lambda: answers.append(running.post(silent_video).status_code))
            for _ in range(2)
        ]
        for client in clients:
            client.start()
        wait_until(lambda: running.service.store.in_flight() == 2)
        with silent_video.open("rb") as file:
            refused = running.client.post(
                "/analyze-video/", files={"file": file}, headers={"Origin": origin}
            )
        refusal(refused, 429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["access-control-allow-origin"] == origin
        assert running.client.get("/healthz").status_code == 200
        (gate / "go").touch()
        for client in clients:
            client.join(PATIENCE_S)
        assert answers == [200, 200]
        assert running.post(silent_video).status_code == 200
        assert running.leftovers() == []


def test_clients_are_served_in_order_and_before_durable_jobs(
    start: Start, silent_video: Path, gate: Path
):
    with start(worker="gated", workers=1) as running:
        store = running.service.store
        first, second = running.submit(silent_video), running.submit(silent_video)
        wait_until(store.running)
        order: list[str] = []

        def ask(name: str) -> None:
            assert running.post(silent_video).status_code == 200
            order.append(name)

        clients: list[threading.Thread] = []
        for number, name in enumerate(("a", "b"), 3):
            clients.append(threading.Thread(target=ask, args=(name,)))
            clients[-1].start()
            wait_until(lambda number=number: store.in_flight() == number)
        (gate / "go").touch()
        for client in clients:
            client.join(PATIENCE_S)
        order_of_second = running.client.get(second.headers["location"]).json()
        assert order == ["a", "b"]
        assert order_of_second["state"] in ("queued", "running", "succeeded")
        ends = [running.ended(job.headers["location"]) for job in (first, second)]
        assert [end["state"] for end in ends] == ["succeeded", "succeeded"]
        assert ends[0]["started_at"] < ends[1]["started_at"]


def test_a_client_that_leaves_cancels_its_analysis(start: Start, silent_video: Path):
    with start(worker="endless") as running:
        leave(running, silent_video, running.service.store.running)
        wait_until_empty(running)
        wait_until(lambda: running.service.pool.tally.canceled == 1)
        assert running.service.pool.tally.restarts == 0


def test_a_decoder_that_hangs_is_killed_when_its_client_leaves(start: Start, silent_video: Path):
    with start(worker="deaf", workers=1) as running:
        leave(running, silent_video, running.service.store.running)
        wait_until_empty(running)
        wait_until(lambda: running.service.pool.tally.restarts == 1)


def test_a_client_that_leaves_gives_its_place_in_the_queue_back(
    start: Start, silent_video: Path, gate: Path
):
    with start(worker="gated", workers=1, queue_size=1) as running:
        first = threading.Thread(target=lambda: running.post(silent_video))
        first.start()
        wait_until(running.service.store.running)
        leave(running, silent_video, lambda: running.service.store.counts().queued == 1)
        wait_until(lambda: running.service.waiting == 1)
        assert running.service.store.counts().queued == 0
        (gate / "go").touch()
        first.join(PATIENCE_S)
        wait_until_empty(running)


def test_an_unexpected_error_shows_no_traceback(
    start: Start, silent_video: Path, caplog: pytest.LogCaptureFixture
):
    with start(worker="broken") as running, caplog.at_level(logging.INFO):
        answer = refusal(running.post(silent_video), 500, "internal_error")
    assert "secret" not in answer["error"]
    assert "RuntimeError" in caplog.text
    assert "secret detail" not in caplog.text
    assert answer["request_id"] in caplog.text
    assert "name of the client" not in caplog.text


def test_a_file_that_kills_every_worker_fails_with_the_reason(start: Start, silent_video: Path):
    with start(worker="crashing", workers=1) as running:
        answer = refusal(running.post(silent_video), 500, "worker_crashed")
        assert "3 times" in answer["error"]
        assert running.service.pool.tally.retried == 2
        assert running.client.get("/readyz").status_code == 200
        assert running.leftovers() == []


@pytest.mark.usefixtures("gate")
def test_a_worker_that_dies_once_costs_no_answer(start: Start, silent_video: Path):
    with start(worker="crashing_once", workers=1) as running:
        assert running.post(silent_video).status_code == 200
        assert running.service.pool.tally.retried == 1


def test_a_file_that_needs_too_much_memory(start: Start, silent_video: Path):
    with start(worker="greedy", workers=1, job_memory_bytes=300 * 1024**2) as running:
        refusal(running.post(silent_video), 413, "memory_limit")
        assert running.service.pool.tally.retried == 0


def test_an_analysis_that_takes_too_long(start: Start, silent_video: Path):
    with start(worker="deaf", workers=1, job_wall_s=0.5) as running:
        refusal(running.post(silent_video), 413, "time_limit")


def test_not_ready_until_the_models_are_loaded(start: Start, silent_video: Path, gate: Path):
    with start(worker="late", until_ready=False) as running:
        refused = running.client.get("/readyz")
        refusal(refused, 503, "starting")
        assert int(refused.headers["retry-after"]) >= 1
        assert running.client.get("/healthz").status_code == 200
        threading.Timer(0.3, (gate / "go").touch).start()
        # An upload that comes early waits for the models.
        assert running.post(silent_video).status_code == 200
        assert running.client.get("/readyz").status_code == 200


def test_models_that_cannot_be_loaded(start: Start, caplog: pytest.LogCaptureFixture):
    with start(worker="unloadable", until_ready=False) as running:
        wait_until(lambda: running.service.failure)
        answer = refusal(running.client.get("/readyz"), 503, "model_missing")
        assert "/secret" not in answer["error"]
    assert "/secret/path/model.onnx" in caplog.text


def test_a_broken_installation_tells_only_its_operator(
    start: Start, silent_video: Path, caplog: pytest.LogCaptureFixture
):
    with start(worker="incomplete") as running, caplog.at_level(logging.ERROR):
        answer = refusal(running.post(silent_video), 500, "model_missing")
    assert "/secret" not in answer["error"]
    assert "/secret/path/model.onnx" in caplog.text


def test_a_full_disk_is_waited_out(
    start: Start, silent_video: Path, gate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("evolvisense.service.queue.worker.FULL_DISK_PAUSE_S", 0.1)
    with start(worker="full", workers=1) as running:
        address = running.submit(silent_video).headers["location"]
        time.sleep(0.5)
        assert running.client.get(address).json()["state"] in ("queued", "running")
        (gate / "go").touch()
        found = running.ended(address)
        assert (found["state"], found["attempts"]) == ("succeeded", 1)


def test_a_full_disk_refuses_uploads(start: Start, silent_video: Path):
    with start(min_free_bytes=2**60) as running:
        refusal(running.post(silent_video), 507, "storage_full")
        assert running.submit(silent_video).json()["code"] == "storage_full"
