"""What /openapi.json promises is what the server does, whatever it is sent."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from evolvisense.server.app import create_app
from evolvisense.server.settings import Settings
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
def ended(server: Running) -> Make:
    """Ids of analyses that have ended, by what their file says."""

    def make(text: str) -> str:
        sent = httpx.post(
            f"{server.url}/v1/analyses",
            files={"file": text.encode()},
            headers={"Prefer": "wait=60", "Idempotency-Key": text},
        )
        return sent.json()["id"]

    return make


@api.parametrize()
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_the_answers_are_the_promised_ones(case: Any, server: Running, ended: Make):
    if case.path_parameters:
        # A made-up id is known to nobody: two of three are ids of analyses.
        chance = zlib.crc32(case.path_parameters["analysis_id"].encode("utf-8", "replace"))
        if chance % 3:
            case.path_parameters["analysis_id"] = ended(["talk", "refuse"][chance % 2])
    case.call_and_validate(base_url=server.url, checks=CHECKS)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, gate: Path) -> Iterator[Running]:
    """A server with a key, with which one request a minute may be sent."""
    data = tmp_path_factory.mktemp("data")
    with running(data, rate_per_minute=0.5, rate_burst=1) as found:
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
    case = api[path][method].Case(path_parameters={"analysis_id": "x"})
    for given, status in ({}, 401), ({"X-Api-Key": key}, 403), ({"X-Api-Key": key}, 429):
        response = case.call(base_url=keyed.url, headers=given)
        assert response.status_code == status
        case.validate_response(response, checks=CHECKS)
