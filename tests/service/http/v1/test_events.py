"""`/v1/analyses/{id}/events`: what a browser's EventSource would read."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from evolvisense.service.http import events
from tests.factory.patience import PATIENCE_S, wait_until
from tests.service.http.conftest import Running, Start


def read_events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        if not line:
            yield event
            event = {}
            continue
        name, _, value = line.partition(": ")
        event[name] = value


def follow(running: Running, address: str, **headers: str) -> list[dict[str, Any]]:
    with running.client.stream("GET", f"{address}/events", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(read_events(response))


def test_stage_and_percent_move(server: Running, face_video: Path):
    address = server.submit(face_video).headers["location"]
    found = follow(server, address)
    assert found[0] == {"retry": "2000"}
    analyses = [json.loads(event["data"]) for event in found if event.get("event") == "analysis"]
    ids = [int(event["id"]) for event in found if "id" in event]
    assert ids == sorted(set(ids))
    assert analyses[-1]["state"] == "succeeded"
    percents = [analysis["percent"] for analysis in analyses]
    assert percents == sorted(percents)
    assert len(set(percents)) >= 3
    assert {"analysing", "done"} <= {analysis["stage"] for analysis in analyses}


def test_an_event_that_was_seen_is_not_sent_again(server: Running, silent_video: Path):
    address = server.submit(silent_video, Prefer="wait=60").headers["location"]
    (last,) = [event for event in follow(server, address) if "id" in event]
    response = server.client.get(f"{address}/events", headers={"Last-Event-ID": last["id"]})
    assert response.status_code == 204
    before = follow(server, address, **{"Last-Event-ID": str(int(last["id"]) - 1)})
    assert [event["id"] for event in before if "id" in event] == [last["id"]]
    for unusable in ("x", "-1", "9" * 30):
        assert len(follow(server, address, **{"Last-Event-ID": unusable})) == 2


def test_heartbeats_while_nothing_happens(
    start: Start, silent_video: Path, gate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.1)
    with start(worker="gated", workers=1) as running:
        address = running.submit(silent_video).headers["location"]
        beats = 0
        with running.client.stream("GET", f"{address}/events") as response:
            for event in read_events(response):
                beats += "" in event
                if beats == 3:
                    (gate / "go").touch()
        assert beats >= 3


def test_the_stream_of_a_deleted_analysis_ends(start: Start, silent_video: Path):
    with start(worker="endless", workers=1) as running:
        address = running.submit(silent_video).headers["location"]
        wait_until(running.service.store.running)
        found: list[dict[str, Any]] = []
        reader = threading.Thread(target=lambda: found.extend(follow(running, address)))
        reader.start()
        wait_until(lambda: running.service.watcher.waiting)
        running.client.delete(address)
        reader.join(PATIENCE_S)
        assert found[-1] == {"event": "deleted", "data": "{}"}


def test_unknown(server: Running):
    assert server.client.get("/v1/analyses/nothing/events").status_code == 404
