"""Who is let in: loopback without keys, keys with scopes, strangers, those in a hurry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from evolvisense.service.access.keys import ApiKeys, Scope
from evolvisense.service.http.callers import Caller, CallerIdentifier, is_on_this_machine
from evolvisense.service.http.errors import (
    ForbiddenError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from evolvisense.service.queue.database import open_database
from evolvisense.service.settings import Settings
from tests.service.http.conftest import Running, Start
from tests.service.http.v1.test_analyses import problem


def connection(
    client: str = "127.0.0.1", server: str = "127.0.0.1", **headers: str
) -> HTTPConnection:
    return HTTPConnection(
        {
            "type": "http",
            "client": (client, 5),
            "server": (server, 7860),
            "scheme": "http",
            "headers": [
                (name.replace("_", "-").encode(), value.encode())
                for name, value in ({"host": "localhost:7860"} | headers).items()
            ],
        }
    )


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[ApiKeys]:
    engine = open_database(f"sqlite:///{tmp_path / 'keys.db'}")
    yield ApiKeys(engine)
    engine.dispose()


def gate_of(keys: ApiKeys, **settings: Any) -> CallerIdentifier:
    return CallerIdentifier(Settings.model_validate(settings), keys)


def ask(
    gate: CallerIdentifier, given: HTTPConnection, scope: Scope, key: str | None = None
) -> Caller:
    return asyncio.run(gate.caller(given, scope, key))


@pytest.mark.parametrize(
    ("client", "server", "here"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "::1", True),
        ("127.8.8.8", "127.0.0.1", True),
        ("10.0.0.7", "127.0.0.1", False),  # as a proxy on this machine tells it
        ("10.0.0.7", "10.0.0.8", False),
        ("10.0.0.8", "10.0.0.8", False),
        ("unix-peer", "127.0.0.1", False),
    ],
)
def test_what_counts_as_this_machine(client: str, server: str, here: bool):
    assert is_on_this_machine(connection(client, server)) is here


@pytest.mark.parametrize(
    "headers",
    [
        {"x_forwarded_for": "127.0.0.1"},
        {"x_forwarded_anything": "x"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 proxy"},
        {"x_real_ip": "127.0.0.1"},
        {"host": "video.example.org"},
        {"host": ""},
    ],
)
def test_what_came_through_a_proxy_is_not_of_this_machine(headers: dict[str, str]):
    assert not is_on_this_machine(connection(**headers))


def test_without_keys_this_machine_alone_is_served(keys: ApiKeys):
    gate = gate_of(keys)
    here = ask(gate, connection(), "analyze")
    assert not here.may_list
    with pytest.raises(ForbiddenError, match="admin"):
        ask(gate, connection(), "admin")
    assert asyncio.run(gate.caller(connection(), "admin", or_here=True)).is_here
    with pytest.raises(ForbiddenError, match="evolvisense keys create"):
        ask(gate, connection("10.0.0.7", "10.0.0.8"), "read")


def test_with_a_key_everybody_needs_one(keys: ApiKeys):
    _, secret = keys.create("phone", ["analyze", "read"])
    gate = gate_of(keys)
    for given in (connection(), connection(x_api_key="evs_x"), connection(authorization="Basic x")):
        with pytest.raises(UnauthenticatedError):
            ask(gate, given, "read")
    for headers in ({"authorization": f"Bearer {secret}"}, {"x_api_key": secret}):
        caller = ask(gate, connection("10.0.0.7", "10.0.0.8", **headers), "analyze")
        assert caller.owner
        assert not caller.sees_all
    with pytest.raises(ForbiddenError, match="admin"):
        ask(gate, connection(x_api_key=secret), "admin")
    assert ask(gate, connection(), "read", secret).owner


def test_a_revoked_key_is_unknown(keys: ApiKeys):
    record, secret = keys.create("phone", ["read"])
    keys.create("other", ["read"])
    keys.revoke(record.id)
    with pytest.raises(UnauthenticatedError):
        ask(gate_of(keys), connection(x_api_key=secret), "read")


def test_a_known_proxy_leaves_nobody_on_this_machine(keys: ApiKeys):
    with pytest.raises(ForbiddenError, match="evolvisense keys create"):
        ask(gate_of(keys, trusted_proxies="127.0.0.1"), connection(), "read")


def test_revoking_the_last_key_opens_nothing(keys: ApiKeys):
    record, _ = keys.create("only", ["read"])
    assert keys.revoke(record.id)
    assert not keys.any_active()
    with pytest.raises(UnauthenticatedError):
        ask(gate_of(keys), connection(), "read")


def test_a_proxy_that_is_not_known_is_told_once(keys: ApiKeys, caplog: pytest.LogCaptureFixture):
    gate = gate_of(keys, allow_anonymous=True)
    for _ in range(3):
        ask(gate, connection(x_forwarded_for="192.0.2.7"), "read")
    assert caplog.text.count("EVOLVISENSE_TRUSTED_PROXIES") == 1
    assert "192.0.2.7" not in caplog.text


def test_names_of_callers_say_nothing_of_their_addresses(keys: ApiKeys):
    gate = gate_of(keys, allow_anonymous=True)
    one, same, other = (
        ask(gate, connection(address), "read").turn
        for address in ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8")
    )
    assert one == same != other
    assert "192" not in one
    assert ask(gate_of(keys, allow_anonymous=True), connection("192.0.2.7"), "read").turn != one


def test_a_server_for_everybody_shows_no_list_of_others(keys: ApiKeys):
    caller = ask(gate_of(keys, allow_anonymous=True), connection("10.0.0.7"), "read")
    assert not caller.sees_all
    assert not caller.may_list
    gate = gate_of(keys, allow_anonymous=True)
    for one in (connection("10.0.0.7"), connection()):
        with pytest.raises(ForbiddenError):
            asyncio.run(gate.caller(one, "admin", or_here=True))


def test_the_strict_profile_wants_a_key_on_loopback_too(keys: ApiKeys):
    with pytest.raises(UnauthenticatedError):
        ask(gate_of(keys, profile="strict"), connection(), "read")


def test_an_address_in_a_hurry_has_to_wait(keys: ApiKeys):
    gate = gate_of(keys, allow_anonymous=True, rate_per_minute=1, rate_burst=2)
    for _ in range(2):
        ask(gate, connection("10.0.0.7"), "read")
    with pytest.raises(TooManyRequestsError) as refused:
        ask(gate, connection("10.0.0.7"), "read")
    assert 1 <= int(refused.value.headers()["Retry-After"]) <= 60
    ask(gate, connection("10.0.0.8"), "read")


def test_this_machine_is_an_address_like_others(keys: ApiKeys):
    gate = gate_of(keys, rate_per_minute=1, rate_burst=2)
    for _ in range(2):
        ask(gate, connection(), "read")
    with pytest.raises(TooManyRequestsError):
        ask(gate, connection(), "read")


def test_guessing_keys_is_slowed_down(keys: ApiKeys):
    keys.create("phone", ["read"])
    gate = gate_of(keys, rate_per_minute=1, rate_burst=2)
    kinds: list[type[Exception]] = []
    for _ in range(4):
        with pytest.raises((UnauthenticatedError, TooManyRequestsError)) as refused:
            ask(gate, connection("10.0.0.7", "10.0.0.8", x_api_key="evs_x"), "read")
        kinds.append(refused.type)
    assert kinds == [UnauthenticatedError] * 2 + [TooManyRequestsError] * 2


def test_keys_see_their_own_analyses_alone(start: Start, text_file: Path):
    with start() as running:
        secrets = [running.service.keys.create(n, ["analyze", "read"])[1] for n in ("a", "b")]
        boss = running.service.keys.create("boss", ["admin"])[1]
        first, second = ({"X-Api-Key": secret} for secret in secrets)
        with text_file.open("rb") as file:
            response = running.client.post("/v1/analyses", files={"file": file}, headers=first)
        address = response.headers["location"]
        problem(running.client.get("/v1/analyses"), 401, "unauthenticated")
        problem(running.client.get(address, headers=second), 404, "analysis_not_found")
        problem(running.client.delete(address, headers=second), 404, "analysis_not_found")
        assert running.client.get("/v1/analyses", headers=second).json()["analyses"] == []
        for headers in (first, {"X-Api-Key": boss}):
            assert len(running.client.get("/v1/analyses", headers=headers).json()["analyses"]) == 1
        refused = running.client.post("/analyze-video/")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert running.client.get("/readyz").status_code == 200


def test_metrics_are_for_operators(server: Running, silent_video: Path, start: Start):
    server.post(silent_video)
    text = server.client.get("/metrics").text
    for name in (
        'evolvisense_http_requests_total{method="POST",route="/analyze-video/",status="200"}',
        'evolvisense_jobs{state="queued"} 0.0',
        "evolvisense_queue_oldest_seconds 0.0",
        'evolvisense_stage_seconds_total{stage="decode"}',
        "evolvisense_frames_per_second",
        "evolvisense_worker_restarts_total",
        'evolvisense_model_info{id="face"',
    ):
        assert name in text
    with start() as running:
        secret = running.service.keys.create("a", ["read"])[1]
        assert running.client.get("/metrics").status_code == 401
        refused = running.client.get("/metrics", headers={"X-Api-Key": secret})
        assert refused.status_code == 403
