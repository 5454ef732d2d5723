"""Events over connections that break and servers that restart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from evolvisense.client import (
    ApiError,
    Client,
    ConnectionFailedError,
    Retries,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from evolvisense.client.events import Following
from evolvisense.client.sending import Patience
from tests.client.conftest import QUICK, Connect, Faults, Start
from tests.factory.patience import PATIENCE_S
from tests.factory.quick_server import Running

Video = Callable[[str], Path]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause that the server asks for is left out."""
    monkeypatch.setattr(Following, "_pause_s", lambda self, error: self._patience.after(error))


def test_events_until_the_end(client: Client, gate: Path, video: Video):
    sent = client.submit(video("wait"))
    seen = []
    for analysis in client.events(sent.id):
        seen.append(analysis)
        if analysis.stage == "analysing":
            (gate / "go").touch()
    states = [analysis.state for analysis in seen]
    assert states == sorted(states, key=["queued", "running", "succeeded"].index)
    assert seen[-1].state == "succeeded"
    assert {analysis.id for analysis in seen} == {sent.id}


def test_who_leaves_early_leaves_no_connection(client: Client, server: Running, video: Video):
    sent = client.submit(video("wait"))
    events = client.events(sent.id)
    next(events)
    events.close()
    server.service.cancel(sent.id)
    assert client.get(sent.id).state == "canceled"


@pytest.mark.usefixtures("at_once")
def test_a_broken_stream_goes_on_after_the_last_event(
    connect: Connect, server: Running, gate: Path, video: Video
):
    faults = Faults(["", "cut", "unsent", "lost", "cut", httpx.Response(503)])
    client = connect(server.url, transport=faults)
    sent = client.submit(video("wait"))
    seen = []
    for analysis in client.events(sent.id):
        seen.append(analysis)
        if len(faults.requests) > 6:
            (gate / "go").touch()
    assert seen[-1].state == "succeeded"
    ids = [request.headers.get("last-event-id") for request in faults.requests[1:]]
    assert ids[0] is None
    numbers = [int(one or -1) for one in ids]
    assert numbers == sorted(numbers)
    assert numbers[1] > 0
    assert faults.planned == []


def test_too_many_failures_in_a_row(connect: Connect):
    asked: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("no", request=request)

    client = connect(
        "http://server", transport=httpx.MockTransport(refuse), retries=Retries(3, 0.0)
    )
    with pytest.raises(ConnectionFailedError, match="http://server cannot be used: no"):
        client.wait("x")
    assert len(asked) == 4


def test_streams_that_close_at_once(connect: Connect):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="retry: 0\n\n"))
    client = connect("http://server", transport=transport, retries=Retries(3, 0.0))
    with pytest.raises(ConnectionFailedError, match="closes every stream"):
        client.wait("x")


def test_a_sign_of_life_renews_patience(connect: Connect):
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 9:
            return httpx.Response(403)
        return httpx.Response(200, text=": still here\n\n")

    client = connect(
        "http://server", transport=httpx.MockTransport(answer), retries=Retries(1, 0.0)
    )
    with pytest.raises(ApiError) as caught:
        client.wait("x")
    assert (caught.value.status, len(asked)) == (403, 9)


def test_the_pause_that_the_stream_asks_for():
    following = Following("x", QUICK)
    following.take(b"retry: 2500\n\n")
    assert following.ended() == 2.5
    following.take(b"retry: 2500000\n\n")
    assert following.ended() == QUICK.longest_pause_s


def test_no_pause_outlasts_the_waiting():
    following = Following("x", Retries(first_pause_s=50), timeout_s=1)
    assert following.ended() <= 1


def test_waiting_that_is_over_does_not_reconnect(connect: Connect):
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    client = connect("http://server", transport=transport, retries=Retries(10**6, 0.01))
    with pytest.raises(WaitTimeoutError):
        client.wait("x", timeout_s=0.05)


def test_nothing_new_is_the_end(connect: Connect):
    transport = httpx.MockTransport(lambda _: httpx.Response(204))
    assert list(connect("http://server", transport=transport).events("x")) == []


def test_what_is_no_event(connect: Connect):
    for text in ("event: analysis\ndata: {}\n\n", "data: " + "x" * 2_000_000):
        transport = httpx.MockTransport(lambda _, text=text: httpx.Response(200, text=text))
        with pytest.raises(UnexpectedAnswerError):
            connect("http://server", transport=transport).wait("x")


def test_an_analysis_that_is_deleted_meanwhile(client: Client, server: Running, video: Video):
    sent = client.submit(video("wait"))
    with pytest.raises(ApiError) as caught:
        client.wait(sent.id, lambda analysis: server.service.remove(analysis.id))
    assert (caught.value.status, caught.value.code) == (404, "analysis_not_found")
    with pytest.raises(ApiError) as caught:
        client.wait("unknown")
    assert (caught.value.status, caught.value.code) == (404, "analysis_not_found")


@pytest.mark.usefixtures("at_once")
def test_the_server_is_restarted_in_between(
    connect: Connect, start: Start, gate: Path, video: Video
):
    restarted = threading.Event()
    patient = Retries(most=10_000, first_pause_s=0.01, longest_pause_s=0.05)
    with start() as before:
        port = int(before.url.rpartition(":")[2])
        client = connect(before.url, retries=patient)
        sent = client.submit(video("wait"))

        def restart() -> None:
            before.stop()
            with start(port):
                restarted.set()
                done.wait(60)

        done = threading.Event()
        other = threading.Thread(target=restart)
        seen = []
        for analysis in client.events(sent.id):
            seen.append(analysis)
            if analysis.stage == "analysing" and not other.ident:
                other.start()
            if restarted.is_set():
                (gate / "go").touch()
        assert seen[-1].state == "succeeded"
        assert client.report(sent.id).frames.number.tolist() == [1, 2, 3, 4, 5]
        done.set()
        other.join(PATIENCE_S)
        (gate / "go").unlink()


def test_patience_grows_up_to_a_bound():
    patience = Patience(Retries(most=2000, first_pause_s=1, longest_pause_s=5))
    pauses = [patience.after(ConnectionFailedError("x")) for _ in range(2000)]
    assert all(1 <= pause <= 5 for pause in pauses)
    assert pauses[-1] == 5
    with pytest.raises(ConnectionFailedError):
        patience.after(ConnectionFailedError("x"))
