"""What a client of the service does: send a file, wait, look at the report, delete."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from trials.process import PATIENCE_S

ENDED = frozenset({"succeeded", "failed", "canceled"})
UNEXPECTED = frozenset({"internal_error", "no_answer", "worker_lost"})
LEGACY_KEYS = ("emotions", "mental_health", "voice_analysis", "frame_data", "peak_stress")


def analyze_video(client: httpx.Client, data: bytes, **fields: object) -> httpx.Response:
    """`POST /analyze-video/`."""
    return client.post(
        "/analyze-video/",
        files={"file": ("video", data)},
        data={key: str(value) for key, value in fields.items()},
    )


def submit(
    client: httpx.Client, data: bytes, key: str = "", wait_s: int = 0, **options: object
) -> httpx.Response:
    """`POST /v1/analyses`."""
    headers = {"Idempotency-Key": key} if key else {}
    if wait_s:
        headers["Prefer"] = f"wait={wait_s}"
    return client.post(
        "/v1/analyses",
        files={"file": ("video", data)},
        data={"options": json.dumps(options)},
        headers=headers,
    )


def submitted(client: httpx.Client, path: Path, key: str = "", **options: object) -> str:
    """The id of an accepted analysis."""
    answer = submit(client, path.read_bytes(), key, **options).raise_for_status()
    return str(answer.json()["id"])


def ended(client: httpx.Client, job: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """The analysis once it has ended. Raises TimeoutError."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        found = client.get(f"/v1/analyses/{job}").raise_for_status().json()
        if found["state"] in ENDED:
            return dict(found)
        time.sleep(0.1)
    raise TimeoutError(f"analysis {job} does not end")


def code_of_legacy(client: httpx.Client, data: bytes) -> str:
    """How /analyze-video/ answers: `200`, or status and code; the answer is looked at."""
    answer = analyze_video(client, data, frame_skip=5)
    found = _parsed(answer.content)
    if answer.status_code != httpx.codes.OK:
        return f"{answer.status_code} {found['code']}"
    numbers = _numbers({key: found[key] for key in LEGACY_KEYS} | {"d": found["video_duration"]})
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError("the answer holds a number that is none")
    return "200"


def code_of_v1(client: httpx.Client, data: bytes) -> str:
    """How /v1/analyses answers: `succeeded`, or `failed` and code; nothing is left of it."""
    answer = submit(client, data, wait_s=100, frame_skip=5)
    found = _parsed(answer.content)
    if answer.is_error:
        return f"{answer.status_code} {found['code']}"
    try:
        if found["state"] not in ENDED:
            found = ended(client, found["id"])
        if found["state"] != "succeeded":
            return f"{found['state']} {found['error']['code']}"
        report = client.get(found["links"]["report"]).raise_for_status()
        _parsed(report.content)
        return "succeeded"
    finally:
        client.delete(f"/v1/analyses/{found['id']}")


def is_fault(code: str) -> bool:
    """Whether that answer says that the server, not the file, is at fault."""
    status, _, name = code.partition(" ")
    return status.startswith("5") or name in UNEXPECTED


def _parsed(content: bytes) -> dict[str, Any]:
    """Raises ValueError where it is no JSON, NaN and Infinity included."""

    def refuse(name: str) -> float:
        raise ValueError(f"{name} is no JSON")

    found: dict[str, Any] = json.loads(content, parse_constant=refuse)
    return found


def _numbers(found: object) -> Iterable[float]:
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from _numbers(one)
    elif isinstance(found, int | float):
        yield found
