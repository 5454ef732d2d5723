"""Every refusal: its status, its shape, and nothing left behind."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense import errors
from evolvisense.service.http.errors import status_of
from tests.factory.patience import PATIENCE_S
from tests.service.http.conftest import Running, Start

MB = 1024 * 1024
BOUNDARY = "----a-boundary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
FILE_HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


def refusal(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    answer = response.json()
    assert set(answer) == {"error", "code", "request_id"}
    assert answer["code"] == code
    assert answer["error"]
    assert answer["request_id"] == response.headers["x-request-id"]
    return answer


def field(name: str, value: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + value + b"\r\n"


def read_answer(sock: socket.socket) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and JSON of the answer on a socket."""
    stream = sock.makefile("rb")
    status = int(stream.readline().split()[1])
    headers: dict[str, str] = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, json.loads(stream.read(int(headers["content-length"])))


def open_request(port: int, *headers: str) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    lines = ["POST /analyze-video/ HTTP/1.1", "Host: localhost", *headers, "", ""]
    sock.sendall("\r\n".join(lines).encode())
    return sock


def wait_until_empty(running: Running) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while running.leftovers() or running.service.store.in_flight():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_text_named_mp4(server: Running, text_file: Path):
    answer = refusal(server.post(text_file), 400, "not_a_video")
    assert "evolvisense-" not in answer["error"]


def test_zero_bytes(server: Running, empty_file: Path):
    refusal(server.post(empty_file), 400, "empty_file")


def test_a_file_without_a_name_is_a_file(server: Running, face_video: Path):
    body = field("file", face_video.read_bytes()) + f"--{BOUNDARY}--\r\n".encode()
    response = server.client.post("/analyze-video/", content=body, headers=FORM)
    assert response.status_code == 200


def test_no_file(server: Running):
    body = field("frame_skip", b"5") + f"--{BOUNDARY}--\r\n".encode()
    response = server.client.post("/analyze-video/", content=body, headers=FORM)
    refusal(response, 422, "missing_file")


@pytest.mark.parametrize(
    "kwargs",
    [
        {"json": {"file": "x"}},
        {"content": b"abc"},
        {"data": {"file": "x"}},
        {"content": b"abc", "headers": {"Content-Type": "video/mp4"}},
        {},
    ],
)
def test_not_multipart(server: Running, kwargs: dict[str, Any]):
    response = server.client.post("/analyze-video/", **kwargs)
    refusal(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of a form",
        FILE_HEAD + b"half a file",
        FILE_HEAD[:30],
        FILE_HEAD + b"data" + TAIL[:-6],
        f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx".encode() + TAIL,
        FILE_HEAD + b"one\r\n" + FILE_HEAD + b"two" + TAIL,
    ],
)
def test_broken_multipart(server: Running, body: bytes):
    response = server.client.post("/analyze-video/", content=body, headers=FORM)
    refusal(response, 400, "broken_multipart")


@pytest.mark.parametrize("boundary", ["", "; boundary=", f"; boundary={'x' * 500}"])
def test_no_usable_boundary(server: Running, boundary: str):
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    response = server.client.post("/analyze-video/", content=b"x", headers=headers)
    refusal(response, 400, "broken_multipart")


def test_a_field_that_is_too_long(server: Running):
    body = field("frame_skip", b"1" * 2000) + FILE_HEAD + b"x" + TAIL
    response = server.client.post("/analyze-video/", content=body, headers=FORM)
    refusal(response, 422, "invalid_option")


def test_too_much_beside_the_file(server: Running):
    body = b"".join(field(f"f{i}", b"1" * 1000) for i in range(100)) + FILE_HEAD + b"x" + TAIL
    response = server.client.post("/analyze-video/", content=body, headers=FORM)
    refusal(response, 413, "file_too_large")


def test_content_length_is_refused_before_the_body(server: Running):
    sock = open_request(
        server.port, f"Content-Type: {FORM['Content-Type']}", f"Content-Length: {11 * MB}"
    )
    with sock:
        status, headers, answer = read_answer(sock)
    assert (status, answer["code"]) == (413, "file_too_large")
    assert "10 MB" in answer["error"]
    assert "EVOLVISENSE_MAX_UPLOAD_BYTES" in answer["error"]
    assert headers["connection"] == "close"


def test_a_chunked_upload_is_stopped_at_the_limit(server: Running):
    """The client sends without an end, so only an early answer can end this test."""
    sock = open_request(
        server.port, f"Content-Type: {FORM['Content-Type']}", "Transfer-Encoding: chunked"
    )
    piece = b"\0" * 65536
    sent = 0
    stop = threading.Event()

    def send_forever() -> None:
        nonlocal sent
        try:
            sock.sendall(b"%x\r\n%s\r\n" % (len(FILE_HEAD), FILE_HEAD))
            while not stop.is_set():
                sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except OSError:
            pass  # the server closed: what the test wants

    with sock:
        sender = threading.Thread(target=send_forever)
        sender.start()
        status, _, answer = read_answer(sock)
        stop.set()
        sock.shutdown(socket.SHUT_RDWR)
        sender.join(PATIENCE_S)
    assert (status, answer["code"]) == (413, "file_too_large")
    assert sent > 9 * MB
    wait_until_empty(server)


def test_a_client_that_sends_all_first_still_reads_the_refusal(server: Running):
    def body() -> Iterator[bytes]:
        yield FILE_HEAD
        for _ in range(30):
            yield b"\0" * MB
        yield TAIL

    response = server.client.post("/analyze-video/", content=body(), headers=FORM)
    refusal(response, 413, "file_too_large")


def test_exactly_the_limit_is_accepted(start: Start, face_video: Path):
    size = face_video.stat().st_size
    with start(max_upload_bytes=size) as running:
        assert running.post(face_video).status_code == 200
    with start(max_upload_bytes=size - 1) as running:
        refusal(running.post(face_video), 413, "file_too_large")
        assert running.leftovers() == []


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ({"max_duration_s": 0.1}, None),
        ({"max_pixels": 100}, "frame_too_large"),
        ({"max_streams": 1}, "too_many_streams"),
    ],
)
def test_limits_come_from_the_settings(
    start: Start, face_video: Path, setting: dict[str, float], code: str | None
):
    with start(**setting) as running:
        response = running.post(face_video)
        if code is None and response.status_code == 200:
            # A WebM without a duration in its header is read up to the limit.
            assert len(response.json()["frame_data"]) <= 1
        else:
            refusal(response, 413, code or "video_too_long")
        assert running.leftovers() == []


def test_a_stalled_upload_times_out(start: Start):
    with start(upload_timeout_s=0.2) as running:
        sock = open_request(
            running.port, f"Content-Type: {FORM['Content-Type']}", "Content-Length: 5000"
        )
        with sock:
            sock.sendall(FILE_HEAD)
            status, _, answer = read_answer(sock)
        assert (status, answer["code"]) == (408, "upload_timeout")
        assert set(answer) == {"error", "code", "request_id"}
        wait_until_empty(running)


def test_a_client_that_leaves_while_sending(server: Running):
    sock = open_request(
        server.port, f"Content-Type: {FORM['Content-Type']}", "Content-Length: 500000"
    )
    with sock:
        sock.sendall(FILE_HEAD + b"\0" * 100000)
        time.sleep(0.2)
    wait_until_empty(server)


def test_routes_that_are_not_there(server: Running):
    refusal(server.client.get("/nothing"), 404, "not_found")
    response = server.client.get("/analyze-video/")
    refusal(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"
    refusal(server.client.get("/static/nothing.js"), 404, "not_found")
    refusal(server.client.get("/static/..%2f..%2ferrors.py"), 404, "not_found")


def test_request_ids(server: Running):
    given = server.client.get("/nothing", headers={"X-Request-Id": "my-id.1"})
    assert given.json()["request_id"] == "my-id.1"
    unusable = server.client.get("/nothing", headers={"X-Request-Id": "a b<script>"})
    assert unusable.json()["request_id"].isalnum()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotAVideoError, 400),
        (errors.VideoTooLongError, 413),
        (errors.InvalidOptionError, 422),
        (errors.ModelMissingError, 500),
        (errors.CancelledError, 499),
        (errors.EvolviSenseError, 500),
    ],
)
def test_status_of_the_error_tree(error: type[errors.EvolviSenseError], status: int):
    assert status_of(error("text")) == status
