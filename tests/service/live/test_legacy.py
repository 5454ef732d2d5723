"""`WS /ws/emotion-stream/`: what the clients of the existing service rely on."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from evolvisense.indicators.legacy import ANXIETY, STRESS
from evolvisense.report import LIMITS_NOTICE
from evolvisense.service.live.legacy import HISTORY
from tests.factory.live import encoded
from tests.factory.media import astronaut, plain
from tests.service.live.conftest import Client, Live, Start


def text(command: bytes | str) -> str:
    data = command.encode() if isinstance(command, str) else command
    return base64.b64encode(data).decode()


def ask(client: Client, message: str | bytes) -> dict[str, Any]:
    client.socket.send(message)
    return client.hear()


def test_the_answer_has_the_keys_of_the_contract(live: Live) -> None:
    with live.legacy() as client:
        answer = ask(client, text("see"))
    assert answer["emotion"] == "fear"
    assert answer["confidence"] == 70
    stress = min(1, round(STRESS["fear"] * 1.5 / sum(STRESS.values()), 2)) * 100
    anxiety = min(1, round(ANXIETY["fear"] * 1.5 / sum(ANXIETY.values()), 2)) * 100
    scores = {"stress": stress, "anxiety": anxiety, "confidence": 70}
    assert answer["mental_health"] == pytest.approx(scores)
    assert answer["trend_data"] == {
        "stress_history": [answer["mental_health"]["stress"]],
        "anxiety_history": [answer["mental_health"]["anxiety"]],
        "confidence_history": [70],
    }
    assert answer["formula"] == "v1-legacy"
    assert answer["limits"] == LIMITS_NOTICE


@pytest.mark.parametrize("path", ["/ws/emotion-stream/", "/ws/emotion-stream"])
def test_both_spellings_of_the_address_are_served(live: Live, path: str) -> None:
    with live.client(path) as client:
        assert ask(client, text("see"))["emotion"] == "fear"


def test_a_picture_without_a_face_counts_as_neutral(live: Live) -> None:
    with live.legacy() as client:
        answer = ask(client, text("none"))
    assert answer["emotion"] == "neutral"
    assert answer["confidence"] == 0.0
    assert answer["mental_health"] == {"stress": 0.0, "anxiety": 0.0, "confidence": 0.0}


def test_the_trend_grows_in_order_and_is_bounded(live: Live) -> None:
    with live.legacy() as client:
        for _ in range(3):
            ask(client, text("see"))
        answer = ask(client, text("none"))
        assert answer["trend_data"]["confidence_history"] == [70, 70, 70, 0]
        for _ in range(HISTORY):
            answer = ask(client, text("see"))
    for history in answer["trend_data"].values():
        assert len(history) == HISTORY
    assert answer["trend_data"]["confidence_history"] == [70] * HISTORY


def test_each_message_is_answered_in_turn(live: Live) -> None:
    with live.legacy() as client:
        for command in ("see", "none", "see"):
            client.socket.send(text(command))
        emotions = [client.hear()["emotion"] for _ in range(3)]
    assert emotions == ["fear", "neutral", "fear"]


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "data:image/jpeg;base64,",
        "data:image/png;charset=utf-8;base64,",
        "data:image/svg+xml;base64,",
    ],
)
def test_a_data_url_is_a_picture_too(live: Live, prefix: str) -> None:
    with live.legacy() as client:
        assert ask(client, prefix + text("see"))["emotion"] == "fear"


def test_line_breaks_in_base64_change_nothing(live: Live) -> None:
    coded = text("see")
    with live.legacy() as client:
        assert ask(client, f" {coded[:2]}\r\n{coded[2:]}\n")["emotion"] == "fear"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "bad_message"),
        ("data:image/jpeg;base64,", "bad_message"),
        ("%%%", "bad_message"),
        ("YQ", "bad_message"),
        ("größe", "bad_message"),
        ('{"frame": 1}', "bad_message"),
        (b"see", "bad_message"),
        (text("bad"), "bad_picture"),
        (text("bug"), "internal_error"),
    ],
)
def test_a_bad_message_is_told_and_the_stream_goes_on(
    live: Live, message: str | bytes, code: str
) -> None:
    with live.legacy() as client:
        before = ask(client, text("see"))
        problem = ask(client, message)
        after = ask(client, text("see"))
    assert set(problem) == {"error", "code"}
    assert problem["code"] == code
    assert problem["error"]
    assert len(after["trend_data"]["stress_history"]) == 2
    assert after["emotion"] == before["emotion"]


def test_a_picture_over_the_limit_is_told(start: Start) -> None:
    with start(max_frame_bytes=30) as live, live.legacy() as client:
        assert ask(client, text(bytes(31)))["code"] == "picture_too_large"
        assert ask(client, text("see"))["emotion"] == "fear"


def test_a_message_over_the_limit_ends_the_stream(start: Start) -> None:
    with start(max_message_bytes=1000) as live, live.legacy() as client:
        client.socket.send("a" * 1001)
        (problem,), code = client.rest()
    assert (code, problem["code"]) == (1009, "message_too_large")


def test_an_idle_client_is_left(start: Start) -> None:
    with start(idle_s=0.2) as live, live.legacy() as client:
        (problem,), code = client.rest()
    assert (code, problem["code"]) == (1008, "idle")


def test_a_dead_process_costs_one_answer(start: Start) -> None:
    with start() as live, live.legacy() as client:
        ask(client, text("see"))
        assert ask(client, text("die"))["code"] == "analysis_restarted"
        after = ask(client, text("see"))
    assert len(after["trend_data"]["stress_history"]) == 2


def test_the_shipped_models_answer_a_camera(real_live: Live) -> None:
    face = base64.b64encode(encoded(astronaut((640, 480)))).decode()
    nobody = base64.b64encode(encoded(plain((640, 480)))).decode()
    with real_live.legacy() as client:
        seen = ask(client, f"data:image/jpeg;base64,{face}")
        unseen = ask(client, nobody)
        refused = ask(client, base64.b64encode(b"\xff\xd8 no picture").decode())
    assert seen["emotion"] == "happy"
    assert 14 < seen["confidence"] <= 100
    assert seen["mental_health"]["stress"] == seen["mental_health"]["anxiety"] == 0
    assert (unseen["emotion"], unseen["confidence"]) == ("neutral", 0)
    assert refused["code"] == "bad_picture"
