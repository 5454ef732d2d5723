"""What the log holds: routes, status, seconds and request ids, and nothing that was sent."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from evolvisense.errors import DatabaseError, InvalidOptionError
from evolvisense.service.logs import discreet_traceback
from tests.cli.test_serve import free_port, wait_for
from tests.factory.patience import wait_until

PLANTED = "Xq7PlantedSecret"
ADDRESS = "203.0.113.77"
HEADERS = {
    "User-Agent": f"{PLANTED}-agent",
    "Referer": f"https://{PLANTED}.example/?q={PLANTED}",
    "Cookie": f"session={PLANTED}",
    "Idempotency-Key": f"{PLANTED}-key",
    "X-Forwarded-For": ADDRESS,
    "X-Other": PLANTED,
}


@pytest.fixture(params=["text", "json"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and log of a server that logs all that it can."""
    port, log = free_port(), tmp_path / "log"
    settings = {
        "DATA_DIR": str(tmp_path / "data"), "LOG_LEVEL": "debug", "LOG_FORMAT": request.param,
        "WORKERS": "1", "RATE_PER_MINUTE": "0", "WEBHOOK_SECRETS": "whsec_" + "A" * 43 + "=",
    }  # fmt: skip
    environment = {**os.environ, **{f"EVOLVISENSE_{k}": v for k, v in settings.items()}}
    with log.open("wb") as output:
        command = [sys.executable, "-m", "evolvisense.cli", "serve", "--port", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_for(client)
        yield f"127.0.0.1:{port}", log
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def ask_everything(client: httpx.Client, analysis: str) -> int:
    """Every route and method of /openapi.json and some that are not; how many requests."""
    paths: dict[str, dict[str, Any]] = client.get("/openapi.json").json()["paths"]
    asked = 0
    extra = {"/": {"get"}, "/docs": {"get"}, "/static/icon.svg": {"get"}, f"/{PLANTED}": {"get"}}
    for path, methods in {**{p: set(m) for p, m in paths.items()}, **extra}.items():
        for method in sorted(methods, key=lambda name: name == "delete"):
            for value in (analysis, PLANTED):
                if "{" not in path and value == PLANTED:
                    continue
                address = re.sub(r"\{[^}]*\}", value, path)
                is_json = method in ("post", "put") and "recordings" in path
                body: dict[str, Any] = (
                    {"json": {"analysis": PLANTED, "task": PLANTED}}
                    if is_json
                    else {"data": {"options": json.dumps({"baseline": {"name": PLANTED}})}}
                    if method == "post"
                    else {}
                )
                if path.endswith("/events") and value == analysis:
                    method_used = "HEAD"
                elif method == "delete" and value == analysis:
                    continue
                else:
                    method_used = method
                params = {"q": PLANTED, "api_key": PLANTED, "page_token": PLANTED}
                client.request(method_used, address, params=params, **body)
                asked += 1
    return asked


def upload(client: httpx.Client, url: str, video: Path, **fields: str) -> httpx.Response:
    with video.open("rb") as file:
        files = {"file": (f"{PLANTED} patient.mp4", file)}
        return client.post(url, files=files, data=fields, params={"name": PLANTED})


def speak(address: str, path: str, messages: list[str | bytes]) -> None:
    url = f"ws://{address}{path}?api_key={PLANTED}&patient={PLANTED}"
    try:
        with connect(url, additional_headers=HEADERS, user_agent_header=PLANTED) as websocket:
            for message in messages:
                websocket.send(message)
                websocket.recv(timeout=60)
    except (WebSocketException, TimeoutError, OSError):
        pass  # refused, which is logged too


@pytest.mark.timeout(300)
def test_no_log_line_of_a_full_run_holds_what_was_sent(
    served: tuple[str, Path], silent_video: Path, tmp_path: Path
) -> None:
    address, log = served
    broken = tmp_path / f"{PLANTED}.mp4"
    broken.write_bytes(PLANTED.encode() * 100)
    # HEADERS have an Idempotency-Key, which names one request.
    again = {k: v for k, v in HEADERS.items() if k != "Idempotency-Key"}
    with httpx.Client(base_url=f"http://{address}", timeout=120, headers=HEADERS) as client:
        wish = {
            "webhook": {"url": f"https://{PLANTED}.example/{PLANTED}?{PLANTED}"},
            "baseline": {"name": PLANTED},
        }
        upload(client, "/v1/analyses", silent_video, options=json.dumps(wish))
        analysis = upload(client, "/v1/analyses", silent_video, options="{}")
        assert analysis.status_code in {202, 403}, analysis.text
    local = {k: v for k, v in again.items() if k != "X-Forwarded-For"}
    with httpx.Client(base_url=f"http://{address}", timeout=120, headers=local) as client:
        accepted = upload(client, "/v1/analyses", silent_video, options="{}")
        assert accepted.status_code == 202, accepted.text
        analysis_id = accepted.json()["id"]
        deadline_s = time.monotonic() + 120
        while client.get(f"/v1/analyses/{analysis_id}").json()["state"] in ("queued", "running"):
            assert time.monotonic() < deadline_s
            time.sleep(0.1)
        assert ask_everything(client, analysis_id) > 20
        assert upload(client, "/analyze-video/", silent_video).status_code == 200
        upload(client, "/analyze-video/", silent_video, frame_skip=PLANTED)
        upload(client, "/analyze-video/", broken)
        upload(client, "/v1/analyses", broken, options=json.dumps({PLANTED: PLANTED}))
        bad = {"Authorization": f"Bearer {PLANTED}", "X-Forwarded-For": ADDRESS}
        for path in ("/v1/analyses", "/metrics", f"/v1/analyses/{PLANTED}"):
            client.get(path, headers=bad)
        client.get("/", headers={"Content-Type": f"multipart/form-data; boundary={PLANTED}"})
    configure = json.dumps({"type": "configure", "api_key": PLANTED})
    speak(address, "/v1/live", [configure, f"{PLANTED}".encode()])
    speak(address, "/v1/live", [f"{PLANTED}"])
    speak(address, "/ws/emotion-stream/", [PLANTED, PLANTED])
    speak(address, f"/{PLANTED}", [PLANTED])
    text = log.read_text()
    told = [line for line in text.splitlines() if PLANTED.lower() in line.lower()]
    assert told == []
    assert ADDRESS not in text
    assert analysis_id not in text, "whoever has the id of an analysis has the analysis"
    ports = re.findall(r"127\.0\.0\.1:\d+", text)
    assert set(ports) <= {address}
    for route in ("/analyze-video/", "/v1/analyses/{analysis_id}", "/v1/live"):
        assert route in text, route
    assert "WEBSOCKET /v1/live" in text


def test_tracebacks_say_where_and_not_what(caplog: pytest.LogCaptureFixture) -> None:
    from evolvisense.service.logs import JsonLines, TextLines

    def fail() -> None:
        try:
            raise InvalidOptionError(PLANTED)
        except InvalidOptionError as error:
            raise ExceptionGroup(PLANTED, [KeyError(PLANTED), DatabaseError("the disk")]) from error

    with caplog.at_level(logging.ERROR):
        try:
            fail()
        except ExceptionGroup as error:
            trace = discreet_traceback(error)
            logging.getLogger("test").exception("unexpected error")
    assert PLANTED not in trace
    (record,) = caplog.records
    record.exc_text = None  # of pytest's own formatter
    for formatter in (TextLines(), JsonLines()):
        text = formatter.format(record)
        record.exc_text = None
        assert PLANTED not in text
        assert "in fail" in text
        assert "KeyError" in text
        assert "DatabaseError: the disk" in text


def test_a_refused_websocket_is_one_line_and_no_error(served: tuple[str, Path]) -> None:
    address, log = served
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://{address}/v1/live", origin=Origin("http://evil.example"))
    with httpx.Client(base_url=f"http://{address}") as client:
        wait_until(lambda: client.get("/readyz") and "WEBSOCKET none 403" in log.read_text())
    assert "ERROR" not in log.read_text()
    assert '"error"' not in log.read_text()
