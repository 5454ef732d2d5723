"""`/v1/baselines`: kept for one key, used by its analyses, seen by nobody else."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from evolvisense.report import Report, observations_only
from evolvisense.service.access.audit import verify
from tests.factory.features import with_features
from tests.factory.patience import PATIENCE_S
from tests.service.http.conftest import Start
from tests.service.http.test_server_refusals import read_answer
from tests.service.http.test_strict import send, terms
from tests.service.http.v1.conftest import VISITOR, OpenShelf, Shelf
from tests.service.http.v1.test_analyses import problem

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")


def fill(shelf: Shelf, talk: Report, name: str = "ada", **more: Any) -> None:
    """Three recordings on three days, pitch variability of 2, 3 and 4 semitones."""
    for day, pitch in zip(DAYS, (2.0, 3.0, 4.0), strict=True):
        one = shelf.put(
            with_features(talk, f0_sd_st=pitch, voice_fear=0.2), key=more.get("key", "")
        )
        added = shelf.add(name, one, recorded=day, **more)
        assert added.status_code == 201, added.text


def test_a_baseline_from_the_first_recording_to_its_end(shelf: Shelf, talk: Report):
    assert shelf.get("/v1/baselines").json() == {"baselines": []}
    one = shelf.put(with_features(talk, f0_sd_st=2.0))
    first = shelf.add("ada", one, task="diary").json()
    today = datetime.now(UTC).date()
    assert first["tasks"][0]["recorded"] in ([today.isoformat()], [str(today - timedelta(1))])
    assert (first["recordings"], first["tasks"][0]["is_ready"]) == (1, False)
    shelf.client.delete(f"/v1/analyses/{one}")
    fill(shelf, talk)
    found = shelf.get("/v1/baselines/ada").json()
    assert found["recordings"] == 4
    unnamed, diary = found["tasks"]
    assert (unnamed["task"], diary["task"]) == (None, "diary")
    assert unnamed["recorded"] == list(DAYS)
    assert unnamed["is_ready"] is True
    assert (diary["missing_recordings"], diary["missing_days"]) == (2, 1)
    pitch = {"name": "f0_sd_st", "recordings": 3, "mean": 3.0, "lowest": 2.0, "highest": 4.0}
    assert pitch in unnamed["features"]
    assert shelf.get("/v1/baselines").json() == {"baselines": [found]}
    assert shelf.client.delete("/v1/baselines/ada").status_code == 204
    problem(shelf.get("/v1/baselines/ada"), 404, "baseline_not_found")
    problem(shelf.client.delete("/v1/baselines/ada"), 404, "baseline_not_found")


def test_what_cannot_be_added(shelf: Shelf, talk: Report):
    one = shelf.put(with_features(talk, f0_sd_st=2.0))
    problem(shelf.add("ada", one, recorded="2999-01-01"), 422, "invalid_option")
    problem(shelf.add("ada", one, task=""), 422, "invalid_option")
    problem(shelf.add("ada", one, device="phone"), 422, "invalid_option")
    problem(shelf.add("a b", one), 422, "invalid_baseline_name")
    problem(shelf.add("ada", "0" * 32), 404, "analysis_not_found")
    assert shelf.add("ada", one).status_code == 201
    again = problem(shelf.add("ada", one), 422, "baseline_recording_unusable")
    assert "already" in again["detail"]
    nothing = problem(
        shelf.add("ada", shelf.put(with_features(talk))), 422, "baseline_recording_unusable"
    )
    assert "no feature" in nothing["detail"]
    refused = shelf.client.post(
        "/v1/analyses", files={"file": b"refuse"}, headers={"Prefer": "wait=9"}
    )
    problem(shelf.add("ada", refused.json()["id"]), 409, "no_report")
    assert shelf.get("/v1/baselines/ada").json()["recordings"] == 1


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "invalid_option"),
        (b"\xff", "application/json; charset=utf-8", 422, "invalid_option"),
        (b"[]", "application/json", 422, "invalid_option"),
        (b'{"analysis": "x"}', "text/plain", 415, "unsupported_media_type"),
        (b" " * 20_000, "application/json", 413, "body_too_large"),
    ],
)
def test_bodies_that_are_none(shelf: Shelf, body: bytes, kind: str, status: int, code: str):
    sent = shelf.client.post(
        "/v1/baselines/ada/recordings", content=body, headers={"Content-Type": kind}
    )
    problem(sent, status, code)


def test_a_body_that_does_not_come(open_shelf: OpenShelf):
    with open_shelf(upload_timeout_s=0.2) as shelf:
        address = ("127.0.0.1", shelf.client.base_url.port)
        head = (
            "POST /v1/baselines/ada/recordings HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: evolvisense-visitor={VISITOR}\r\n"
            "Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
        with socket.create_connection(address, timeout=PATIENCE_S) as sock:
            sock.sendall(head.encode())
            status, _, answer = read_answer(sock)
        assert (status, answer["code"]) == (408, "upload_timeout")


def test_adding_at_the_same_time_loses_nothing(shelf: Shelf, talk: Report):
    ids = [shelf.put(with_features(talk, f0_sd_st=1.0 + i / 10)) for i in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda one: shelf.add("ada", one), ids))
    assert [answer.status_code for answer in answers] == [201] * 12
    assert shelf.get("/v1/baselines/ada").json()["recordings"] == 12


def test_the_change_of_an_analysis(shelf: Shelf, talk: Report):
    fill(shelf, talk)
    one = shelf.put(with_features(talk, f0_sd_st=9.0, voice_fear=0.2, pause_share=0.5))
    address = f"/v1/analyses/{one}/change"
    found = shelf.get(address, baseline="ada").json()
    assert found["baseline"]["is_used"] is True
    assert (found["baseline"]["recordings"], found["baseline"]["days"]) == (3, 3)
    changes = {change["feature"]: change for change in found["baseline"]["changes"]}
    assert set(changes) == {"f0_sd_st", "voice_fear"}, "pauses are not in the baseline"
    pitch = changes["f0_sd_st"]
    assert pitch["is_reliable"] is True
    assert pitch["change"] == pytest.approx(9.0 - pitch["baseline_mean"], abs=1e-3)
    assert changes["voice_fear"]["is_reliable"] is False
    assert found["figure"]["name"] == "changes"
    assert found["figure"]["data"]
    assert "do not diagnose" in found["limits"]
    dark = shelf.get(address, baseline="ada", theme="dark").json()
    assert dark["figure"]["layout"] != found["figure"]["layout"]
    assert dark["baseline"] == found["baseline"]
    problem(shelf.get(address), 422, "invalid_option")
    problem(shelf.get(address, baseline="bob"), 404, "baseline_not_found")
    problem(shelf.get(address, baseline="../x"), 422, "invalid_baseline_name")
    problem(shelf.get(address, baseline="ada", task="diary"), 422, "baseline_task_unknown")


def test_a_recording_is_not_compared_with_itself(shelf: Shelf, talk: Report):
    fill(shelf, talk)
    one = shelf.put(with_features(talk, f0_sd_st=9.0))
    before = shelf.get(f"/v1/analyses/{one}/change", baseline="ada").json()
    shelf.add("ada", one)
    assert shelf.get("/v1/baselines/ada").json()["recordings"] == 4
    assert shelf.get(f"/v1/analyses/{one}/change", baseline="ada").json() == before


def test_too_small_a_baseline_says_what_it_needs(shelf: Shelf, talk: Report):
    one = shelf.put(with_features(talk, f0_sd_st=2.0))
    shelf.add("ada", one)
    other = shelf.put(with_features(talk, f0_sd_st=3.0))
    found = shelf.get(f"/v1/analyses/{other}/change", baseline="ada").json()
    assert found["baseline"]["is_used"] is False
    assert (found["baseline"]["missing_recordings"], found["baseline"]["missing_days"]) == (2, 1)
    assert found["baseline"]["changes"] == []
    assert found["figure"]["data"] == []
    assert found["figure"]["absent_reason"]


def test_what_is_withheld_is_not_compared(shelf: Shelf, talk: Report):
    fill(shelf, talk)
    one = shelf.put(observations_only(with_features(talk, f0_sd_st=9.0, voice_fear=0.9)))
    found = shelf.get(f"/v1/analyses/{one}/change", baseline="ada").json()
    assert [change["feature"] for change in found["baseline"]["changes"]] == ["f0_sd_st"]


def test_a_server_of_observations_shows_no_emotions(open_shelf: OpenShelf, talk: Report):
    with open_shelf() as shelf:
        fill(shelf, talk)
    with open_shelf(observations_only=True) as shelf:
        (task,) = shelf.get("/v1/baselines/ada").json()["tasks"]
        assert [feature["name"] for feature in task["features"]] == ["f0_sd_st"]


def test_another_key_has_its_own(open_shelf: OpenShelf, talk: Report):
    with open_shelf() as shelf:
        make = shelf.service.keys.create
        one = make("one", ["analyze", "read"])[1]
        other = make("other", ["analyze", "read"])[1]
        chief = make("chief", ["admin"])[1]
        reader = make("reader", ["read"])[1]
        fill(shelf, talk, key=one)
        mine = shelf.put(with_features(talk, f0_sd_st=5.0), key=one)
        for key in (other, chief):
            assert shelf.get("/v1/baselines", key=key).json() == {"baselines": []}
            problem(shelf.get("/v1/baselines/ada", key=key), 404, "baseline_not_found")
            gone = shelf.client.delete("/v1/baselines/ada", headers=shelf.key(key))
            problem(gone, 404, "baseline_not_found")
        problem(shelf.add("ada", mine, key=other), 404, "analysis_not_found")
        problem(shelf.add("ada", mine, key=reader), 403, "forbidden")
        problem(shelf.get("/v1/baselines"), 401, "unauthenticated")
        theirs = shelf.put(with_features(talk, f0_sd_st=5.0), key=other)
        address = f"/v1/analyses/{theirs}/change"
        problem(shelf.get(address, baseline="ada", key=other), 404, "baseline_not_found")
        sent = shelf.client.post(
            "/v1/analyses",
            files={"file": b"video"},
            data={"options": '{"baseline": {"name": "ada"}}'},
            headers=shelf.key(other),
        )
        problem(sent, 404, "baseline_not_found")
        assert shelf.get("/v1/baselines/ada", key=one).json()["recordings"] == 3


def test_strangers_without_a_cookie_keep_none(open_shelf: OpenShelf, talk: Report):
    """All of them are the same owner: each would see the recordings of the others."""
    with open_shelf(allow_anonymous=True) as shelf:
        shelf.client.cookies.clear()
        one = shelf.put(with_features(talk, f0_sd_st=2.0))
        assert shelf.get("/v1/limits").json()["baselines"] is False
        refused = problem(shelf.add("ada", one), 403, "forbidden")
        assert "evolvisense-visitor" in refused["detail"]
        problem(shelf.get("/v1/baselines"), 403, "forbidden")
        key = shelf.service.keys.create("mine", ["read"])[1]
        assert shelf.get("/v1/limits", key=key).json()["baselines"] is True
        assert shelf.get("/v1/baselines", key=key).json() == {"baselines": []}


def test_files_are_for_their_owner_alone_and_hold_no_key(open_shelf: OpenShelf, talk: Report):
    with open_shelf() as shelf:
        record, key = shelf.service.keys.create("one", ["analyze", "read"])
        fill(shelf, talk, key=key)
        root = shelf.service.settings.data_dir / "baselines"
        (file,) = root.rglob("*.json")
        for path in (root, file.parent, file):
            assert path.stat().st_mode & 0o077 == 0, path
            assert record.id not in str(path)


def test_a_damaged_file_is_told_without_its_path(shelf: Shelf, talk: Report):
    fill(shelf, talk)
    root = shelf.service.settings.data_dir / "baselines"
    (file,) = root.rglob("ada.json")
    file.write_text("{")
    found = problem(shelf.get("/v1/baselines/ada"), 500, "baseline_corrupt")
    assert str(root) not in found["detail"]
    assert "delete it" in found["detail"]
    assert shelf.client.delete("/v1/baselines/ada").status_code == 204


def test_scores_relative_to_a_baseline(
    start: Start, silent_video: Path, shelf: Shelf, talk: Report
):
    """Through a real worker: the recordings go along with the job, and are not shown with it."""
    fill(shelf, talk)
    source = shelf.service.settings.data_dir / "baselines"
    with start() as running:
        running.client.cookies.set("evolvisense-visitor", VISITOR)
        target = running.settings.data_dir / "baselines"
        target.mkdir()
        for file in source.rglob("ada.json"):
            (target / file.parent.name).mkdir()
            (target / file.parent.name / file.name).write_bytes(file.read_bytes())
        chosen = '{"baseline": {"name": "ada"}}'
        found = running.submit(silent_video, chosen, Prefer="wait=60").json()
        assert found["options"]["baseline"] == {"name": "ada", "task": None}
        report = running.client.get(found["links"]["report"]).json()
        assert report["indicators"]["baseline"]["recordings"] == 3
        assert report["indicators"]["shrinkage"] == 0.8
        plain = running.submit(silent_video, Prefer="wait=60").json()
        assert plain["options"]["baseline"] is None
        assert "f0_sd_st" not in json.dumps(found), "values are not shown"
        for wrong, status, code in (
            ({"name": "bob"}, 404, "baseline_not_found"),
            ({"name": "ada", "task": "x"}, 422, "baseline_task_unknown"),
            ({"name": "a/b"}, 422, "invalid_baseline_name"),
            ({"task": "x"}, 422, "invalid_option"),
        ):
            sent = running.submit(silent_video, json.dumps({"baseline": wrong}))
            problem(sent, status, code)
        assert running.leftovers() == []


def test_the_strict_profile_writes_it_down(open_shelf: OpenShelf, talk: Report, silent_video: Path):
    with open_shelf(profile="strict") as shelf:
        record, key = shelf.service.keys.create("clinic", ["analyze", "read"])
        one = shelf.put(with_features(talk, f0_sd_st=2.71828), key=key, **terms())
        assert shelf.add("ada", one, key=key).status_code == 201
        gone = shelf.client.delete("/v1/baselines/ada", headers=shelf.key(key))
        assert gone.status_code == 204
        log = shelf.service.audit.path
        accepted, added, deleted = map(json.loads, log.read_text().splitlines())
        assert [added["event"], deleted["event"]] == ["baseline.recorded", "baseline.deleted"]
        assert added["job_id"] == one
        assert added["media_sha256"] == accepted["media_sha256"]
        assert added["key_id"] == deleted["key_id"] == record.id
        assert added["purpose"]["kind"] == "self-reflection"
        assert added["consent"]["text_version"]
        text = log.read_text()
        assert "2.71828" not in text
        assert "Ada" not in text
        assert verify(log) is None
        log.unlink()
        log.mkdir()
        problem(shelf.add("ada", one, key=key), 503, "audit_unavailable")
        assert shelf.get("/v1/baselines", key=key).json() == {"baselines": []}


def test_the_strict_profile_asks_before_it_compares(
    open_shelf: OpenShelf, talk: Report, silent_video: Path
):
    with open_shelf(profile="strict") as shelf:
        key = shelf.service.keys.create("clinic", ["analyze", "read"])[1]
        problem(shelf.get("/v1/baselines"), 401, "unauthenticated")
        refused = send(shelf, silent_video, {"baseline": {"name": "ada"}}, key)  # type: ignore[arg-type]
        problem(refused, 404, "baseline_not_found")
