"""`WS /v1/live`: each rule of the protocol, spoken over a socket."""

from __future__ import annotations

import math
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import WebSocket

from evolvisense.errors import BusyError, InvalidOptionError
from evolvisense.report import LIMITS_NOTICE
from evolvisense.service.live import EndOfStreamError, Opening
from tests.factory.live import encoded, pcm16
from tests.factory.media import astronaut
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken
from tests.service.live.conftest import Client, Live, Start
from tests.service.live.scripted import MODEL, PROBABILITIES

SECOND = bytes(2 * 16_000)


def seqs(messages: list[dict[str, Any]]) -> list[int]:
    return sorted(message["seq"] for message in messages)


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.005)


def hear(client: Client, count: int) -> list[dict[str, Any]]:
    return [client.hear() for _ in range(count)]


def test_the_first_answer_says_what_the_stream_may_do(live: Live) -> None:
    with live.client() as client:
        told = client.configure(audio={"rate_hz": 48_000, "encoding": "pcm16"}, max_fps=5)
    assert told["type"] == "configured"
    assert told["session"]
    assert told["max_fps"] == 5
    assert told["audio"] == {"rate_hz": 48_000, "encoding": "pcm16"}
    assert told["models"] == [MODEL]
    assert told["limits"] == LIMITS_NOTICE


def test_nobody_gets_more_pictures_than_the_server_gives(start: Start) -> None:
    with start(max_fps=7.0) as live, live.client() as client:
        assert client.configure(max_fps=1e6)["max_fps"] == 7


def test_a_picture_is_answered_with_its_faces(live: Live) -> None:
    with live.client() as client:
        client.configure()
        client.picture("see", time_s=1.25)
        frame = client.hear()
    assert frame["type"] == "frame"
    assert (frame["seq"], frame["time_s"], frame["dropped"]) == (1, 1.25, 0)
    (face,) = frame["faces"]
    assert face["probabilities"] == PROBABILITIES
    assert sum(face["probabilities"].values()) == pytest.approx(1)
    assert (face["track_id"], face["is_main"], face["uncertain"]) == (1, True, "")
    assert frame["voice"] is None
    assert frame["voice_absent_reason"] == "not_configured"


def test_a_picture_of_nobody_has_no_face(live: Live) -> None:
    with live.client() as client:
        client.configure()
        client.picture("none")
        assert client.hear()["faces"] == []


def test_only_the_newest_picture_waits_and_every_dropped_one_is_told(
    live: Live, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with live.client() as client:
        client.configure()
        client.picture("see", 0.0)
        assert client.hear()["seq"] == 1
        client.picture(f"hold:{gate}", 1.0)
        wait_for(gate.with_suffix(".begun"))
        for i in range(4):
            client.picture("see", 2.0 + i)
        dropped = hear(client, 3)
        assert {m["type"] for m in dropped} == {"dropped"}
        assert {m["reason"] for m in dropped} == {"busy"}
        gate.touch()
        held, newest = hear(client, 2)
    assert (newest["type"], newest["seq"], newest["time_s"]) == ("frame", 6, 5.0)
    assert newest["dropped"] == 3
    assert seqs([*dropped, held, newest]) == [2, 3, 4, 5, 6]


def test_pictures_that_come_too_fast_are_told(live: Live) -> None:
    with live.client() as client:
        client.configure(max_fps=0.001)
        for _ in range(5):
            client.picture("see")
        messages = hear(client, 5)
    fast = [m for m in messages if m.get("reason") == "too_fast"]
    assert seqs(fast) == [3, 4, 5]
    assert seqs(messages) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("command", "code"),
    [("bad", "bad_picture"), ("bug", "internal_error"), ("lie", "internal_error")],
)
def test_a_picture_that_fails_is_told_and_the_stream_goes_on(
    live: Live, command: str, code: str
) -> None:
    with live.client() as client:
        client.configure()
        client.picture(command)
        problem = client.hear()
        client.picture("see")
        after = client.hear()
    assert (problem["type"], problem["code"], problem["fatal"]) == ("error", code, False)
    assert problem["seq"] == 1
    assert (after["seq"], after["dropped"]) == (2, 1)


@pytest.mark.parametrize(
    "message",
    [
        "text",
        b"",
        b"\x01",
        b"\x01" + bytes(8),
        struct.pack(">Bd", 3, 0.0) + b"see",
        struct.pack(">Bd", 1, math.nan) + b"see",
        struct.pack(">Bd", 1, math.inf) + b"see",
    ],
    ids=["text", "empty", "half a header", "no picture", "unknown kind", "nan", "inf"],
)
def test_a_bad_message_is_told_and_the_stream_goes_on(live: Live, message: str | bytes) -> None:
    with live.client() as client:
        client.configure()
        client.socket.send(message)
        problem = client.hear()
        client.picture("see")
        after = client.hear()
    assert (problem["code"], problem["fatal"], problem["seq"]) == ("bad_message", False, None)
    assert (after["type"], after["seq"]) == ("frame", 1)


def test_a_client_that_sends_nothing_but_nonsense_is_left(live: Live) -> None:
    with live.client() as client:
        client.configure()
        for _ in range(100):
            client.socket.send("nonsense")
        messages, code = client.rest()
    assert code == 1008
    assert messages[-1]["code"] == "too_many_problems"
    assert messages[-1]["fatal"] is True
    assert len(messages) == 101


def test_a_picture_over_the_limit_is_told(start: Start) -> None:
    with start(max_frame_bytes=1000) as live, live.client() as client:
        assert client.configure()["max_frame_bytes"] == 1000
        client.picture(bytes(1001))
        problem = client.hear()
        client.picture("see")
        assert client.hear()["seq"] == 2
    assert (problem["code"], problem["seq"], problem["fatal"]) == ("picture_too_large", 1, False)


def test_a_message_over_the_limit_ends_the_stream(start: Start) -> None:
    with start(max_message_bytes=1000) as live, live.client() as client:
        client.configure()
        client.picture(bytes(1000))
        (problem,), code = client.rest()
    assert code == 1009
    assert (problem["code"], problem["fatal"]) == ("message_too_large", True)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"\x01" + bytes(100), "bad_message"),
        ("{", "invalid_option"),
        ("[]", "invalid_option"),
        ('{"type": "hello"}', "invalid_option"),
        ('{"type": "configure", "fps": 3}', "invalid_option"),
        ('{"type": "configure", "max_fps": 0}', "invalid_option"),
        ('{"type": "configure", "max_fps": NaN}', "invalid_option"),
        ('{"type": "configure", "audio": {"rate_hz": 4000}}', "invalid_option"),
        ('{"type": "configure", "audio": {"encoding": "opus"}}', "invalid_option"),
        ('{"type": "configure", "purpose": "' + "x" * 20_000 + '"}', "bad_message"),
    ],
)
def test_a_wrong_first_message_ends_the_stream(live: Live, message: str | bytes, code: str) -> None:
    with live.client() as client:
        client.socket.send(message)
        (problem,), close_code = client.rest()
    assert close_code == 1008
    assert (problem["type"], problem["code"], problem["fatal"]) == ("error", code, True)


def test_an_idle_client_is_left(start: Start) -> None:
    with start(idle_s=0.2) as live, live.client() as client:
        assert client.configure()["idle_s"] == 0.2
        (problem,), code = client.rest()
    assert (code, problem["code"], problem["fatal"]) == (1008, "idle", True)


def test_beyond_the_last_place_a_client_is_asked_to_come_later(start: Start) -> None:
    with start(max_streams=2) as live, live.client() as first, live.legacy() as second:
        first.configure()
        live.wait_for_streams(2)
        with live.client() as third:
            third.tell({"type": "configure"})
            (problem,), code = third.rest()
        assert (code, problem["code"], problem["fatal"]) == (1013, "busy", True)
        second.socket.close()
        live.wait_for_streams(1)
        with live.client() as fourth:
            assert fourth.configure()["type"] == "configured"


def test_who_may_come_in_is_asked_with_what_the_client_showed(start: Start) -> None:
    seen: list[tuple[str, Opening]] = []

    async def authorize(websocket: WebSocket, opening: Opening) -> str:
        seen.append((websocket.url.path, opening))
        return "somebody"

    with start(authorize=authorize) as live:
        with live.client() as client:
            client.configure(api_key="evs_1_2", consent={"a": 1}, purpose="research")
        with live.legacy() as client:
            live.wait_for_streams(1)
    terms = {"consent": {"a": 1}, "purpose": "research"}
    assert seen == [
        ("/v1/live", Opening("evs_1_2", terms)),
        ("/ws/emotion-stream/", Opening()),
    ]


@pytest.mark.parametrize(
    ("error", "code", "close_code"),
    [
        (EndOfStreamError(1008, "no_key", "a key is needed"), "no_key", 1008),
        (InvalidOptionError("this purpose is refused"), "invalid_option", 1008),
        (BusyError("too many requests", 3), "busy", 1013),
        (RuntimeError("secret"), "internal_error", 1011),
    ],
)
def test_a_refused_client_is_told_why(
    start: Start, error: Exception, code: str, close_code: int
) -> None:
    async def authorize(websocket: WebSocket, opening: Opening) -> str:
        raise error

    with start(authorize=authorize) as live:
        with live.client() as client:
            client.tell({"type": "configure"})
            (problem,), closed = client.rest()
        assert live.pool.starts == 0
    assert (problem["code"], problem["fatal"], closed) == (code, True, close_code)
    assert "secret" not in problem["detail"]


def test_the_voice_is_told_where_no_picture_carries_it(live: Live) -> None:
    with live.client() as client:
        client.configure(audio={"rate_hz": 16_000})
        client.sound(SECOND, 3.0)
        told = client.hear()
    assert (told["type"], told["time_s"], told["voice"]["heard_s"]) == ("voice", 4.0, 1.0)
    assert told["voice"]["speaking"] is None
    assert told["voice"]["absent"]["speaking"] == "too_little_sound"


def test_short_pieces_of_sound_are_handed_on_together(live: Live) -> None:
    with live.client() as client:
        client.configure(audio={"rate_hz": 16_000})
        for i in range(5):
            client.sound(SECOND[: len(SECOND) // 20], i / 20)
        told = client.hear()
    assert told["time_s"] == pytest.approx(0.25)
    assert told["voice"]["heard_s"] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("audio", "payload", "code"),
    [
        (None, SECOND, "sound_not_configured"),
        ({"rate_hz": 16_000}, SECOND + b"\0", "bad_message"),
        ({"rate_hz": 16_000}, 6 * SECOND, "sound_too_fast"),
    ],
)
def test_sound_that_cannot_be_taken_is_told(
    live: Live, audio: dict[str, Any] | None, payload: bytes, code: str
) -> None:
    with live.client() as client:
        client.configure(audio=audio)
        client.sound(payload)
        problem = client.hear()
        client.picture("see")
        assert client.hear()["type"] == "frame"
    assert (problem["code"], problem["fatal"], problem["seq"]) == (code, False, None)


def test_the_shipped_models_see_a_face_and_hear_a_voice(real_live: Live) -> None:
    said = spoken(" ".join(sentence.text for sentence in SENTENCES[:4]))[: 4 * ESPEAK_RATE_HZ]
    picture = encoded(astronaut((640, 480)))
    with real_live.client() as client:
        told = client.configure(audio={"rate_hz": ESPEAK_RATE_HZ})
        assert {"detector", "swift-f0"} < {model["id"] for model in told["models"]}
        client.sound(pcm16(said), 10.0)
        assert client.hear()["type"] == "voice"
        client.picture(picture, 14.0)
        frame = client.hear()
    (face,) = frame["faces"]
    assert max(face["probabilities"], key=face["probabilities"].get) == "happy"
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert len(face["actions"]) == 52
    assert frame["voice"]["f0_median_hz"] > 50
    assert frame["voice"]["f0_sd_st"] > 0
    assert frame["voice_absent_reason"] is None


def test_sound_that_arrived_is_not_called_missing(live: Live) -> None:
    with live.client() as client:
        client.configure(audio={"rate_hz": 16_000})
        client.picture("unheard", 10.0)
        assert client.hear()["voice_absent_reason"] == "no_recent_sound"
        client.sound(SECOND[: len(SECOND) // 10], 10.0)  # too little to be handed on
        client.picture("unheard", 10.5)
        assert client.hear()["voice_absent_reason"] == "not_analysed_yet"
        client.picture("unheard", 13.0)
        assert client.hear()["voice_absent_reason"] == "no_recent_sound"


def test_the_language_of_older_clients_is_ignored(live: Live) -> None:
    with live.client() as client:
        assert "language" not in client.configure(language="xx")
