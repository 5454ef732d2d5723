"""The strict profile: no analysis without consent, purpose and an entry in the audit log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.service.access.audit import verify
from evolvisense.service.access.purpose import CONSENT_VERSION
from tests.service.http.conftest import Running, Start
from tests.service.http.v1.test_analyses import problem


def terms(**changes: Any) -> dict[str, Any]:
    return {
        "consent": {
            "confirmed_by": "Ada",
            "confirmed_at": datetime.now(UTC).isoformat(),
            "text_version": CONSENT_VERSION,
        },
        "purpose": {"kind": "self-reflection"},
    } | changes


def send(running: Running, video: Path, options: dict[str, Any], key: str) -> httpx.Response:
    with video.open("rb") as file:
        return running.client.post(
            "/v1/analyses",
            files={"file": file},
            data={"options": json.dumps(options)},
            headers={"X-Api-Key": key, "Prefer": "wait=60"},
        )


def test_an_analysis_with_consent_leaves_a_line_in_the_log(start: Start, silent_video: Path):
    with start(profile="strict") as running:
        record, key = running.service.keys.create("clinic", ["analyze", "read"])
        found = send(running, silent_video, terms(), key).json()
        assert found["state"] == "succeeded"
        log = running.service.audit.path
        (line,) = log.read_text().splitlines()
        entry = json.loads(line)
        assert entry["event"] == "analysis.accepted"
        assert entry["media_sha256"] == found["media_sha256"]
        assert entry["key_id"] == record.id
        assert entry["purpose"]["kind"] == "self-reflection"
        assert entry["models"]["face"]
        assert "Ada" not in line
        assert verify(log) is None
        limits = running.client.get("/v1/limits", headers={"X-Api-Key": key}).json()
        assert limits["profile"] == "strict"
        assert limits["consent"]["version"] == CONSENT_VERSION


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({}, 403, "purpose_refused"),
        (terms(purpose={"kind": "employment"}), 403, "purpose_refused"),
        (terms(purpose={"kind": "research"}), 403, "purpose_refused"),
        (terms(purpose={"kind": "curiosity"}), 403, "purpose_refused"),
        ({"purpose": {"kind": "self-reflection"}}, 422, "consent_required"),
    ],
)
def test_without_them_nothing_is_analysed(
    start: Start, silent_video: Path, options: dict[str, Any], status: int, code: str
):
    with start(profile="strict", workers=0) as running:
        _, key = running.service.keys.create("clinic", ["analyze", "read"])
        problem(send(running, silent_video, options, key), status, code)
        assert running.service.store.in_flight() == 0
        assert not running.service.audit.path.exists()
        assert running.leftovers() == []


def test_the_old_address_asks_for_them_too(start: Start, silent_video: Path):
    with start(profile="strict") as running:
        _, key = running.service.keys.create("clinic", ["analyze"])
        for options, status in (({}, 403), (terms(), 200)):
            with silent_video.open("rb") as file:
                response = running.client.post(
                    "/analyze-video/",
                    files={"file": file},
                    data={"options": json.dumps(options)},
                    headers={"X-Api-Key": key},
                )
            assert response.status_code == status


def test_a_log_that_cannot_be_written_stops_the_work(start: Start, silent_video: Path):
    with start(profile="strict", workers=0) as running:
        _, key = running.service.keys.create("clinic", ["analyze", "read"])
        running.service.audit.path.mkdir()
        problem(send(running, silent_video, terms(), key), 503, "audit_unavailable")
        assert running.service.store.in_flight() == 0


def test_observations_alone(start: Start, silent_video: Path):
    with start(observations_only=True) as running:
        found = running.submit(silent_video, Prefer="wait=60").json()
        report = running.client.get(found["links"]["report"]).json()
        assert report["v1"] is None
        assert report["withheld"]
        assert all(person["timeline"]["probabilities"] is None for person in report["people"])
        refused = running.post(silent_video)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
