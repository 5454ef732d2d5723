"""Numbers and yes or no have one spelling, wherever they are given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from websockets.sync.client import connect

from evolvisense.api.scalars import decimal_number, truth, whole_number
from evolvisense.service.settings import Settings
from tests.service.http.conftest import Running

NOT_WHOLE = ["1_0", "+5", " 5 ", "5 ", "1e1", "5.0", "05", "-0x1", "\uff15", "", "true", "0x5",
             "1 0", "9" * 500, "1\n"]  # fmt: skip
NOT_WHOLE_JSON: list[Any] = [True, 5.0, 1e1, "5", [5], {"a": 5}]
NOT_TRUE = ["yes", "on", "True", " true", "t", "2", ""]
NOT_DECIMAL = ["1_0", "+5", " 5 ", "1e1", "nan", "inf", ".5", "5.", "\uff15", ""]


@given(st.integers(-(10**30), 10**30))
def test_digits_are_read(number: int) -> None:
    assert whole_number(str(number)) == number


@pytest.mark.parametrize(("text", "number"), [("0.5", 0.5), ("10", 10.0), ("-2.25", -2.25)])
def test_decimals_are_read(text: str, number: float) -> None:
    assert decimal_number(text) == number


@pytest.mark.parametrize("text", NOT_WHOLE)
def test_other_spellings_of_whole_numbers_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        whole_number(text)


@pytest.mark.parametrize("text", NOT_DECIMAL)
def test_other_spellings_of_decimals_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        decimal_number(text)


@pytest.mark.parametrize("text", NOT_TRUE)
def test_other_spellings_of_truth_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        truth(text)


def is_refused(answer: httpx.Response, field: str, value: object) -> None:
    assert answer.status_code == 422, answer.text
    said = answer.json()
    text = said.get("detail") or said["error"]
    assert said["code"] == "invalid_option"
    assert field in text
    assert repr(value)[:40] in text


@pytest.mark.parametrize("value", [v for v in NOT_WHOLE if v])
@pytest.mark.parametrize("name", ["frame_skip", "max_frames"])
def test_forms_and_queries_of_the_old_route(
    server: Running, silent_video: Path, name: str, value: str
) -> None:
    is_refused(server.post(silent_video, **{name: value}), name, value)
    with silent_video.open("rb") as file:
        answer = server.client.post("/analyze-video/", params={name: value}, files={"file": file})
    is_refused(answer, name, value)


@pytest.mark.parametrize("value", [v for v in NOT_TRUE if v])
def test_truth_of_the_old_route(server: Running, silent_video: Path, value: str) -> None:
    with silent_video.open("rb") as file:
        answer = server.client.post(
            "/analyze-video/", params={"report": value}, files={"file": file}
        )
    is_refused(answer, "report", value)


@pytest.mark.parametrize("value", [v for v in NOT_WHOLE if v])
def test_queries_of_v1(server: Running, value: str) -> None:
    is_refused(server.client.get("/v1/analyses", params={"page_size": value}), "page_size", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("points", "1_0"), ("person", "+1"), ("start_s", "1e1"), ("end_s", " 5 ")],
)
def test_queries_of_figures(server: Running, name: str, value: str) -> None:
    answer = server.client.get("/v1/analyses/none/figures", params={name: value})
    is_refused(answer, name, value)


@pytest.mark.parametrize("value", NOT_WHOLE_JSON, ids=repr)
@pytest.mark.parametrize("name", ["frame_skip", "max_frames"])
def test_json_options(server: Running, silent_video: Path, name: str, value: object) -> None:
    answer = server.submit(silent_video, json.dumps({name: value}))
    assert answer.status_code == 422
    assert name in answer.json()["detail"]
    if not isinstance(value, list | dict):
        assert repr(value) in answer.json()["detail"]


@pytest.mark.parametrize("value", [1, 0, "true", "yes"], ids=repr)
def test_json_truth(server: Running, silent_video: Path, value: object) -> None:
    answer = server.submit(silent_video, json.dumps({"voice": value}))
    is_refused(answer, "voice", value)


@pytest.mark.parametrize(
    ("field", "given_options"),
    [
        ("rate_hz", {"audio": {"rate_hz": True}}),
        ("rate_hz", {"audio": {"rate_hz": 16000.0}}),
        ("rate_hz", {"audio": {"rate_hz": "16000"}}),
        ("max_fps", {"max_fps": True}),
        ("max_fps", {"max_fps": "5"}),
    ],
)
def test_the_first_message_of_a_live_stream(
    server: Running, field: str, given_options: dict[str, Any]
) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/v1/live") as websocket:
        websocket.send(json.dumps({"type": "configure", **given_options}))
        said = json.loads(websocket.recv(timeout=30))
    assert (said["code"], said["fatal"]) == ("invalid_option", True)
    assert field in said["detail"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_files", "1_0"), ("max_files", True), ("lease_s", "+5"), ("lease_s", True),
     ("allow_anonymous", "yes"), ("workers", " 1 ")],
)  # fmt: skip
def test_settings(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


@pytest.mark.parametrize("value", ["1_0", "+5", " 5 ", "0"])
def test_the_command(value: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evolvisense.cli", "analyze", "x", f"--frame-skip={value}"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "--frame-skip" in done.stderr
    assert value.strip() in done.stderr
