"""Bad input is normal input: each case has its own error and leaves nothing behind."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer, MediaLimits
from evolvisense.errors import InputError
from evolvisense.media import probe
from tests.factory.media import Film, Sound, huge_picture, plain, vowel


@pytest.fixture(autouse=True)
def nothing_is_left_behind(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Temporary files of the code under test go to a folder that is empty afterwards."""
    folder = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def code_of(path: Path, limits: MediaLimits | None = None) -> str:
    with pytest.raises(InputError) as caught:
        probe(path, limits)
    assert len(str(caught.value)) > 15, "an error says what to do"
    return caught.value.code


def test_zero_bytes(empty_file: Path) -> None:
    assert code_of(empty_file) == "empty_file"


def test_text_called_mp4(text_file: Path) -> None:
    assert code_of(text_file) == "not_a_video"


def test_random_bytes(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "noise.webm"
    path.write_bytes(rng.bytes(100_000))
    assert code_of(path) == "not_a_video"


def test_missing_file(tmp_path: Path) -> None:
    assert code_of(tmp_path / "absent.mp4") == "file_unreadable"


def test_folder(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "file_unreadable"


def test_playlist_that_names_another_file(tmp_path: Path, face_video: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXTINF:3,\nfile://{face_video}\n#EXT-X-ENDLIST\n")
    assert code_of(path) == "not_a_video"


def test_too_many_bytes(face_video: Path) -> None:
    assert code_of(face_video, MediaLimits(max_bytes=1000)) == "file_too_large"


def test_too_long(face_video: Path) -> None:
    assert code_of(face_video, MediaLimits(max_duration_s=1.0)) == "video_too_long"


def test_four_hours_in_the_header(tmp_path: Path) -> None:
    film = Film([plain((64, 48))] * 2, codec="mpeg4", pts_ms=[0, 4 * 3600 * 1000], rate_hz=1)
    path = film.write(tmp_path / "long.mkv")
    assert code_of(path, MediaLimits(max_duration_s=3600)) == "video_too_long"


def test_four_hours_within_the_limit_are_analysed(tmp_path: Path, analyzer: Analyzer) -> None:
    film = Film([plain((64, 48))] * 2, codec="mpeg4", pts_ms=[0, 4 * 3600 * 1000], rate_hz=1)
    report = analyzer.analyze(film.write(tmp_path / "long.mkv"))
    assert report.media.duration_s == pytest.approx(4 * 3600, abs=2)
    assert [w.code for w in report.warnings] == ["no_face", "no_voice"]


def test_too_many_streams(face_video: Path) -> None:
    assert code_of(face_video, MediaLimits(max_streams=1)) == "too_many_streams"


def test_sixteen_thousand_pixels_square(tmp_path: Path) -> None:
    assert code_of(huge_picture(tmp_path / "huge.mov")) == "frame_too_large"


def test_pixel_limit_is_a_setting(tmp_path: Path) -> None:
    film = Film([plain((320, 240))] * 2, codec="mpeg4")
    assert (
        code_of(film.write(tmp_path / "large.mp4"), MediaLimits(max_pixels=320 * 200))
        == "frame_too_large"
    )


def test_truncated_webm_gives_what_is_there(truncated_video: Path, analyzer: Analyzer) -> None:
    report = analyzer.analyze(truncated_video, AnalysisOptions(frame_skip=5))
    assert 0 < len(report.frames.number) < 15
    assert report.people[0].frames == len(report.frames.number)
    assert "video_cut_off" in [w.code for w in report.warnings]


def test_truncated_mp4_without_its_index(tmp_path: Path) -> None:
    film = Film([plain()] * 25, codec="libx264", sound=Sound(vowel(1.0), codec="aac"))
    content = film.write(tmp_path / "whole.mp4").read_bytes()
    path = tmp_path / "half.mp4"
    path.write_bytes(content[: len(content) // 2])
    assert code_of(path) == "incomplete_file"


def test_header_without_a_single_picture(tmp_path: Path) -> None:
    film = Film([plain()] * 25, codec="libvpx")
    content = film.write(tmp_path / "whole.webm").read_bytes()
    path = tmp_path / "head.webm"
    path.write_bytes(
        content[: content.index(b"\x1f\x43\xb6\x75") + 8]
    )  # the first Matroska cluster
    assert code_of(path) == "no_frames"


def test_a_file_object_is_bounded_and_its_copy_deleted(face_video: Path) -> None:
    small = Analyzer(limits=MediaLimits(max_bytes=1000))
    with face_video.open("rb") as file, pytest.raises(InputError) as caught:
        small.analyze(file)
    assert caught.value.code == "file_too_large"


def test_a_broken_tail_is_passed_over(face_video: Path, tmp_path: Path, analyzer: Analyzer) -> None:
    content = bytearray(face_video.read_bytes())
    half = len(content) // 2
    content[half:] = np.random.default_rng(1).bytes(len(content) - half)
    path = tmp_path / "broken.webm"
    path.write_bytes(content)
    report = analyzer.analyze(path, AnalysisOptions(frame_skip=5))
    assert len(report.frames.number) > 0
