"""`/v1/analyses`: accepted, listed, looked at, canceled, deleted."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.report import Report
from evolvisense.service.http.submit import wait_of
from tests.factory.patience import PATIENCE_S, wait_until
from tests.service.http.conftest import Running, Start


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    answer = response.json()
    assert set(answer) == {
        "type", "title", "status", "detail", "instance", "code", "request_id",
    }  # fmt: skip
    assert (answer["status"], answer["code"]) == (status, code)
    assert answer["type"] == f"urn:evolvisense:problem:{code}"
    assert answer["request_id"] == response.headers["x-request-id"]
    return answer


def test_an_analysis_from_upload_to_deletion(server: Running, silent_video: Path):
    accepted = server.submit(silent_video, '{"frame_skip": 5}')
    assert accepted.status_code == 202
    address = accepted.headers["location"]
    first = accepted.json()
    assert first["links"]["self"] == address
    assert first["media_sha256"] == hashlib.sha256(silent_video.read_bytes()).hexdigest()
    assert first["options"]["frame_skip"] == 5
    found = server.ended(address)
    assert (found["state"], found["stage"], found["percent"]) == ("succeeded", "done", 100.0)
    assert found["created_at"] <= found["started_at"] <= found["finished_at"] < found["expires_at"]
    assert server.leftovers() == []
    report = Report.model_validate_json(server.client.get(found["links"]["report"]).content)
    assert list(report.frames.number) == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    assert server.client.delete(address).status_code == 204
    problem(server.client.get(address), 404, "analysis_not_found")
    problem(server.client.get(f"{address}/report"), 404, "analysis_not_found")
    problem(server.client.delete(address), 404, "analysis_not_found")
    assert list((server.settings.data_dir / "reports").glob(f"{found['id']}*")) == []


def test_waiting_by_prefer(server: Running, silent_video: Path):
    response = server.submit(silent_video, Prefer="respond-async, wait=60")
    assert response.status_code == 200
    assert response.headers["preference-applied"] == "wait=60"
    assert response.json()["state"] == "succeeded"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        (["respond-async"], None),
        (["wait=5"], 5.0),
        (["respond-async, wait=5"], 5.0),
        (["respond-async; foo", 'WAIT="7"'], 7.0),
        (["wait=99999"], 120.0),
        (["wait=soon"], None),
        (["await=3"], None),
    ],
)
def test_prefer_headers(headers: list[str], seconds: float | None):
    assert wait_of(headers) == seconds


def test_several_files_are_several_analyses(server: Running, silent_video: Path, text_file: Path):
    with silent_video.open("rb") as one, text_file.open("rb") as two:
        accepted = server.client.post("/v1/analyses", files=[("file", one), ("file", two)])
    assert accepted.status_code == 202
    shown = accepted.json()["analyses"]
    assert len(shown) == 2
    assert shown[0]["submission"] == shown[1]["submission"] is not None
    ends = [server.ended(one["links"]["self"]) for one in shown]
    assert [end["state"] for end in ends] == ["succeeded", "failed"]
    assert ends[1]["error"]["code"] == "not_a_video"
    listed = server.client.get(accepted.headers["location"]).json()["analyses"]
    assert {one["id"] for one in listed} == {one["id"] for one in shown}
    problem(server.client.get(ends[1]["links"]["self"] + "/report"), 409, "no_report")


def test_too_many_files(start: Start, silent_video: Path):
    content = silent_video.read_bytes()
    with start(max_files=2) as running:
        files = [("file", content)] * 3
        problem(running.client.post("/v1/analyses", files=files), 400, "broken_multipart")
        assert running.leftovers() == []


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ('{"frame_skip": 0}', "frame_skip"),
        ('{"frame_skp": 1}', "frame_skp"),
        ("[]", "options"),
        ("{", "options"),
        ('{"language": "xx"}', "language"),
        ('{"webhook": {"url": "https://a.example"}}', "EVOLVISENSE_WEBHOOK_SECRETS"),
    ],
)
def test_wrong_options(server: Running, silent_video: Path, options: str, hint: str):
    response = server.submit(silent_video, options)
    assert response.status_code == 422
    assert hint in response.json()["detail"]


def test_an_idempotency_key_gives_the_same_analysis(
    server: Running, silent_video: Path, face_video: Path
):
    key = {"Idempotency-Key": "a key without an API key, so a long one"}
    first = server.submit(silent_video, **key)
    again = server.submit(silent_video, **key)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    problem(server.submit(face_video, **key), 422, "idempotency_conflict")
    problem(server.submit(silent_video, '{"voice": false}', **key), 422, "idempotency_conflict")
    server.ended(first.headers["location"])
    assert server.submit(silent_video, **key).json()["id"] == first.json()["id"]
    server.client.delete(first.headers["location"])


def test_a_key_whose_request_is_being_answered(start: Start, silent_video: Path, gate: Path):
    with start(worker="gated") as running:
        key = {"Idempotency-Key": "a key without an API key, so a long one"}
        waiting = threading.Thread(
            target=lambda: running.submit(silent_video, Prefer="wait=60", **key)
        )
        waiting.start()
        wait_until(lambda: running.service.answering)
        wait_until(running.service.store.running)
        problem(running.submit(silent_video, **key), 409, "idempotency_key_in_use")
        (gate / "go").touch()
        waiting.join(PATIENCE_S)
        assert running.submit(silent_video, **key).status_code == 200


def test_pages_of_the_list(start: Start, text_file: Path):
    with start() as running:
        key = running.service.keys.create("me", ["analyze", "read"])[1]
        running.client.headers["X-Api-Key"] = key
        ids = [running.submit(text_file).json()["id"] for _ in range(5)]
        for one in ids:
            running.ended(f"/v1/analyses/{one}")
        seen: list[str] = []
        token: str | None = None
        pages = 0
        while pages == 0 or token:
            params = {"page_size": 2} | ({"page_token": token} if token else {})
            page = running.client.get("/v1/analyses", params=params).json()
            seen += [one["id"] for one in page["analyses"]]
            token = page["next_page_token"]
            pages += 1
        assert (seen, pages) == (ids[::-1], 3)
        only = running.client.get("/v1/analyses", params={"state": "succeeded"}).json()
        assert only["analyses"] == []
        for wrong in ("x", "YWZ0ZXI6LTE", "é", "%00"):
            response = running.client.get("/v1/analyses", params={"page_token": wrong})
            problem(response, 422, "invalid_option")


def test_cancelling(start: Start, silent_video: Path):
    with start(worker="endless", workers=1) as running:
        runs, waits = (running.submit(silent_video).headers["location"] for _ in range(2))
        wait_until(running.service.store.running)
        assert running.client.get(waits).json()["queue_position"] == 0
        for address in (waits, runs):
            assert running.client.post(f"{address}/cancel").json()["state"] == "canceled"
            assert running.client.get(address).json()["state"] == "canceled"
        wait_until(lambda: running.leftovers() == [])
        assert running.client.post(f"{runs}/cancel").json()["state"] == "canceled"


def test_deleting_what_runs(start: Start, silent_video: Path):
    with start(worker="endless", workers=1) as running:
        address = running.submit(silent_video).headers["location"]
        wait_until(running.service.store.running)
        assert running.client.delete(address).status_code == 204
        wait_until(lambda: running.leftovers() == [])
        assert running.service.store.counts().canceled == 0
        problem(running.client.get(address), 404, "analysis_not_found")


def test_a_full_queue(start: Start, silent_video: Path, gate: Path):
    with start(worker="gated", workers=1, max_queued=1) as running:
        running.submit(silent_video)
        wait_until(running.service.store.running)
        assert running.submit(silent_video).status_code == 202
        refused = running.submit(silent_video)
        problem(refused, 429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        (gate / "go").touch()


def test_reports_expire(start: Start, text_file: Path):
    with start(report_retention_s=0) as running:
        address = running.submit(text_file).headers["location"]
        wait_until(lambda: not running.service.store.in_flight())
        running.service.keeper.sweep()
        problem(running.client.get(address), 404, "analysis_not_found")


def test_accepted_jobs_survive_a_restart(start: Start, silent_video: Path, gate: Path):
    with start(worker="endless", workers=1, shutdown_grace_s=0) as running:
        addresses = [running.submit(silent_video).headers["location"] for _ in range(3)]
        wait_until(running.service.store.running)
    with start(workers=1) as running:
        for address in addresses:
            found = running.ended(address)
            assert (found["state"], found["attempts"]) == ("succeeded", 1)
        # Media are deleted right after the row has ended.
        wait_until(lambda: running.leftovers() == [])


def test_a_waiting_clients_job_does_not_survive_its_server(start: Start, silent_video: Path):
    with start(worker="endless", workers=1, shutdown_grace_s=0) as running:
        service = running.service
        path = service.files.new_path()
        path.write_bytes(silent_video.read_bytes())
        service.files.keep(path, "orphan")
        from evolvisense.types.job import NewJob

        about = NewJob("orphan", {"analysis": {}}, 1, "0" * 64, waiter="0123456789abcdef")
        service.store.submit([about])
        # The server sweeps too: it may find the job before this test sees it running.
        wait_until(lambda: service.store.running() or service.store.get("orphan") is None)
        service.keeper.sweep()
        assert service.store.get("orphan") is None
        wait_until(lambda: running.leftovers() == [])


def test_two_files_of_other_clients_are_not_mixed_up(server: Running, silent_video: Path):
    async def both() -> list[httpx.Response]:
        address = f"http://127.0.0.1:{server.port}"
        content = silent_video.read_bytes()
        async with httpx.AsyncClient(base_url=address, timeout=PATIENCE_S) as client:
            posts = [
                client.post(
                    "/v1/analyses",
                    files={"file": content},
                    data={"options": f'{{"frame_skip": {skip}}}'},
                    headers={"Prefer": "wait=60"},
                )
                for skip in (10, 25)
            ]
            return await asyncio.gather(*posts)

    for response, count in zip(asyncio.run(both()), (5, 2), strict=True):
        report = server.client.get(response.json()["links"]["report"]).json()
        assert len(report["frames"]["number"]) == count
