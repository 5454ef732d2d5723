"""`/v1/analyses/{id}/overlay.mp4`."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.factory.overlays import read
from tests.service.http.conftest import Running, Start
from tests.service.http.test_strict import terms
from tests.service.http.v1.test_analyses import problem

WITH_OVERLAY = '{"frame_skip": 10, "landmarks": true, "overlay": {}}'


def test_an_overlay_from_the_option_to_its_deletion(
    server: Running, silent_video: Path, tmp_path: Path
):
    accepted = server.submit(silent_video, WITH_OVERLAY).json()
    assert accepted["options"]["overlay"] == {"blur_faces": False}
    assert accepted["links"]["overlay"] is None
    address = accepted["links"]["self"]
    found = server.ended(address)
    assert found["state"] == "succeeded"
    link = found["links"]["overlay"]
    assert link == f"{address}/overlay.mp4"
    answer = server.client.get(link)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'inline; filename="{found["id"]}.mp4"'
    film = tmp_path / "film.mp4"
    film.write_bytes(answer.content)
    assert len(read(film).pictures) == 50
    part = server.client.get(link, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, answer.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(answer.content)}"
    saved = server.client.get(link, params={"download": True})
    assert saved.headers["content-disposition"].startswith("attachment")
    report = server.client.get(found["links"]["report"]).json()
    assert report["people"][0]["timeline"]["landmarks"]["values"]
    assert server.client.delete(address).status_code == 204
    problem(server.client.get(link), 404, "analysis_not_found")
    assert list((server.settings.data_dir / "overlays").iterdir()) == []


def test_no_overlay_unasked(server: Running, silent_video: Path):
    address = server.submit(silent_video, '{"frame_skip": 25}').headers["location"]
    found = server.ended(address)
    assert found["links"]["overlay"] is None
    assert found["options"]["overlay"] is None
    answer = problem(server.client.get(f"{address}/overlay.mp4"), 409, "no_overlay")
    assert '"overlay": {}' in answer["detail"]


def test_no_overlay_of_what_failed(server: Running, text_file: Path):
    address = server.submit(text_file, WITH_OVERLAY).headers["location"]
    assert server.ended(address)["state"] == "failed"
    answer = problem(server.client.get(f"{address}/overlay.mp4"), 409, "no_overlay")
    assert "failed" in answer["detail"]


@pytest.mark.parametrize(("asked", "blurred"), [({}, False), ({"blur_faces": True}, True)])
def test_faces_are_hidden_on_request(
    start: Start, silent_video: Path, asked: dict[str, bool], blurred: bool
):
    with start(workers=0, until_ready=False) as running:
        accepted = running.submit(silent_video, json.dumps({"overlay": asked})).json()
        assert accepted["options"]["overlay"] == {"blur_faces": blurred}


def test_the_strict_profile_shows_no_face(start: Start, silent_video: Path):
    with start(profile="strict", workers=0, until_ready=False) as running:
        _, key = running.service.keys.create("clinic", ["analyze", "read"])

        def submit(overlay: dict[str, bool]) -> httpx.Response:
            options = json.dumps(terms(overlay=overlay))
            return running.submit(silent_video, options, **{"X-Api-Key": key})

        refused = problem(submit({"blur_faces": False}), 422, "invalid_option")
        assert "blur_faces" in refused["detail"]
        assert running.leftovers() == []
        assert submit({}).json()["options"]["overlay"] == {"blur_faces": True}


def test_a_missing_overlay_is_told(start: Start, silent_video: Path):
    with start(worker="clumsy") as running:
        address = running.submit(silent_video, WITH_OVERLAY).headers["location"]
        found = running.ended(address)
        assert (found["state"], found["links"]["overlay"]) == ("succeeded", None)
        answer = problem(running.client.get(f"{address}/overlay.mp4"), 409, "no_overlay")
        assert "warning" in answer["detail"]
        report = running.client.get(f"{address}/report").json()
        assert [w["code"] for w in report["warnings"]].count("overlay_failed") == 1
