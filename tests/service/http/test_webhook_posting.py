"""One try to deliver a webhook, against a receiver in a thread."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from evolvisense.service.webhooks.posting import MOST_ANSWER_BYTES, Outcome, Poster, one_connection
from tests.service.http.receiving import HERE, Receiver, names, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def post(url: str, poster: Poster | None = None) -> Outcome:
    poster = poster or Poster(HERE, allow_private=True)
    return asyncio.run(poster.post(url, b'{"a":1}', {"webhook-id": "msg_1"}))


class Silent(httpx.AsyncBaseTransport):
    """Connects to nothing and notes what it was asked for."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host in self.fails:
            raise httpx.ConnectError("refused")
        return httpx.Response(200)


def test_the_name_stays_in_the_request_and_the_connection_goes_to_the_checked_address(
    receiver: Receiver,
) -> None:
    outcome = post(f"http://hooks.example:{receiver.port}/a/b?c=d%20e")
    assert (outcome.status, outcome.delivered) == (204, True)
    path, headers, body = receiver.got[0]
    assert (path, body) == ("/a/b?c=d%20e", b'{"a":1}')
    assert headers["Host"] == f"hooks.example:{receiver.port}"
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize(
    ("url", "address", "connected", "host", "sni"),
    [
        ("https://a.example/x", "93.184.215.14", "https://93.184.215.14/x", "a.example", None),
        ("https://a.example:8443/", "2606:2800::1", "https://[2606:2800::1]:8443/", None, None),
        ("https://93.184.215.14/", "", "https://93.184.215.14/", "93.184.215.14", "93.184.215.14"),
    ],
)
def test_host_and_sni_are_the_name_while_the_url_is_the_address(
    url: str, address: str, connected: str, host: str | None, sni: str | None
) -> None:
    transport = Silent()
    assert post(url, Poster(names([address]), False, lambda: transport)).delivered
    (request,) = transport.requests
    assert str(request.url) == connected
    assert request.headers["Host"] == (host or "a.example:8443")
    assert request.extensions["sni_hostname"] == (sni or "a.example")


def test_a_name_that_comes_to_mean_this_machine_is_not_connected_to() -> None:
    transport = Silent()
    poster = Poster(names(["93.184.215.14"], ["127.0.0.1"]), False, lambda: transport)
    assert post("https://a.example/", poster).delivered
    outcome = post("https://a.example/", poster)
    assert (outcome.status, outcome.delivered) == (None, False)
    assert "private or reserved network" in outcome.trouble
    assert [request.url.host for request in transport.requests] == ["93.184.215.14"]


def test_further_addresses_are_tried_where_the_first_does_not_answer() -> None:
    addresses = ["2606:2800::1", "93.184.215.14", "93.184.215.15", "93.184.215.16"]
    transport = Silent(*addresses[:2])
    assert post("https://a.example/", Poster(names(addresses), False, lambda: transport)).delivered
    assert [request.url.host for request in transport.requests] == addresses[:3]
    transport = Silent(*addresses[:3])
    outcome = post("https://a.example/", Poster(names(addresses), False, lambda: transport))
    assert outcome.trouble == "no connection: refused"
    assert len(transport.requests) == 3


def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(f"http://hooks.example:{receiver.port}/").delivered


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, {"Location": f"{receiver.url}/elsewhere"})]
    outcome = post(f"{receiver.url}/first")
    assert (outcome.status, outcome.delivered) == (status, False)
    assert [path for path, _, _ in receiver.got] == ["/first"]


def test_an_answer_without_end_is_left_after_64_kib(receiver: Receiver) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    receiver.answers, receiver.body = [(200, {})], endless()
    assert post(receiver.url).delivered
    assert receiver.cut_off.wait(60)
    assert MOST_ANSWER_BYTES == 65536
    assert sent < 64 * 2**20


def test_an_answer_that_stalls_after_its_status_counts(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evolvisense.service.webhooks.posting.BODY_S", 0.05)
    stall = threading.Event()

    def stalling() -> Iterator[bytes]:
        yield b"x"
        stall.wait(60)

    receiver.answers, receiver.body = [(200, {})], stalling()
    outcome = post(receiver.url)
    stall.set()
    assert outcome.delivered


def test_a_receiver_that_does_not_answer_is_given_up(receiver: Receiver) -> None:
    receiver.hold.clear()
    outcome = post(f"{receiver.url}/slow", Poster(HERE, allow_private=True, try_s=0.2))
    assert (outcome.status, outcome.trouble) == (None, "no answer within 0.2 s")


def test_nobody_at_the_port_is_an_outcome() -> None:
    with receiving() as receiver:
        pass
    assert "no connection" in post(receiver.url).trouble


def test_what_is_no_http_is_an_outcome() -> None:
    class Babbling(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.RemoteProtocolError("illegal status line: " + str(request.url))

    outcome = post("https://a.example/?secret=1", Poster(names(["9.9.9.9"]), False, Babbling))
    assert outcome.trouble == "RemoteProtocolError"


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [("120", 120), (" 7 ", 7), ("99999999999", 86400), ("-5", 0), ("soon", 0), ("٣", 0), ("", 0)],
)
def test_retry_after_is_read_in_seconds(header: str, wait_s: int) -> None:
    class Busy(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(503, headers={"Retry-After": header.encode()})

    outcome = post("https://a.example/", Poster(names(["9.9.9.9"]), False, Busy))
    assert outcome == Outcome(503, "", wait_s)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for hooks.example that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not here")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    names = ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", *curve, *names, *files],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.mark.parametrize(("host", "believed"), [("hooks.example", True), ("other.example", False)])
def test_the_certificate_must_be_that_of_the_name(
    certificate: tuple[Path, Path], host: str, believed: bool
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    client = ssl.create_default_context(cafile=str(certificate[0]))
    with receiving(server) as receiver:
        poster = Poster(HERE, allow_private=True, make_transport=partial(one_connection, client))
        outcome = post(f"https://{host}:{receiver.port}/", poster)
        assert (outcome.delivered, len(receiver.got)) == (believed, int(believed))
        assert asked == [host]
        assert believed or "certificate" in outcome.trouble.lower()
        stranger = post(f"https://{host}:{receiver.port}/")
        assert "certificate" in stranger.trouble.lower()
