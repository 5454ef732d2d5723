"""What /openapi.json promises is what the server does, whatever it is sent."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from evolvisense.baselines import StoredRecording
from evolvisense.service.access.keys import SCOPES
from evolvisense.service.http.app import create_app
from evolvisense.service.http.baselines import store_of
from evolvisense.service.http.callers import Caller
from evolvisense.service.settings import Settings
from tests.factory.quick_server import Running, quick_gate, running

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]

DESCRIPTION: dict[str, Any] = create_app(Settings(data_dir=Path("unused"))).openapi()
api = schemathesis.openapi.from_dict(DESCRIPTION)

IDS = frozenset({"analysis_id", "first", "second", "analysis"})
NAMES = frozenset({"name", "baseline"})
WELL_FORMED: dict[str, dict[str, Any]] = {
    "/v1/comparison": {"query": {"first": "x", "second": "x"}},
    "/v1/analyses/{analysis_id}/change": {"query": {"baseline": "x"}},
}
"""What a request must have before it is asked who sends it."""

Make = Callable[[str], str]


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with quick_gate(tmp_path_factory.mktemp("gate")) as folder:
        yield folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    with running(data, max_upload_bytes=1000, max_files=2) as found:
        yield found


@pytest.fixture(scope="module")
def key(server: Running) -> dict[str, str]:
    """The header of a key that may do everything."""
    return {"X-Api-Key": server.service.keys.create("of the tests", SCOPES)[1]}


@pytest.fixture(scope="module")
def ended(server: Running, key: dict[str, str]) -> Make:
    """Ids of analyses that have ended, by what their file says."""

    def make(text: str) -> str:
        sent = httpx.post(
            f"{server.url}/v1/analyses",
            files={"file": text.encode()},
            headers={"Prefer": "wait=60", "Idempotency-Key": text} | key,
        )
        return sent.json()["id"]

    return make


@pytest.fixture(scope="module")
def kept(server: Running, gate: Path, key: dict[str, str]) -> str:
    """The name of a baseline."""
    recording = StoredRecording(date(2026, 3, 1), None, {"f0_sd_st": 2.0}, {})
    owner = Caller(server.service.keys.list()[0].id, frozenset())
    store_of(server.service.settings.data_dir, owner).add("ada", recording)
    return "ada"


@api.parametrize()
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_the_answers_are_the_promised_ones(
    case: Any, server: Running, key: dict[str, str], ended: Make, kept: str
):
    # A made-up id or name is known to nobody: two of three are those of analyses and a baseline.
    for given in (case.path_parameters, case.query, case.body):
        for name in IDS & set(given if isinstance(given, dict) else ()):
            chance = zlib.crc32(str(given[name]).encode("utf-8", "replace"))
            if chance % 3:
                given[name] = ended(["talk", "refuse"][chance % 2])
        for name in NAMES & set(given if isinstance(given, dict) else ()):
            if zlib.crc32(str(given[name]).encode("utf-8", "replace")) % 3:
                given[name] = kept
    case.call_and_validate(base_url=server.url, headers=key, checks=CHECKS)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Running]:
    """A server with a key, with which one request a minute may be sent."""
    data = tmp_path_factory.mktemp("data")
    proxies = ["127.0.0.1"]
    with running(data, rate_per_minute=0.5, rate_burst=1, trusted_proxies=proxies) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path, operations in DESCRIPTION["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    ],
)
def test_refusals_are_the_promised_ones(keyed: Running, path: str, method: str):
    _, key = keyed.service.keys.create("of a test", ["live"])
    # Callers without a key are counted by address: each route is asked from one of its own.
    number = zlib.crc32(f"{method} {path}".encode())
    place = {"X-Forwarded-For": f"198.18.{number >> 8 & 255}.{number & 255}"}
    parts = {"analysis_id": "x", "name": "x"}
    case = api[path][method].Case(path_parameters=parts, **WELL_FORMED.get(path, {}))
    for given, status in ({}, 401), ({"X-Api-Key": key}, 403), ({"X-Api-Key": key}, 429):
        response = case.call(base_url=keyed.url, headers=given | place)
        assert response.status_code == status
        case.validate_response(response, checks=CHECKS)
