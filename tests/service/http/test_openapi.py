"""/openapi.json is whole, and says the same as the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from evolvisense.api.options import Options
from evolvisense.service.http.app import ROUTERS, create_app
from evolvisense.service.http.errors import STATUS
from evolvisense.service.settings import Settings

APP = create_app(Settings(data_dir=Path("unused")))
API: dict[str, Any] = APP.openapi()
OPERATIONS = [
    pytest.param(path, operation, id=f"{method} {path}")
    for path, operations in API["paths"].items()
    for method, operation in operations.items()
]


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_references_lead_somewhere_and_nothing_is_left_over():
    named = {name.removeprefix("#/components/schemas/") for name in references(API)}
    assert named == set(API["components"]["schemas"])


def test_it_is_made_once():
    assert APP.openapi() is API


def test_every_route_is_described():
    described = {(path, method.upper()) for path, found in API["paths"].items() for method in found}
    routes = {
        (route.path, method)
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.include_in_schema
        for method in route.methods
    }
    assert routes == described


def test_operations_have_names_of_their_own():
    names = [param.values[1]["operationId"] for param in OPERATIONS]
    assert len(set(names)) == len(names)
    assert "list_analyses" in names


@pytest.mark.parametrize(("path", "operation"), OPERATIONS)
def test_every_operation_is_described(path: str, operation: dict[str, Any]):
    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in API["tags"]}
    assert ("security" in operation) == ("429" in operation["responses"])
    assert ("security" in operation) == (path not in {"/healthz", "/readyz"})
    for parameter in operation.get("parameters", ()):
        assert parameter.get("description") or parameter["name"] in {"analysis_id", "page_size"}
        assert "null" not in str(parameter["schema"])
    for status, response in operation["responses"].items():
        assert response["description"]
        assert "X-Request-Id" in response["headers"]
        if status[0] in "45":
            kind, shape = (
                ("application/problem+json", "Problem")
                if path.startswith("/v1/")
                else ("application/json", "ErrorAnswer")
            )
            schema = {"$ref": f"#/components/schemas/{shape}"}
            assert response["content"] == {kind: {"schema": schema}}
        elif "content" in response:
            kinds = list(response["content"])
            assert kinds[0] == "application/json" or len(kinds) == 1
            assert all(found["schema"] for found in response["content"].values())
        else:
            assert status == "204"


@pytest.mark.parametrize("path", ["/v1/analyses", "/analyze-video/"])
def test_uploads_may_end_with_every_error_of_the_library(path: str):
    # The client has gone; another route writes formats; the old address compares with no baseline.
    seldom = {499, 501} if path.startswith("/v1") else {404, 499, 501}
    promised = {int(status) for status in API["paths"][path]["post"]["responses"]}
    assert set(STATUS.values()) - seldom <= promised


def test_the_form_names_its_options():
    form = API["paths"]["/v1/analyses"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["properties"]["options"] == {"$ref": "#/components/schemas/Options"}
    assert set(API["components"]["schemas"]["Options"]["properties"]) == set(Options.model_fields)


def test_keys_are_described():
    schemes = API["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["key"]["name"] == "X-Api-Key"
    used = {
        name for param in OPERATIONS for one in param.values[1].get("security", ()) for name in one
    }
    assert used == set(schemes)
