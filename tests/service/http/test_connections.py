"""Clients that open connections and do nothing, or next to nothing, with them."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.service.http.connections import ConnectionLimits, Connections, limits_from
from evolvisense.service.settings import Settings
from tests.service.http.conftest import Running, Start

HALF_HEAD = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PATIENCE_S = 30.0


class Client:
    """A plain socket that tells when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_until_closed(self) -> bytes:
        """All that comes; fails where the server keeps the connection open."""
        received = b""
        try:
            while piece := self.socket.recv(65536):
                received += piece
        except ConnectionError:
            pass
        return received

    def read(self, ending: bytes) -> bytes:
        received = b""
        while not received.endswith(ending):
            piece = self.socket.recv(65536)
            assert piece, received
            received += piece
        return received


Connect = Callable[[int], Client]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Clients that are closed at the end."""
    with ExitStack() as stack:

        def opened(port: int) -> Client:
            client = Client(port)
            stack.callback(client.socket.close)
            return client

        yield opened


@pytest.fixture
def impatient(start: Start, connect: Connect) -> Iterator[Running]:
    """Closes after half a second and takes 16 connections."""
    with start(
        workers=0, header_timeout_s=0.5, keep_alive_s=0.5, max_connections=16,
        max_connections_per_address=16, upload_timeout_s=1.0,
    ) as running:  # fmt: skip
        running.client.close()
        yield running


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET", HALF_HEAD, GET + b"GET /he", b"POST /analyze-video/ HTTP/1.1\r\nHost: x"],
    ids=["nothing", "half a line", "half a head", "half of the second", "half of a POST"],
)
def test_headers_that_do_not_end_are_closed(
    impatient: Running, connect: Connect, sent: bytes
) -> None:
    client = connect(impatient.port)
    client.send(sent)
    client.read_until_closed()


def test_headers_that_drip_are_closed(impatient: Running, connect: Connect) -> None:
    client = connect(impatient.port)
    client.send(HALF_HEAD)
    deadline_s = time.monotonic() + PATIENCE_S
    with pytest.raises(ConnectionError):  # noqa: PT012 - the drops are what keeps it open
        while time.monotonic() < deadline_s:
            client.send(b"a")
            time.sleep(0.05)


def test_a_body_that_drips_after_the_response_is_closed(
    impatient: Running, connect: Connect
) -> None:
    client = connect(impatient.port)
    client.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n")
    deadline_s = time.monotonic() + PATIENCE_S
    with pytest.raises(ConnectionError):  # noqa: PT012 - the drops are what keeps it open
        while time.monotonic() < deadline_s:
            client.send(b"a")
            time.sleep(0.05)


def test_idle_connections_are_closed(impatient: Running, connect: Connect) -> None:
    client = connect(impatient.port)
    client.send(GET)
    assert client.read_until_closed().startswith(b"HTTP/1.1 200")


def test_websocket_handshakes_that_stall_are_closed(impatient: Running, connect: Connect) -> None:
    client = connect(impatient.port)
    client.send(b"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n")
    client.read_until_closed()


def test_pipelined_requests_are_all_answered(impatient: Running, connect: Connect) -> None:
    client = connect(impatient.port)
    client.send(GET * 50)
    assert client.read_until_closed().count(b"HTTP/1.1 200") == 50


def test_others_are_served_while_all_places_are_taken_by_unfinished_headers(
    start: Start, connect: Connect
) -> None:
    with start(workers=0, max_connections=32, max_connections_per_address=32) as running:
        for _ in range(200):
            connect(running.port).send(HALF_HEAD)
        for _ in range(20):
            assert httpx.get(f"http://127.0.0.1:{running.port}/healthz").status_code == 200


def test_websockets_count_until_they_end(start: Start, connect: Connect) -> None:
    handshake = (
        b"GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with start(
        workers=0, max_connections=16, max_connections_per_address=16, live_streams=64
    ) as running:
        running.client.close()
        open_ones = [connect(running.port) for _ in range(16)]
        for client in open_ones:
            client.send(handshake)
            assert client.socket.recv(4096).startswith(b"HTTP/1.1 101")
        refused = connect(running.port)
        assert refused.read_until_closed().startswith(b"HTTP/1.1 503")
        open_ones[0].socket.close()

        def answers() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{running.port}/healthz").status_code == 200
            except httpx.TransportError:
                return False

        deadline_s = time.monotonic() + PATIENCE_S
        while not answers():
            assert time.monotonic() < deadline_s
            time.sleep(0.05)


class Transport:
    """As much of an asyncio transport as `Connections` uses."""

    def __init__(self, address: str = "10.0.0.1") -> None:
        self.address, self.unsent, self.aborted, self.written = address, 0, False, b""

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return self.address, 1

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.aborted = True

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        pass


class Desk:
    """`Connections` with a clock of its own."""

    def __init__(self, **limits: float) -> None:
        self.now_s = 0.0
        values: dict[str, Any] = {
            "most": 4, "most_per_address": 2, "header_s": 10, "idle_s": 30, "stalled_s": 20,
        }  # fmt: skip
        self.connections = Connections(ConnectionLimits(**{**values, **limits}), lambda: self.now_s)

    def open(self, address: str = "10.0.0.1") -> Any:
        transport: Any = Transport(address)
        self.connections.admit(transport)
        return transport


@pytest.fixture
def _loop() -> Iterator[None]:
    """`Connections` schedules its scans on the running loop."""
    loop = asyncio.new_event_loop()
    asyncio.events._set_running_loop(loop)
    yield
    asyncio.events._set_running_loop(None)
    loop.close()


@pytest.mark.usefixtures("_loop")
def test_one_address_takes_its_share_only() -> None:
    desk = Desk()
    first, second, other = desk.open(), desk.open(), desk.open("10.0.0.2")
    third = desk.open()
    assert [t.aborted for t in (first, second, third, other)] == [True, False, False, False]


@pytest.mark.usefixtures("_loop")
def test_busy_connections_are_never_closed_for_a_new_one() -> None:
    from evolvisense.service.http.connections import Phase

    desk = Desk(most=2)
    busy = desk.open(), desk.open("10.0.0.2")
    for one in busy:
        desk.connections.enter(one, Phase.BUSY)
    refused = desk.open("10.0.0.3")
    assert refused.written.startswith(b"HTTP/1.1 503")
    assert not any(one.aborted for one in busy)
    desk.now_s = 10.0
    desk.connections.scan()  # the client that does not take its 503
    assert refused.aborted
    assert not any(one.aborted for one in busy)
    assert len(desk.connections) == 2


@pytest.mark.usefixtures("_loop")
def test_a_client_that_takes_nothing_is_cut_off() -> None:
    from evolvisense.service.http.connections import Phase

    desk = Desk()
    stalled, slow = desk.open(), desk.open()
    for one in (stalled, slow):
        desk.connections.enter(one, Phase.BUSY)
    for second in range(21):
        desk.now_s = float(second)
        stalled.unsent, slow.unsent = 1000, 1000 - second
        desk.connections.scan()
    assert stalled.aborted
    assert not slow.aborted


@pytest.mark.usefixtures("_loop")
def test_it_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    loop = asyncio.get_running_loop()
    context = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(errno.EMFILE, "Too many open files"),
    }
    with caplog.at_level(logging.INFO):
        for second in range(121):
            desk.now_s = float(second)
            for _ in range(100):
                desk.connections.log_accept_error(loop, context)
    assert len(caplog.records) == 3
    assert "5999 more" in caplog.messages[1]
    assert "Too many open files" in caplog.messages[0]


def test_the_default_is_below_the_limit_of_descriptors() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))\n"
        "from evolvisense.service.http.connections import limits_from\n"
        "from evolvisense.service.settings import Settings\n"
        "print(limits_from(Settings()).most, limits_from(Settings(max_connections=5000)).most)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["512", "768"]


def test_a_wish_raises_the_soft_limit(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = soft + 1 if hard == resource.RLIM_INFINITY or hard > soft + 257 else soft - 256
    try:
        limits = limits_from(Settings(data_dir=tmp_path, max_connections=wanted))
        assert limits.most == wanted
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
