from __future__ import annotations

import pytest

from trials.clients import browser, by_websocket, first_picture, in_a_browser
from trials.clips import small_clip
from trials.process import Server


def test_a_page_of_another_origin_reads_every_number_as_before(server: Server, page_port: int):
    if browser() is None:
        pytest.skip("no chromium here")
    found = in_a_browser(server, small_clip(), page_port)
    assert "failed" not in found
    analysis = found["analysis"]
    assert analysis["times"] == ["0.36", "0.76"]
    assert analysis["duration"] == "1.00"
    assert len(analysis["stress"]) == 2
    assert len(analysis["scores"]) == 4
    assert analysis["voice"] is not None
    assert analysis["emotions"]
    assert found["refusal"]["status"] == 400
    assert found["refusal"]["error"]
    assert [length for *_, length in found["stream"]] == [1, 2, 3]


def test_a_program_streams_pictures_as_base64(server: Server):
    answers = by_websocket(server, first_picture(small_clip()), 5)
    assert [len(a["trend_data"]["stress_history"]) for a in answers] == [1, 2, 3, 4, 5]
    assert {a["emotion"] for a in answers} <= {
        "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"
    }  # fmt: skip
    assert all(0 <= a["confidence"] <= 100 for a in answers)
    assert set(answers[0]["mental_health"]) == {"stress", "anxiety", "confidence"}
