"""Both clients against a real server."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from evolvisense.api.options import Options
from evolvisense.api.schemas import Analysis
from evolvisense.client import (
    AnalysisFailedError,
    ApiError,
    AsyncClient,
    Client,
    ConnectionFailedError,
    Retries,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from evolvisense.errors import EvolviSenseError, FileUnreadableError
from evolvisense.report import to_json
from tests.client.conftest import Connect, Start
from tests.factory.patience import wait_until
from tests.factory.quick_server import Running

Video = Callable[[str], Path]


def test_one_call_gives_the_report_and_leaves_nothing(
    client: Client, server: Running, video: Video, report_json: str
):
    seen: list[Analysis] = []
    found = client.analyze(video("talk"), Options(frame_skip=3), on_progress=seen.append)
    assert to_json(found) == report_json
    assert seen[-1].state == "succeeded"
    assert seen[-1].options["frame_skip"] == 3
    assert server.jobs() == ()


def test_the_analysis_is_kept_on_request(client: Client, server: Running, video: Video):
    client.analyze(str(video("talk")), keep=True)
    assert [job.state for job in server.jobs()] == ["succeeded"]


def test_an_analysis_that_fails(client: Client, server: Running, video: Video):
    with pytest.raises(AnalysisFailedError, match="the file says so") as caught:
        client.analyze(video("refuse"))
    assert caught.value.code == "not_a_video"
    assert caught.value.analysis.state == "failed"
    assert isinstance(caught.value, EvolviSenseError)
    assert server.jobs() == ()


def test_a_canceled_analysis_has_no_report(client: Client, server: Running, video: Video):
    def cancel(_: Analysis) -> None:
        for job in server.jobs():
            server.service.cancel(job.id)

    with pytest.raises(AnalysisFailedError) as caught:
        client.analyze(video("wait"), on_progress=cancel)
    assert caught.value.code == "canceled"


def test_waiting_has_an_end(client: Client, server: Running, video: Video):
    with pytest.raises(WaitTimeoutError, match="it goes on"):
        client.analyze(video("wait"), timeout_s=0.5)
    wait_until(lambda: server.jobs() == ())


def test_a_mistake_of_the_caller_leaves_nothing_either(
    client: Client, server: Running, video: Video
):
    def fail(_: Analysis) -> None:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        client.analyze(video("wait"), on_progress=fail)
    assert server.jobs() == ()


def test_a_cancelled_task_leaves_nothing(server: Running, video: Video):
    async def leave() -> None:
        async with AsyncClient(server.url) as client:
            began = asyncio.Event()
            task = asyncio.create_task(
                client.analyze(video("wait"), on_progress=lambda _: began.set())
            )
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(leave())
    assert server.jobs() == ()


def test_step_by_step(client: Client, video: Video, report_json: str):
    sent = client.submit(video("talk"), Options(voice=False))
    assert sent.options["voice"] is False
    ended = client.wait(sent.id)
    assert (ended.state, ended.percent, ended.has_ended) == ("succeeded", 100.0, True)
    assert client.get(sent.id) == ended
    assert to_json(client.report(sent.id)) == report_json
    assert client.report_bytes(sent.id) == report_json.encode()
    assert client.report_bytes(sent.id, "csv").startswith(b"frame_number,time_s")
    assert client.report_bytes(sent.id, "html").startswith(b"<!doctype html>")
    assert client.report_bytes(sent.id, "parquet").startswith(b"PAR1")
    client.delete(sent.id)
    with pytest.raises(ApiError) as caught:
        client.get(sent.id)
    assert (caught.value.status, caught.value.code) == (404, "analysis_not_found")
    assert "expired" in caught.value.detail
    assert caught.value.request_id in str(caught.value)
    assert len(caught.value.request_id) == 32


def test_the_answer_may_be_waited_for(client: Client, video: Video):
    assert client.submit(video("talk"), wait_s=60).state == "succeeded"


def test_no_report_before_the_end(client: Client, video: Video):
    sent = client.submit(video("wait"))
    with pytest.raises(ApiError, match="only a succeeded one") as caught:
        client.report(sent.id)
    assert caught.value.code == "no_report"
    canceled = client.cancel(sent.id)
    assert canceled.state == "canceled"
    assert client.wait(sent.id) == canceled


def test_several_videos(client: Client, video: Video):
    sent = client.submit_many([video("talk"), video("refuse")])
    assert sent[0].submission == sent[1].submission is not None
    assert [client.wait(one.id).state for one in sent] == ["succeeded", "failed"]
    (alone,) = client.submit_many([video("talk")])
    assert alone.submission is None
    with pytest.raises(ValueError, match="at least one"):
        client.submit_many([])


def test_the_list_goes_over_pages(keyed: Client, video: Video):
    client = keyed
    ids = [client.submit(video("talk")).id for _ in range(5)]
    assert [one.id for one in client.list(page_size=2)] == ids[::-1]
    for one in ids:
        client.wait(one)
    assert [one.id for one in client.list(state="succeeded", page_size=5)] == ids[::-1]
    assert list(client.list(state="failed")) == []
    both = client.submit_many([video("talk"), video("talk")])
    listed = client.list(submission=both[0].submission)
    assert {one.id for one in listed} == {one.id for one in both}


def test_files_are_read_from_where_they_stand(client: Client, video: Video):
    file = io.BytesIO(b"what was read before, refuse")
    file.seek(-6, os.SEEK_END)
    sent = client.submit(file)
    assert sent.media_bytes == 6
    assert client.wait(sent.id).state == "failed"
    assert not file.closed
    with video("talk").open("rb") as opened:
        assert client.submit(opened).media_bytes == 4


def test_pipes_are_read_to_their_end(client: Client):
    there, here = os.pipe()
    with os.fdopen(there, "rb") as pipe:
        writer = threading.Thread(target=lambda: (os.write(here, b"x" * 9000), os.close(here)))
        writer.start()
        assert client.submit(pipe).media_bytes == 9000
        writer.join()


def test_files_that_cannot_be_read(client: Client, tmp_path: Path):
    with pytest.raises(FileUnreadableError, match=r"nothing\.mp4"):
        client.submit(tmp_path / "nothing.mp4")
    with pytest.raises(FileUnreadableError, match="directory"):
        client.submit(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileUnreadableError, match="no regular file"):
        client.submit(tmp_path / "pipe")


def test_the_name_of_a_file_stays_here(server: Running, video: Video, monkeypatch):
    from evolvisense.service.http.uploads import Form

    sent: list[bytes] = []
    write = Form.write
    monkeypatch.setattr(Form, "write", lambda form, data: (sent.append(data), write(form, data)))
    with Client(server.url) as client:
        client.submit(video("talk"))
    body = b"".join(sent)
    assert b'filename="video"' in body
    assert b"webm" not in body


def test_facts(client: Client):
    assert client.limits().max_files == 16
    assert "do not diagnose" in client.limits().notice
    assert [model.id for model in client.models()] == ["none"]


def test_keys(connect: Connect, start: Start, video: Video):
    with start() as server:
        _, secret = server.service.keys.create("me", ["read"])
        reader = connect(server.url, secret)
        assert list(reader.list()) == []
        with pytest.raises(ApiError, match="scope") as caught:
            reader.submit(video("talk"))
        assert (caught.value.status, caught.value.code) == (403, "forbidden")
        with pytest.raises(ApiError) as caught:
            connect(server.url, "evs_wrong").limits()
        assert (caught.value.status, caught.value.code) == (401, "unauthenticated")
    with pytest.raises(ValueError, match="no key has"):
        connect("http://127.0.0.1", "line\nbreak")


def test_what_is_no_such_server(connect: Connect, start: Start):
    with pytest.raises(ValueError, match="https://host:port"):
        connect("127.0.0.1:7860")
    other = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>It works!</html>"))
    with pytest.raises(UnexpectedAnswerError, match="is it an EvolviSense server"):
        connect("http://other", transport=other).get("x")
    with start() as server:
        url = server.url
    with pytest.raises(ConnectionFailedError, match=url):
        connect(url, retries=Retries(1, 0.0)).limits()


def test_ids_are_no_paths(client: Client):
    with pytest.raises(ValueError, match="empty"):
        client.delete("")
    for strange in ("../limits", "a/b", "?", "..", "ä"):
        with pytest.raises(ApiError) as caught:
            client.get(strange)
        assert caught.value.status == 404
