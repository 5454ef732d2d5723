"""What the process of the live streams answers."""

from __future__ import annotations

import json

import pytest

from evolvisense.errors import BadImageError
from evolvisense.service.live.child import LiveSessions
from evolvisense.types.scores import EMOTIONS
from tests.factory.faces import Painted
from tests.factory.live import painted_models, pcm16, png
from tests.factory.voices import ESPEAK_RATE_HZ, SENTENCES, spoken

HERE, THERE = Painted(100, 100, emotion="happy"), Painted(220, 120, emotion="sad")
DESK = LiveSessions(painted_models())


def opened(session: str, rate_hz: int | None = None) -> None:
    options = {"rate_hz": rate_hz, "max_pixels": 320 * 240, "smoothing": "off"}
    assert DESK.do({"do": "open", "session": session, **options}, b"") == {}


def shown(session: str, *faces: Painted, time_s: float = 0.0) -> dict:
    return DESK.do({"do": "picture", "session": session, "time_s": time_s}, png(*faces))


def test_an_answer_is_json_and_names_everything() -> None:
    opened("a")
    answer = json.loads(json.dumps(shown("a", HERE), allow_nan=False))
    (face,) = answer["frame"]["faces"]
    assert list(face["probabilities"]) == list(EMOTIONS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert max(face["probabilities"], key=face["probabilities"].get) == "happy"
    assert len(face["actions"]) == 52
    assert answer["voice"] is None
    assert answer["voice_absent_reason"] == "not_configured"


def test_sessions_know_nothing_of_each_other() -> None:
    opened("a")
    opened("b")
    for i in range(3):
        first = shown("a", HERE, time_s=i / 10)["frame"]["faces"]
        second = shown("b", THERE, time_s=i / 10)["frame"]["faces"]
    assert [face["track_id"] for face in (*first, *second)] == [1, 1]
    assert first[0]["box"] != second[0]["box"]


def test_pieces_of_sound_are_taken_apart_again() -> None:
    opened("a", ESPEAK_RATE_HZ)
    said = spoken(" ".join(sentence.text for sentence in SENTENCES[:4]))
    halves = [pcm16(half) for half in said[: 4 * ESPEAK_RATE_HZ].reshape(2, -1)]
    pieces = [[10.0, len(halves[0])], [12.0, len(halves[1])]]
    answer = DESK.do({"do": "sound", "session": "a", "pieces": pieces}, b"".join(halves))
    assert answer["time_s"] == 14.0
    assert answer["voice"]["heard_s"] == 4.0
    assert shown("a", HERE, time_s=14.1)["voice"]["speaking"] is not None
    assert answer["voice"]["f0_sd_st"] > 0


def test_a_closed_session_is_forgotten() -> None:
    opened("a")
    assert DESK.do({"do": "close", "session": "a"}, b"") == {}
    assert DESK.do({"do": "close", "session": "a"}, b"") == {}
    with pytest.raises(KeyError):
        shown("a", HERE)


def test_errors_are_raised_to_the_caller() -> None:
    opened("a")
    with pytest.raises(BadImageError):
        DESK.do({"do": "picture", "session": "a", "time_s": 0.0}, b"no picture")
    with pytest.raises(ValueError, match="dance"):
        DESK.do({"do": "dance", "session": "a"}, b"")
