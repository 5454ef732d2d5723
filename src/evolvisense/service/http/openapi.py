"""/openapi.json: what FastAPI cannot know is added to what it found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from evolvisense.api.options import Options
from evolvisense.api.results import ReportWanted
from evolvisense.api.schemas import NewRecording
from evolvisense.service.http.errors import V1, ErrorAnswer, Problem

Json = dict[str, Any]

JSON = "application/json"
SCHEMAS = "#/components/schemas/"
OPEN_TO_ALL = frozenset({"/healthz", "/readyz"})
"""Asked without a key."""
RETRY_LATER = frozenset({"409", "429", "503"})

TAGS = {
    "analyses": "Videos in, reports out.",
    "baselines": "A person's own recordings to compare with.",
    "server": "What this server is, takes and does.",
    "first version": "For the clients of the existing service.",
}

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "`Authorization: Bearer evs_...`; the operator makes keys with "
        "`evolvisense keys create`.",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "The same key, for clients that cannot set Authorization.",
    },
}
SECURITY: list[Json] = [{"bearer": []}, {"key": []}, {}]
"""Either of them, or none where the server has no keys."""

REQUEST_ID: Json = {
    "description": "Names the request in the log of the server.",
    "schema": {"type": "string"},
}
RETRY_AFTER: Json = {
    "description": "Seconds until it is worth trying again.",
    "schema": {"type": "integer", "minimum": 0},
}
AUTHENTICATE: Json = {"description": "`Bearer`.", "schema": {"type": "string"}}

EVERYWHERE = {
    "500": "The fault is on the server; its log says more under the request id.",
    "503": "The server cannot at this moment: it starts, or its queue cannot be used.",
}
GUARDED = {
    "401": "A key is needed, or the one given is not known.",
    "403": "The key lacks the scope, or the server is not open to this address.",
    "429": "Too many requests; see Retry-After.",
}

READY: Json = {
    "type": "object",
    "required": ["status", "queued", "running"],
    "properties": {
        "status": {"const": "ready", "type": "string"},
        "queued": {"type": "integer", "minimum": 0},
        "running": {"type": "integer", "minimum": 0},
    },
}

EVENT: Json = {
    "description": "One server-sent event.",
    "type": "object",
    "required": ["data", "event"],
    "properties": {
        "event": {
            "type": "string",
            "enum": ["analysis", "deleted"],
            "description": "`deleted`: the analysis is gone, and its stream ends.",
        },
        "id": {"type": "string", "description": "For Last-Event-ID."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": f"{SCHEMAS}Analysis"},
            "description": "An Analysis as JSON; `{}` with `deleted`.",
        },
    },
}

LIVE = (
    "Live streams are WebSockets, which this format cannot describe: see the guide on "
    "[live streams](/docs/guides/live)."
)


def describe(app: FastAPI) -> None:
    """Let the app answer with the whole description, made when it is first asked for."""

    def whole() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = whole


def _described(app: FastAPI) -> Json:
    found = get_openapi(
        title=app.title,
        version=app.version,
        description=f"{app.description} {LIVE}",
        routes=app.routes,
    )
    return completed(found)


def operation_id(route: APIRoute) -> str:
    """What programs that are made from the description call a route."""
    return route.name


def completed(found: Json) -> Json:
    """The description with errors, keys, tags and the schemas that nothing else names."""
    for path, operation in _operations(found):
        operation["tags"] = [_tag(path)]
        responses: Json = operation["responses"]
        _drop_automatic(responses)
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = _without_null(parameter["schema"])
        for status, text in EVERYWHERE.items() if path != "/healthz" else ():
            responses.setdefault(status, {"description": text})
        if path not in OPEN_TO_ALL:
            operation["security"] = SECURITY
            for status, text in GUARDED.items():
                responses.setdefault(status, {"description": text})
        for status, response in responses.items():
            _complete_response(path, status, response)
        operation["responses"] = dict(sorted(responses.items()))
    ready = found["paths"]["/readyz"]["get"]["responses"]["200"]
    ready["content"] = {JSON: {"schema": {"$ref": f"{SCHEMAS}Ready"}}}
    components: Json = found["components"]
    components["securitySchemes"] = SECURITY_SCHEMES
    schemas: Json = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model in (Options, NewRecording, ReportWanted, Problem, ErrorAnswer):
        schemas |= _schemas_of(model)
    schemas |= {"Ready": READY, "AnalysisEvent": EVENT}
    components["schemas"] = dict(sorted(schemas.items()))
    found["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    return found


def _operations(found: Json) -> Iterator[tuple[str, Json]]:
    for path, operations in found["paths"].items():
        for operation in operations.values():
            yield path, operation


def _tag(path: str) -> str:
    if path.startswith(("/v1/analyses", "/v1/comparison")):
        return "analyses"
    if path.startswith("/v1/baselines"):
        return "baselines"
    return "first version" if path.startswith("/analyze-video") else "server"


def _drop_automatic(responses: Json) -> None:
    """FastAPI promises 422 for every parameter, of a shape that is not ours."""
    content = responses.get("422", {}).get("content", {}).get("application/json", {})
    if content.get("schema", {}).get("$ref") == f"{SCHEMAS}HTTPValidationError":
        del responses["422"]


def _without_null(schema: Json) -> Json:
    """A parameter that is not wanted is left out; `null` would be the text "null"."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {**kinds[0], **{name: value for name, value in schema.items() if name != "anyOf"}}


def _complete_response(path: str, status: str, response: Json) -> None:
    headers: Json = response.setdefault("headers", {})
    headers["X-Request-Id"] = REQUEST_ID
    if not status.startswith(("4", "5")):
        if content := response.get("content"):
            # The first one is what a client gets that does not ask, and what generators read.
            response["content"] = dict(sorted(content.items(), key=lambda kind: kind[0] != JSON))
        return
    kind, model = (
        ("application/problem+json", "Problem") if path.startswith(V1) else (JSON, "ErrorAnswer")
    )
    response["content"] = {kind: {"schema": {"$ref": SCHEMAS + model}}}
    if status in RETRY_LATER:
        headers["Retry-After"] = RETRY_AFTER
    if status == "401":
        headers["WWW-Authenticate"] = AUTHENTICATE


def _schemas_of(model: type[BaseModel]) -> Json:
    schema = model.model_json_schema(ref_template=SCHEMAS + "{model}")
    inner: Json = schema.pop("$defs", {})
    return {**inner, model.__name__: schema}
