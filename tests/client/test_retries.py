"""What is sent again, what is not, and when."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from evolvisense.api.options import Options
from evolvisense.client import ApiError, Client, ConnectionFailedError, Retries
from evolvisense.client.answers import retry_after_s
from evolvisense.client.sending import Patience
from tests.client.conftest import Connect, Faults
from tests.factory.quick_server import Running

Video = Callable[[str], Path]
BUSY = {"code": "queue_full", "detail": "the queue is full", "request_id": "r1"}


def answering(*answers: httpx.Response) -> tuple[list[httpx.Request], httpx.MockTransport]:
    """A server that gives these answers, the last one from then on."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        wanted = answers[min(len(asked), len(answers)) - 1]
        return httpx.Response(wanted.status_code, headers=wanted.headers, content=wanted.content)

    return asked, httpx.MockTransport(answer)


def busy(retry_after: str | None = None) -> httpx.Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return httpx.Response(429, headers=headers, json=BUSY)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted instead of made."""
    noted: list[float] = []
    after = Patience.after

    def note(patience: Patience, error: Exception) -> float:
        noted.append(after(patience, error))
        return 0.0

    monkeypatch.setattr(Patience, "after", note)
    return noted


def test_connections_that_fail_are_tried_again(connect: Connect, server: Running, video: Video):
    faults = Faults(["unsent", httpx.Response(502), "unsent", httpx.Response(503)])
    found = connect(server.url, transport=faults).submit(video("talk"))
    assert found.id in {job.id for job in server.jobs()}
    assert len(faults.requests) == 5


def test_a_lost_answer_makes_no_second_analysis(connect: Connect, server: Running, video: Video):
    faults = Faults(["lost", "lost"])
    found = connect(server.url, transport=faults).submit(video("talk"), Options(voice=False))
    assert [job.id for job in server.jobs()] == [found.id]
    keys = {request.headers["idempotency-key"] for request in faults.requests}
    assert len(faults.requests) == 3
    assert len(keys) == 1


def test_two_submissions_of_one_file_are_two(client: Client, video: Video):
    assert client.submit(video("talk")).id != client.submit(video("talk")).id
    key = "mine, as long as a secret has to be"
    first = client.submit(video("talk"), idempotency_key=key)
    assert client.submit(video("talk"), idempotency_key=key).id == first.id
    with pytest.raises(ApiError) as caught:
        client.submit(video("other"), idempotency_key=key)
    assert caught.value.code == "idempotency_conflict"


def test_without_a_key_nothing_is_sent_twice(connect: Connect, server: Running, video: Video):
    faults = Faults(["lost"])
    client = connect(server.url, transport=faults)
    with pytest.raises(ConnectionFailedError, match="lost"):
        client.submit(video("talk"), idempotency_key="")
    assert "idempotency-key" not in faults.requests[0].headers
    assert len(server.jobs()) == 1


def test_a_pipe_is_not_sent_twice(connect: Connect, server: Running):
    there, here = os.pipe()
    os.write(here, b"talk")
    os.close(here)
    faults = Faults([httpx.Response(503)])
    client = connect(server.url, transport=faults)
    with os.fdopen(there, "rb") as pipe, pytest.raises(ApiError):
        client.submit(pipe)
    assert len(faults.requests) == 1


def test_every_try_sends_the_same(connect: Connect, server: Running, video: Video):
    faults = Faults([httpx.Response(503), httpx.Response(429)])
    file = io.BytesIO(b"skipped talk")
    file.seek(8)
    found = connect(server.url, transport=faults).submit_many([video("wait"), file])
    boundaries = [r.headers["content-type"].partition("=")[2].encode() for r in faults.requests]
    first, second = (
        body.replace(boundary, b"")
        for body, boundary in zip(faults.bodies, boundaries, strict=False)  # the third arrived
    )
    assert first == second
    assert b"wait" in first
    assert b"skipped" not in first
    assert [one.media_bytes for one in found] == [4, 4]


def test_the_pause_that_the_server_asks_for(connect: Connect, pauses: list[float]):
    asked, transport = answering(busy(retry_after="7"), busy(retry_after="0"), busy())
    client = connect("http://server", transport=transport, retries=Retries(3, 1.0))
    with pytest.raises(ApiError) as caught:
        client.limits()
    assert len(asked) == 4
    assert pauses[0] == 7
    assert 2 <= pauses[1] <= 3
    assert 4 <= pauses[2] <= 6
    assert caught.value.status == 429
    assert caught.value.code == "queue_full"
    assert caught.value.detail == "the queue is full"
    assert caught.value.request_id == "r1"
    assert caught.value.retry_after_s is None


def test_a_pause_that_is_too_long_is_left_to_the_caller(connect: Connect, pauses: list[float]):
    asked, transport = answering(busy(retry_after="61"))
    with pytest.raises(ApiError) as caught:
        connect("http://server", transport=transport, retries=Retries()).limits()
    assert caught.value.retry_after_s == 61
    assert (len(asked), pauses) == (1, [])


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 500, 501, 507])
def test_what_would_be_answered_the_same_is_not_sent_again(connect: Connect, status: int):
    asked, transport = answering(httpx.Response(status, text="<html>a proxy says no</html>"))
    with pytest.raises(ApiError) as caught:
        connect("http://server", transport=transport).delete("x")
    assert len(asked) == 1
    assert (caught.value.status, caught.value.code) == (status, "http_error")
    assert caught.value.detail == httpx.codes.get_reason_phrase(status)


def test_a_redirection_is_not_followed_with_the_key(connect: Connect):
    asked, transport = answering(httpx.Response(308, headers={"Location": "https://server/"}))
    with pytest.raises(ApiError, match="leads to https://server/") as caught:
        connect("http://server", "evs_secret", transport=transport).limits()
    assert asked[0].headers["authorization"] == "Bearer evs_secret"
    assert (len(asked), caught.value.status) == (1, 308)


def test_a_try_that_is_still_being_answered_is_waited_for(connect: Connect, video: Video):
    running = httpx.Response(409, json={"code": "idempotency_key_in_use", "detail": "wait"})
    asked, transport = answering(running, httpx.Response(404))
    with pytest.raises(ApiError):
        connect("http://server", transport=transport).submit(video("talk"))
    assert len(asked) == 2


def test_a_deletion_whose_answer_was_lost_is_done(connect: Connect, server: Running, video: Video):
    faults = Faults(["", "lost"])
    client = connect(server.url, transport=faults)
    client.delete(client.submit(video("talk")).id)
    assert server.jobs() == ()
    with pytest.raises(ApiError):
        client.delete("gone")


def test_what_cannot_be_tidied_up_is_logged(
    connect: Connect, server: Running, video: Video, caplog: pytest.LogCaptureFixture
):
    faults = Faults()
    client = connect(server.url, transport=faults)

    def break_connection(_: object) -> None:
        faults.planned[:] = ["", "lost"] if len(faults.requests) > 1 else []

    client.analyze(video("talk"), on_progress=break_connection)
    assert "stays on the server" in caplog.text


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("0", 0.0),
        (" 12 ", 12.0),
        ("-3", None),
        ("1.5", None),
        (formatdate(1_000_090, usegmt=True), 90.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("9" * 400, 999_999_999.0),
    ],
)
def test_retry_after(header: str, seconds: float | None):
    assert retry_after_s(header, 1_000_000) == seconds


def test_retries_are_numbers_of_0_or_more():
    with pytest.raises(ValueError, match="0 or more"):
        Retries(most=-1)
