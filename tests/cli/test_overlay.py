"""`evolvisense analyze --overlay`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.test_cli import run
from tests.factory.overlays import read


def test_one_video_one_file(silent_video: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "o.mp4"
    code, out, err = run(
        "analyze", silent_video, "--frame-skip", 25, "--json", "--landmarks", "--overlay", target
    )
    assert code == 0
    assert json.loads(out)["people"][0]["timeline"]["landmarks"] is not None
    assert len(read(target).pictures) == 50
    assert f"wrote {target}" in err.replace("\n", "")
    assert [path.name for path in target.parent.iterdir()] == ["o.mp4"]


def test_several_videos_go_to_a_folder(
    silent_video: Path, nobody_video: Path, text_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "overlays"
    code, _, err = run(
        "analyze", silent_video, nobody_video, text_file,
        "--frame-skip", 25, "--overlay", folder, "--blur",
    )  # fmt: skip
    assert code == 1
    assert "1 of 3" in err
    names = {f"{silent_video.stem}.overlay.mp4", f"{nobody_video.stem}.overlay.mp4"}
    assert {path.name for path in folder.iterdir()} == names


def test_a_video_is_never_replaced(silent_video: Path, tmp_path: Path) -> None:
    video = Path(shutil.copy(silent_video, tmp_path / "mine.webm"))
    before = video.read_bytes()
    code, _, err = run("analyze", video, "--overlay", tmp_path / "." / "mine.webm")
    assert code == 2
    assert "replace the video" in err
    assert video.read_bytes() == before


def test_several_videos_need_a_folder(silent_video: Path, text_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "o.mp4"
    file.touch()
    code, _, err = run("analyze", silent_video, text_file, "--overlay", file)
    assert code == 2
    assert "folder" in err


def test_blur_alone_is_a_mistake(silent_video: Path) -> None:
    code, _, err = run("analyze", silent_video, "--blur")
    assert code == 2
    assert "--overlay" in err


def test_an_overlay_that_cannot_be_written_is_told(
    silent_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("evolvisense.cli.overlay.write_overlay", full)
    code, out, err = run(
        "analyze", silent_video, "--frame-skip", 25, "--csv", "--overlay", tmp_path / "o.mp4"
    )
    assert code == 1
    assert out.startswith("source,frame_number")
    assert "No space left" in " ".join(err.split())
