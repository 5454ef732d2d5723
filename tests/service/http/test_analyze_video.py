"""The contract of POST /analyze-video/."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from evolvisense.report import LIMITS_NOTICE, Report
from tests.service.http.conftest import Running

KEYS = {
    "formula",
    "emotions",
    "mental_health",
    "voice_analysis",
    "frame_data",
    "peak_stress",
    "video_duration",
    "limits",
    "report",
}


def numbers(value: Any) -> list[float]:
    """Every leaf, which has to be a number."""
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in numbers(part)]
    assert isinstance(value, int | float)
    assert not isinstance(value, bool)
    assert math.isfinite(value)
    return [value]


def check_contract(answer: dict[str, Any]) -> None:
    assert set(answer) - {"report"} == KEYS - {"report"}
    assert answer["formula"] == "v1-legacy"
    assert answer["limits"] == LIMITS_NOTICE
    assert set(answer["emotions"]) <= {
        "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral",
    }  # fmt: skip
    assert set(answer["mental_health"]) == {"depression", "stress", "anxiety", "confidence"}
    if answer["voice_analysis"] is not None:
        assert set(answer["voice_analysis"]) == {"stress", "anxiety"}
        assert all(0 <= n <= 100 for n in numbers(answer["voice_analysis"]))
    for frame in answer["frame_data"]:
        assert set(frame) == {"time", "stress", "anxiety", "confidence"}
    for key in ("emotions", "mental_health"):
        assert all(0 <= n <= 100 for n in numbers(answer[key]))
    numbers(answer["frame_data"])
    numbers([answer["peak_stress"], answer["video_duration"]])
    assert sum(map(len, answer["emotions"].values())) == len(answer["frame_data"])


def test_a_face_with_a_voice(server: Running, face_video: Path):
    response = server.post(face_video)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    check_contract(answer)
    assert set(answer) == KEYS
    assert len(answer["frame_data"]) == 7
    assert answer["voice_analysis"] is not None
    assert answer["video_duration"] == pytest.approx(3.0, abs=0.1)
    report = Report.model_validate(answer["report"])
    assert (report.options.frame_skip, report.options.max_frames) == (10, 50)
    assert len(report.people) == 1


def test_no_sound_and_no_face(server: Running, silent_video: Path, nobody_video: Path):
    silent = server.post(silent_video).json()
    check_contract(silent)
    assert silent["voice_analysis"] is None
    nobody = server.post(nobody_video).json()
    check_contract(nobody)
    assert set(nobody["emotions"]) == {"neutral"}
    assert set(nobody["emotions"]["neutral"]) == {0.0}


def test_a_frame_skip_beyond_the_video(server: Running, face_video: Path):
    answer = server.post(face_video, frame_skip=10**6).json()
    check_contract(answer)
    assert answer["frame_data"] == []


@pytest.mark.parametrize(
    "name", ["talk_1.mp4", "crema_1001_dfa_hap.flv", "face_then_none_hevc.mov", "no_face.mp4"]
)
def test_clips(server: Running, clip: Callable[[str], Path], name: str):
    response = server.post(clip(name), frame_skip=20, max_frames=5)
    assert response.status_code == 200
    check_contract(response.json())
    assert len(response.json()["frame_data"]) <= 5


@pytest.mark.parametrize("url", ["/analyze-video", "/analyze-video/"])
def test_form_wins_over_query(server: Running, face_video: Path, url: str):
    query = "?frame_skip=25&max_frames=2"
    by_query = server.post(face_video, url + query)
    assert by_query.status_code == 200
    assert [round(f["time"], 2) for f in by_query.json()["frame_data"]] == [0.96, 1.96]
    by_form = server.post(face_video, url, frame_skip=30, max_frames=1).json()
    assert [round(f["time"], 2) for f in by_form["frame_data"]] == [1.16]
    both = server.post(face_video, url + query, frame_skip=30).json()
    assert [round(f["time"], 2) for f in both["frame_data"]] == [1.16, 2.36]


def test_the_report_can_be_left_out(server: Running, face_video: Path):
    answer = server.post(face_video, "/analyze-video/?report=false").json()
    check_contract(answer)
    assert set(answer) == KEYS - {"report"}


@pytest.mark.parametrize("name", ["frame_skip", "max_frames"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "ten", "", "nan", "9" * 30])
def test_bad_parameters(server: Running, face_video: Path, name: str, value: str):
    by_form = server.post(face_video, **{name: value})
    by_query = server.post(face_video, f"/analyze-video/?{name}={value}")
    for response in (by_form, by_query):
        assert response.status_code == 422
        assert response.json()["code"] == "invalid_option"
        assert name in response.json()["error"]


def test_smoothing_changes_the_report_and_never_the_v1_keys(
    server: Running, clip: Callable[[str], Path]
):
    talk = clip("talk_1.mp4")
    smooth = server.post(talk, frame_skip=2, max_frames=10).json()
    by_form = server.post(talk, frame_skip=2, max_frames=10, smoothing="off").json()
    by_query = server.post(
        talk, "/analyze-video/?smoothing=off", frame_skip=2, max_frames=10
    ).json()
    assert smooth["report"]["options"]["smoothing"] == "one-euro"
    assert by_form["report"]["options"]["smoothing"] == "off"
    assert by_query["report"]["people"] == by_form["report"]["people"]
    assert by_form["report"]["people"] != smooth["report"]["people"]
    for key in KEYS - {"report"}:
        assert by_form[key] == smooth[key]


@pytest.mark.parametrize("value", ["on", "", "ONE-EURO"])
def test_an_unknown_smoothing(server: Running, face_video: Path, value: str):
    by_form = server.post(face_video, smoothing=value)
    by_query = server.post(face_video, f"/analyze-video/?smoothing={value}")
    for response in (by_form, by_query):
        assert response.status_code == 422
        assert response.json()["code"] == "invalid_option"
        assert response.json()["error"] == f"smoothing must be one-euro or off, got '{value}'"


def test_a_bad_report_parameter(server: Running, face_video: Path):
    assert server.post(face_video, "/analyze-video/?report=maybe").status_code == 422


def test_concurrent_requests_answer_as_serial_ones(
    server: Running, face_video: Path, silent_video: Path
):
    def ask(path: Path) -> dict[str, Any]:
        answer = server.post(path, frame_skip=5).json()
        del answer["report"]["timings_s"]
        return answer

    videos = [face_video, silent_video] * 3
    serial = {path: ask(path) for path in (face_video, silent_video)}
    with ThreadPoolExecutor(len(videos)) as pool:
        together = list(pool.map(ask, videos))
    assert together == [serial[path] for path in videos]
