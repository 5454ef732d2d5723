"""What strangers may do, on every route there is.

Each route stands in RULES with what decides about it. A new route without a rule fails here.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Mount, Route
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from evolvisense.report import to_json
from evolvisense.service.http.app import create_app
from evolvisense.service.settings import Settings
from tests.factory.faces import Painted
from tests.factory.features import with_features
from tests.factory.flow import analyze_painted
from tests.factory.patience import PATIENCE_S, wait_until
from tests.factory.quick_server import quick_gate, running

EVERYBODY = "everybody"
"""Says nothing of anybody."""
CALLER = "caller"
"""For whoever is let in; says nothing of other callers."""
HOLDER = "holder"
"""For the key that owns the analysis; without a key, for whoever holds its id."""
OWNER = "owner"
"""For one key, or for the browser that holds the secret of its cookie."""
KEY = "key"
"""For keys; without a key nothing is listed."""
ADMIN = "admin"
"""For keys with the scope `admin`; where there are no keys, on the machine itself."""

RULES = {
    ("GET", "/"): EVERYBODY,
    ("GET", "/docs"): EVERYBODY,
    ("GET", "/docs/guides/{name}"): EVERYBODY,
    ("GET", "/docs/reference"): EVERYBODY,
    ("GET", "/static/swagger-ui-bundle.js"): EVERYBODY,
    ("GET", "/static/swagger-ui.css"): EVERYBODY,
    ("GET", "/openapi.json"): EVERYBODY,
    ("GET", "/healthz"): EVERYBODY,
    ("GET", "/readyz"): EVERYBODY,
    ("GET", "/static/plotly.min.js"): EVERYBODY,
    ("MOUNT", "/static"): EVERYBODY,
    ("GET", "/v1/models"): CALLER,
    ("GET", "/v1/limits"): CALLER,
    ("POST", "/analyze-video"): CALLER,
    ("POST", "/analyze-video/"): CALLER,
    ("POST", "/v1/analyses"): CALLER,
    ("WS", "/v1/live"): CALLER,
    ("WS", "/ws/emotion-stream"): CALLER,
    ("WS", "/ws/emotion-stream/"): CALLER,
    ("GET", "/v1/analyses"): KEY,
    ("GET", "/v1/analyses/{analysis_id}"): HOLDER,
    ("POST", "/v1/analyses/{analysis_id}/cancel"): HOLDER,
    ("GET", "/v1/analyses/{analysis_id}/events"): HOLDER,
    ("GET", "/v1/analyses/{analysis_id}/report"): HOLDER,
    ("POST", "/v1/analyses/{analysis_id}/report"): HOLDER,
    ("GET", "/v1/analyses/{analysis_id}/overlay.mp4"): HOLDER,
    ("GET", "/v1/analyses/{analysis_id}/figures"): HOLDER,
    ("GET", "/v1/analyses/{analysis_id}/change"): HOLDER,
    ("GET", "/v1/comparison"): HOLDER,
    ("DELETE", "/v1/analyses/{analysis_id}"): HOLDER,
    ("GET", "/v1/baselines"): OWNER,
    ("GET", "/v1/baselines/{name}"): OWNER,
    ("POST", "/v1/baselines/{name}/recordings"): OWNER,
    ("DELETE", "/v1/baselines/{name}"): OWNER,
    ("GET", "/metrics"): ADMIN,
}
LAST = ("DELETE", "/v1/analyses/{analysis_id}")
"""Asked last, since nothing is left after it."""


def routes() -> list[tuple[str, str]]:
    """Method and path of every route, as the application has them."""
    found: list[tuple[str, str]] = []
    waiting: list[Any] = list(create_app(Settings(data_dir=Path("unused"))).routes)
    while waiting:
        route = waiting.pop(0)
        if isinstance(route, APIRoute | Route):
            found += [(method, route.path) for method in (route.methods or ()) if method != "HEAD"]
        elif isinstance(route, APIWebSocketRoute):
            found.append(("WS", route.path))
        elif isinstance(route, Mount):
            found.append(("MOUNT", route.path))
        else:
            waiting += route.original_router.routes
    return sorted(set(found), key=lambda one: (one == LAST, one))


ROUTES = routes()
HTTP = [(method, path) for method, path in ROUTES if method not in ("WS", "MOUNT")]
WEBSOCKETS = [path for method, path in ROUTES if method == "WS"]


def test_every_route_has_a_rule():
    assert set(ROUTES) == set(RULES)


@dataclass(frozen=True)
class Server:
    """A server whose workers find the same report in every file."""

    url: str
    video: Path
    service: Any

    def caller(self, address: str = "", **headers: str) -> httpx.Client:
        """Somebody; with an address, as a proxy on this machine tells it."""
        told = {"X-Forwarded-For": address} if address else {}
        return httpx.Client(base_url=self.url, headers=told | headers, timeout=PATIENCE_S)

    def submit(self, who: httpx.Client, **headers: str) -> httpx.Response:
        with self.video.open("rb") as file:
            return who.post("/v1/analyses", files={"file": file}, headers=headers)

    def analysed(self, who: httpx.Client, **headers: str) -> str:
        """Id of a new analysis that has ended."""
        return self.submit(who, Prefer="wait=60", **headers).json()["id"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strangers")


@pytest.fixture(scope="module")
def video(folder: Path) -> Path:
    path = folder / "talk.webm"
    path.write_bytes(b"workers of these tests look at no video")
    return path


@pytest.fixture(scope="module", autouse=True)
def _gate(folder: Path) -> Iterator[None]:
    with quick_gate(folder) as gate:
        report = with_features(
            analyze_painted([(i / 25, [Painted(80, 100)]) for i in range(5)]), f0_sd_st=2.0
        )
        (gate / "report.json").write_text(to_json(report))
        yield


@pytest.fixture(scope="module")
def public(folder: Path, video: Path) -> Iterator[Server]:
    """Open to everybody without keys."""
    with running(folder / "public", allow_anonymous=True, trusted_proxies="127.0.0.1") as server:
        yield Server(server.url, video, server.service)


@pytest.fixture(scope="module")
def keyed(folder: Path, video: Path) -> Iterator[Server]:
    """With keys."""
    with running(folder / "keyed") as server:
        yield Server(server.url, video, server.service)


def address_of(path: str, analysis: str) -> str:
    """The path with the id of an analysis where it wants one."""
    name = "server" if "guides" in path else "ada"
    filled = path.format(analysis_id=analysis, name=name)
    query = {
        "/v1/analyses/{analysis_id}/change": "?baseline=ada",
        "/v1/comparison": f"?first={analysis}&second={analysis}",
    }
    return filled + query.get(path, "")


def ask(who: httpx.Client, method: str, path: str, analysis: str, **headers: str) -> httpx.Response:
    bodies = {"/recordings": {"analysis": analysis}, "/report": {"marks": []}}
    body = bodies.get(path[path.rindex("/") :]) if method == "POST" else None
    address = address_of(path, analysis)
    if path.endswith("/events"):
        with who.stream(method, address, headers=headers) as answer:
            answer.read()
        return answer
    return who.request(method, address, json=body, headers=headers)


def visit(who: httpx.Client) -> None:
    """Open the page, as a browser does: it keeps the cookie."""
    assert who.get("/").status_code == 200


@pytest.fixture(scope="module")
def theirs(public: Server) -> Iterator[str]:
    """Id of the analysis of somebody else without a key, who has a baseline `ada` too."""
    with public.caller("203.0.113.1") as somebody:
        visit(somebody)
        analysis = public.analysed(somebody)
        body = {"analysis": analysis}
        assert somebody.post("/v1/baselines/ada/recordings", json=body).status_code == 201
        yield analysis
        assert [b["name"] for b in somebody.get("/v1/baselines").json()["baselines"]] == ["ada"]


@pytest.mark.parametrize(("method", "path"), HTTP)
def test_a_stranger_reaches_nothing_of_others_without_its_id(
    public: Server, theirs: str, method: str, path: str
):
    with public.caller("203.0.113.2") as stranger:
        answer = ask(stranger, method, path, secrets.token_hex(16))
        assert theirs not in answer.text
        assert "203.0.113.1" not in answer.text
        expected = {HOLDER: {404}, OWNER: {403}, KEY: {403}, ADMIN: {403}}
        assert answer.status_code in expected.get(RULES[method, path], {200, 415}), answer.text


@pytest.mark.parametrize(("method", "path"), [one for one in HTTP if RULES.get(one) == HOLDER])
def test_who_holds_the_id_needs_nothing_else(public: Server, theirs: str, method: str, path: str):
    with public.caller("203.0.113.2") as holder:
        answer = ask(holder, method, path, theirs)
        # No overlay was asked for; the baseline belongs to a browser, not to an id.
        allowed = {200, 204, 409} if "change" not in path else {403}
        assert answer.status_code in allowed, answer.text


@pytest.fixture(scope="module")
def two_keys(keyed: Server) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    secret = [keyed.service.keys.create(n, ["analyze", "read", "live"])[1] for n in "ab"]
    first, second = (keyed.caller(**{"X-Api-Key": one}) for one in secret)
    with first, second:
        yield first, second


@pytest.fixture(scope="module")
def of_first(keyed: Server, two_keys: tuple[httpx.Client, httpx.Client]) -> str:
    """Id of an analysis of the first key."""
    return keyed.analysed(two_keys[0])


@pytest.mark.parametrize(("method", "path"), HTTP)
def test_a_key_reaches_nothing_of_another(
    keyed: Server,
    two_keys: tuple[httpx.Client, httpx.Client],
    of_first: str,
    method: str,
    path: str,
):
    first, second = two_keys
    answer = ask(second, method, path, of_first)
    expected = {HOLDER: {404}, OWNER: {200, 204, 404}, KEY: {200}, ADMIN: {403}}
    assert answer.status_code in expected.get(RULES[method, path], {200, 415}), answer.text
    # An error names the address that was asked.
    assert of_first not in answer.text.replace(f"/v1/analyses/{of_first}", "")
    assert first.get(f"/v1/analyses/{of_first}").status_code == 200


@pytest.mark.parametrize(("method", "path"), [one for one in HTTP if RULES.get(one) != EVERYBODY])
def test_where_there_are_keys_nothing_is_answered_without_one(
    keyed: Server, of_first: str, method: str, path: str
):
    with keyed.caller() as nobody, keyed.caller(**{"X-Api-Key": "evs_wrong"}) as guessing:
        for who in (nobody, guessing):
            assert ask(who, method, path, of_first).status_code == 401


def test_an_id_has_128_random_bits(public: Server):
    with public.caller() as who:
        ids = {public.submit(who).json()["id"] for _ in range(8)}
    # A UUID of version 4 would have `4` there in all of them.
    assert len({one[12] for one in ids}) > 1
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)


def test_several_files_are_found_by_their_submission(public: Server):
    with public.caller("203.0.113.1") as who:
        with public.video.open("rb") as one, public.video.open("rb") as two:
            answer = who.post("/v1/analyses", files=[("file", one), ("file", two)])
        address = answer.headers["location"]
        assert len(who.get(address).json()["analyses"]) == 2
        assert who.get("/v1/analyses?submission=").status_code == 403
        assert who.get("/v1/analyses?state=succeeded").status_code == 403


def test_a_machine_without_keys_lists_nothing_either(folder: Path, video: Path):
    with running(folder / "here") as server:
        here = Server(server.url, video, server.service)
        with here.caller() as who:
            analysis = here.analysed(who)
            assert who.get("/v1/analyses").status_code == 403
            assert who.get("/metrics").status_code == 200  # numbers, nothing of anybody
            assert who.get(f"/v1/analyses/{analysis}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"X-Forwarded-Host": "localhost"},
    ],
)
def test_what_a_proxy_passes_on_is_not_of_this_machine(
    folder: Path, video: Path, headers: dict[str, str]
):
    with (
        running(folder / "proxied") as server,
        Server(server.url, video, server.service).caller(**headers) as who,
    ):
        assert who.get("/v1/limits").status_code == 403


def test_revoking_the_last_key_opens_nothing(folder: Path, video: Path):
    with running(folder / "revoked") as server:
        record, _ = server.service.keys.create("only", ["read"])
        assert server.service.keys.revoke(record.id)
    with (
        running(folder / "revoked") as server,
        Server(server.url, video, server.service).caller() as who,
    ):
        assert who.get("/v1/limits").status_code == 401


def test_two_strangers_with_one_idempotency_key(public: Server):
    with public.caller("203.0.113.1") as first, public.caller("203.0.113.2") as second:
        refused = public.submit(first, **{"Idempotency-Key": "1"})
        assert refused.status_code == 422
        assert "Idempotency-Key" in refused.json()["detail"]
        visit(first)
        visit(second)
        key = {"Idempotency-Key": "upload 1"}
        mine, theirs = (public.submit(who, **key).json()["id"] for who in (first, second))
        assert mine != theirs
        assert public.submit(first, **key).json()["id"] == mine
        long = {"Idempotency-Key": secrets.token_hex(16)}
        with public.caller() as program:
            assert len({public.submit(program, **long).json()["id"] for _ in range(2)}) == 1


def test_baselines_of_two_browsers(public: Server):
    with public.caller("203.0.113.1") as first, public.caller("203.0.113.2") as second:
        visit(first)
        visit(second)
        assert first.get("/v1/limits").json()["baselines"]
        body = {"analysis": public.analysed(first)}
        assert first.post("/v1/baselines/eve/recordings", json=body).status_code == 201
        assert [b["name"] for b in first.get("/v1/baselines").json()["baselines"]] == ["eve"]
        assert second.get("/v1/baselines").json()["baselines"] == []
        assert second.get("/v1/baselines/eve").status_code == 404


@pytest.mark.parametrize(
    "address", ["/", "/v1/limits", "/healthz", "/static/js/app.js", "/nothing"]
)
@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.nip.io", "", "a b"],
)
def test_a_request_to_another_host_is_refused(public: Server, address: str, host: str):
    with public.caller() as who:
        answer = who.get(address, headers={"Host": host})
        assert answer.status_code == 421
        assert "EVOLVISENSE_ALLOWED_HOSTS" in answer.text
        assert answer.json()["code"] == "host_not_allowed"
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize(("method", "path"), HTTP)
def test_every_route_checks_the_host(public: Server, method: str, path: str):
    with public.caller() as who:
        answer = ask(who, method, path, secrets.token_hex(16), Host="evil.example")
        assert answer.status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:7860", "127.1.2.3"]
)
def test_this_machine_by_its_names(public: Server, host: str):
    with public.caller() as who:
        assert who.get("/v1/limits", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", WEBSOCKETS)
@pytest.mark.parametrize(
    ("headers", "status", "setting"),
    [
        ({"Host": "evil.example"}, 421, "EVOLVISENSE_ALLOWED_HOSTS"),
        ({"Origin": "http://evil.example"}, 403, "EVOLVISENSE_CORS_ORIGINS"),
        ({"Origin": "null"}, 403, "EVOLVISENSE_CORS_ORIGINS"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "EVOLVISENSE_CORS_ORIGINS"),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"}, 403, "CORS_ORIGINS"),
    ],
)
def test_a_websocket_is_refused_before_it_is_accepted(
    public: Server, path: str, headers: dict[str, str], status: int, setting: str
):
    told = dict(headers)
    origin, host = told.pop("Origin", None), told.pop("Host", None)
    url = public.url.replace("http", "ws") + path
    port = int(url.rpartition(":")[2].partition("/")[0])
    where = f"ws://{host}:{port}{path}" if host else url
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        pytest.raises(InvalidStatus) as refused,
    ):
        connect(
            where,
            sock=connection,
            open_timeout=PATIENCE_S,
            origin=None if origin is None else Origin(origin),
            additional_headers=told,
        )
    assert refused.value.response.status_code == status
    assert setting in (refused.value.response.body or b"").decode()


UNSAFE = [(method, path) for method, path in HTTP if method != "GET"]


@pytest.mark.parametrize(("method", "path"), UNSAFE)
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_origin_sends_nothing(
    public: Server, method: str, path: str, headers: dict[str, str]
):
    port = public.url.rpartition(":")[2]
    told = {name: value.format(port=port) for name, value in headers.items()}
    with public.caller() as who:
        answer = ask(who, method, path, secrets.token_hex(16), **told)
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] == "origin_refused"
        assert "EVOLVISENSE_CORS_ORIGINS" in answer.text


def test_a_refused_page_has_nothing_analysed(public: Server):
    with public.caller(Origin="http://evil.example") as page, public.caller() as program:
        before = public.service.store.counts()
        for address in ("/analyze-video/", "/v1/analyses"):
            with public.video.open("rb") as file:
                assert page.post(address, files={"file": file}).status_code == 403
        assert public.service.store.counts() == before
        assert len(public.service.uploads) == 0
        assert page.get("/v1/limits").status_code == 200  # read, but hidden by the browser
        assert "access-control-allow-origin" not in page.get("/v1/limits").headers
        assert program.post("/v1/analyses/x/cancel").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_the_page_itself_and_programs_may_send(public: Server, headers: dict[str, str]):
    port = public.url.rpartition(":")[2]
    told = {name: value.format(port=port) for name, value in headers.items()}
    with public.caller(**told) as who:
        assert public.submit(who).status_code == 202


def test_an_allowed_origin_may_send_and_read(folder: Path, video: Path):
    origin = "https://app.example"
    with running(folder / "cors", cors_origins=f"{origin}/", allow_anonymous=True) as server:
        app = Server(server.url, video, server.service)
        with app.caller(Origin=origin, **{"Sec-Fetch-Site": "cross-site"}) as page:
            answer = app.submit(page)
            assert answer.status_code == 202
            assert answer.headers["access-control-allow-origin"] == origin
        with app.caller(Origin="https://other.example") as page:
            assert app.submit(page).status_code == 403


def test_names_of_the_setting_are_answered(folder: Path, video: Path):
    names = "video.example.org,*.example.net"
    with (
        running(folder / "names", allowed_hosts=names, allow_anonymous=True) as server,
        Server(server.url, video, server.service).caller() as who,
    ):
        for host, status in {
            "video.example.org": 200,
            "VIDEO.example.org:443": 200,
            "a.b.example.net": 200,
            "example.net": 421,
            "evilexample.net": 421,
            "x.video.example.org": 421,
        }.items():
            assert who.get("/healthz", headers={"Host": host}).status_code == status, host


def test_a_space_is_known_by_its_name_and_framed(
    folder: Path, video: Path, monkeypatch: pytest.MonkeyPatch, public: Server
):
    with public.caller() as who:
        assert "huggingface" not in who.get("/").headers["content-security-policy"]
    monkeypatch.setenv("SPACE_HOST", "me-video.hf.space")
    with (
        running(folder / "space", allow_anonymous=True) as server,
        Server(server.url, video, server.service).caller(Host="me-video.hf.space") as who,
    ):
        policy = who.get("/").headers["content-security-policy"]
        assert "frame-ancestors 'self' https://huggingface.co" in policy


def test_requests_without_a_key_are_limited_on_this_machine_too(folder: Path, video: Path):
    with (
        running(folder / "rates", rate_per_minute=1, rate_burst=3) as server,
        Server(server.url, video, server.service).caller() as who,
    ):
        codes = [who.get("/v1/limits").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]


def test_one_key_cannot_take_the_whole_queue(folder: Path, video: Path):
    with running(folder / "share", workers=0, max_queued=4, caller_share=0.5) as server:
        shared = Server(server.url, video, server.service)
        keys = [server.service.keys.create(n, ["analyze"])[1] for n in ("greedy", "modest")]
        greedy, modest = (shared.caller(**{"X-Api-Key": key}) for key in keys)
        with greedy, modest:
            assert [shared.submit(greedy).status_code for _ in range(3)] == [202, 202, 429]
            refused = shared.submit(greedy)
            assert "EVOLVISENSE_CALLER_SHARE" in refused.json()["detail"]
            placed = json.loads(shared.submit(modest).text)
            assert placed["queue_position"] == 1  # after the first of the other, not after both


def test_one_key_cannot_take_all_uploads(folder: Path, video: Path):
    with running(folder / "uploads", workers=0, max_uploads=4, caller_share=0.5) as server:
        shared = Server(server.url, video, server.service)
        keys = [server.service.keys.create(n, ["analyze"])[1] for n in ("greedy", "modest")]
        with (
            shared.caller(**{"X-Api-Key": keys[0]}) as greedy,
            shared.caller(**{"X-Api-Key": keys[1]}) as modest,
            half_an_upload(server.url, keys[0]),
            half_an_upload(server.url, keys[0]),
        ):
            wait_until(lambda: len(server.service.uploads) == 2)
            refused = shared.submit(greedy)
            assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
            assert "EVOLVISENSE_CALLER_SHARE" in refused.json()["detail"]
            assert shared.submit(modest).status_code == 202
        wait_until(lambda: len(server.service.uploads) == 0)
        with shared.caller(**{"X-Api-Key": keys[0]}) as greedy:
            assert shared.submit(greedy).status_code == 202


@contextmanager
def half_an_upload(url: str, key: str) -> Iterator[None]:
    """A connection of a key that has sent a part of its file and sends no more."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    head = (
        f"POST /v1/analyses HTTP/1.1\r\nHost: {host}\r\nX-Api-Key: {key}\r\n"
        "Content-Length: 100000\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + bytes(50_000))
        yield
