"""A server that has no keys and listens to others: nothing is open without the token it made."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from websockets.sync.client import connect

from evolvisense.sandbox import Files
from evolvisense.service.http import callers as access
from evolvisense.service.http.app import create_app
from evolvisense.service.http.context import AnalysisService
from evolvisense.service.http.token import OPEN, StartToken
from evolvisense.service.queue.runtime import Runtime
from evolvisense.service.settings import Settings
from tests.factory.patience import PATIENCE_S, wait_until
from tests.factory.quick_server import quick_gate
from tests.factory.quick_worker import GATE, TARGET
from tests.service.http.test_strangers import HTTP, WEBSOCKETS, ask


@dataclass(frozen=True)
class Guarded:
    url: str
    token: StartToken
    service: AnalysisService

    def caller(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_S)


@contextmanager
def guarded(folder: Path, **settings: object) -> Iterator[Guarded]:
    chosen = Settings.model_validate(
        {"data_dir": folder / "data", "workers": 1, "rate_per_minute": 0, **settings}
    )
    token = StartToken()
    app = create_app(
        chosen,
        open_workplace=lambda: Runtime(
            chosen.workplace(TARGET, Files(readable=[Path(os.environ[GATE])]))
        ),
        bound="0.0.0.0",
        token=token,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        wait_until(lambda: httpx.get(f"{url}/readyz", timeout=PATIENCE_S).is_success)
        yield Guarded(url, token, app.state.service)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("token")
    with quick_gate(folder), guarded(folder) as found:
        yield found


@pytest.mark.parametrize(("method", "path"), [one for one in HTTP if one[1] not in OPEN])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Cookie": "evolvisense-token=x"}]
)
def test_nothing_is_open_without_it(
    server: Guarded, method: str, path: str, headers: dict[str, str]
):
    with server.caller() as who:
        answer = ask(who, method, path, "0" * 32, **headers)
        assert answer.status_code == 401
        assert "token" in answer.text
        assert server.token.text not in answer.text


@pytest.mark.parametrize(
    "path", ["/static/js/app.js", "/nothing", "//", "/%2e/docs", "/v1/../docs"]
)
def test_nor_what_is_no_route(server: Guarded, path: str):
    with server.caller() as who:
        assert who.get(path).status_code == 401
        assert who.options(path).status_code == 401


@pytest.mark.parametrize("path", WEBSOCKETS)
def test_a_stream_without_it_is_ended(server: Guarded, path: str):
    with connect(server.url.replace("http", "ws") + path, open_timeout=PATIENCE_S) as stream:
        if path == "/v1/live":  # the other one is ended before its client has to send anything
            stream.send('{"type": "configure"}')
        assert '"unauthenticated"' in str(stream.recv(PATIENCE_S))


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key"])
def test_it_is_a_key_in_a_header(server: Guarded, name: str):
    value = f"Bearer {server.token.text}" if name == "Authorization" else server.token.text
    with server.caller(**{name: value}) as who:
        sent = who.post("/v1/analyses", files={"file": b"video"}, headers={"Prefer": "wait=60"})
        assert sent.json()["state"] == "succeeded"
        listed = who.get("/v1/analyses").json()["analyses"]
        assert sent.json()["id"] in [one["id"] for one in listed]
        assert who.get("/v1/limits").json()["baselines"] is True
        assert who.get("/v1/limits").json()["keys_required"] is True
        assert who.get("/metrics").status_code == 403
        assert who.post("/analyze-video/").status_code == 415


def test_a_browser_exchanges_it_for_a_cookie(server: Guarded):
    with server.caller() as browser:
        form = browser.get("/")
        assert form.status_code == 401
        assert 'name="token"' in form.text
        wrong = browser.get("/?token=wrong")
        assert wrong.status_code == 401
        assert not browser.cookies
        answer = browser.get(f"/?token={server.token.text}&a=b%0d%0ax")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/?a=b%0D%0Ax"
        assert answer.headers["cache-control"] == "no-store"
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert server.token.text not in cookie
        assert browser.get("/").status_code == 200
        assert browser.get("/static/js/app.js").status_code == 200
        assert browser.get("/v1/analyses").status_code == 200
        own = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
        assert browser.post("/v1/analyses", files={"file": b"v"}, headers=own).status_code == 202
        other = {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}
        refused = browser.post("/v1/analyses", files={"file": b"v"}, headers=other)
        assert refused.json()["code"] == "origin_refused"


def test_a_link_of_another_site_leads_there_too(server: Guarded):
    """Browsers hold the cookie back in a redirect that another site began."""
    with server.caller(**{"Sec-Fetch-Site": "cross-site"}) as browser:
        answer = browser.get(f"/?token={server.token.text}")
        assert answer.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text
        assert server.token.text not in answer.text
        assert browser.cookies


def test_the_address_takes_it_on_pages_only(server: Guarded):
    with server.caller() as who:
        for path in ("/v1/analyses", "/v1/limits", "/metrics", "/openapi.json"):
            assert who.get(f"{path}?token={server.token.text}").status_code == 401


def test_the_first_key_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "KEYS_KNOWN_S", 0.0)
    with (
        quick_gate(tmp_path),
        guarded(tmp_path) as server,
        server.caller(**{"X-Api-Key": server.token.text}) as who,
    ):
        assert who.get("/v1/limits").status_code == 200
        _, key = server.service.keys.create("first", ["read"])
        assert who.get("/v1/limits").status_code == 401
        assert who.get("/v1/limits", headers={"X-Api-Key": key}).status_code == 200
        assert who.get("/").status_code == 200  # the page asks for the key by itself


def test_guessing_it_is_slowed_down(tmp_path: Path):
    with (
        quick_gate(tmp_path),
        guarded(tmp_path, rate_per_minute=1, rate_burst=3) as server,
        server.caller() as who,
    ):
        codes = [who.get(f"/?token={n}").status_code for n in range(5)]
        assert codes == [401, 401, 401, 429, 429]
