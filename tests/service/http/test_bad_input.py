"""Bad input is normal input: the status, the code, and nothing left behind, case by case.

The fixture `server` asserts after each test that no upload is left and no work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.factory.media import (
    Film,
    Sound,
    astronaut,
    huge_picture,
    plain,
    sound_alone,
    sound_file,
    vowel,
)
from tests.service.http.conftest import Running

Maker = Callable[[Path], Path]


def empty(path: Path) -> Path:
    path.touch()
    return path


def text(path: Path) -> Path:
    path.write_text("This is not a video.\n" * 100)
    return path


def noise(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(50_000))
    return path


def mp4_without_its_index(path: Path) -> Path:
    content = Film([plain()] * 25, codec="libx264", format="mp4").write(path).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


def four_hours(path: Path) -> Path:
    pts_ms = [0, 4 * 3600 * 1000]
    film = Film([plain((64, 48))] * 2, codec="mpeg4", format="matroska", pts_ms=pts_ms, rate_hz=1)
    return film.write(path)


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (empty, 400, "empty_file"),
        (text, 400, "not_a_video"),
        (noise, 400, "not_a_video"),
        (mp4_without_its_index, 400, "incomplete_file"),
        (sound_alone, 400, "no_video_stream"),
        (four_hours, 413, "video_too_long"),
        (huge_picture, 413, "frame_too_large"),
    ],
)
def test_refused(server: Running, tmp_path: Path, make: Maker, status: int, code: str) -> None:
    response = server.post(make(tmp_path / "video.mp4"))
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert len(response.json()["error"]) > 15


def answer(server: Running, path: Path, **fields: object) -> dict[str, Any]:
    response = server.post(path, **fields)
    assert response.status_code == 200, response.text
    return response.json()


def codes(content: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in content["report"]["warnings"]]


def test_truncated_webm(server: Running, truncated_video: Path) -> None:
    content = answer(server, truncated_video, frame_skip=5)
    assert 0 < len(content["frame_data"]) < 15
    assert "video_cut_off" in codes(content)


def test_no_audio(server: Running, silent_video: Path) -> None:
    content = answer(server, silent_video)
    assert content["voice_analysis"] is None
    assert "no_voice" in codes(content)


def test_no_face(server: Running, nobody_video: Path) -> None:
    content = answer(server, nobody_video)
    assert content["emotions"] == {"neutral": [0.0] * 5}
    assert "no_face" in codes(content)


def test_ten_faces(server: Running, tmp_path: Path) -> None:
    crowd = np.vstack([np.hstack([astronaut((256, 256))] * 5)] * 2)
    content = answer(server, Film([crowd] * 10).write(tmp_path / "crowd.webm"))
    assert len(content["report"]["people"]) == 10
    assert len(content["frame_data"]) == 1


def test_hevc(server: Running, clip: Callable[[str], Path]) -> None:
    content = answer(server, clip("face_then_none_hevc.mov"))
    assert content["report"]["media"]["video"]["codec"] == "hevc"


def test_variable_frame_rate(server: Running, tmp_path: Path) -> None:
    pts_ms = [0, 40, 200, 230, 700, 750, 1500]
    path = Film([astronaut()] * 7, pts_ms=pts_ms).write(tmp_path / "vfr.webm")
    content = answer(server, path, frame_skip=1)
    assert [f["time"] for f in content["frame_data"]] == pytest.approx([t / 1000 for t in pts_ms])


def test_webm_without_a_duration(server: Running, tmp_path: Path) -> None:
    film = Film([astronaut()] * 50, sound=Sound(vowel(2.0)), muxer={"live": "1"})
    content = answer(server, film.write(tmp_path / "live.webm"))
    assert content["report"]["media"]["duration_s_from_header"] is None
    assert content["video_duration"] == pytest.approx(2.0, abs=0.05)


def test_sound_alone_is_analysed_by_v1(server: Running, tmp_path: Path) -> None:
    accepted = server.submit(sound_file(tmp_path / "voice.flac", seconds=2.0))
    assert accepted.status_code == 202, accepted.text
    address = accepted.headers["location"]
    assert server.ended(address)["state"] == "succeeded"
    media = server.client.get(f"{address}/report").json()["media"]
    assert media["video"] is None
    assert media["audio"]["codec"] == "flac"
