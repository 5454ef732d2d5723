"""Frames: their times, their number, their orientation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evolvisense.errors import InvalidOptionError
from evolvisense.media import MediaLimits, decode_video, measure_extent, measure_timing, probe
from tests.factory.media import Film, Sound, plain, vowel


def striped(index: int) -> np.ndarray:
    return plain((160, 120), level=20 + 8 * index)


def test_variable_rate_keeps_the_true_times(tmp_path: Path) -> None:
    pts_ms = [0, 33, 100, 104, 500, 533, 1200]
    path = Film([striped(i) for i in range(7)], pts_ms=pts_ms).write(tmp_path / "vfr.webm")
    times = [frame.pts_s for frame in decode_video(path)]
    assert times == pytest.approx([ms / 1000 for ms in pts_ms], abs=1e-9)


def test_webm_without_duration_is_measured(tmp_path: Path) -> None:
    film = Film([striped(i % 20) for i in range(50)], muxer={"live": "1"})
    path = film.write(tmp_path / "live.webm")
    info = probe(path)
    assert info.duration_s_from_header is None
    extent = measure_extent(path)
    assert extent.start_s == 0
    assert extent.duration_s == pytest.approx(2.0, abs=0.05)


def test_frame_skip_counts_frames_from_one(tmp_path: Path) -> None:
    path = Film([striped(i % 20) for i in range(25)]).write(tmp_path / "skip.webm")
    frames = list(decode_video(path, frame_skip=10))
    assert [frame.number for frame in frames] == [10, 20]
    assert [frame.pts_s for frame in frames] == pytest.approx([9 / 25, 19 / 25])


def test_max_frames_stops(tmp_path: Path) -> None:
    path = Film([striped(i % 20) for i in range(25)]).write(tmp_path / "max.webm")
    assert [f.number for f in decode_video(path, 3, 4)] == [3, 6, 9, 12]


def test_video_shorter_than_frame_skip_gives_no_frame(tmp_path: Path) -> None:
    path = Film([striped(i) for i in range(5)]).write(tmp_path / "short.webm")
    assert list(decode_video(path, frame_skip=10)) == []


@pytest.mark.parametrize(
    ("anticlockwise", "corner"),
    [(0, (0, 0)), (90, (-1, 0)), (180, (-1, -1)), (270, (0, -1))],
)
def test_rotation_metadata_is_applied(
    tmp_path: Path, anticlockwise: int, corner: tuple[int, int]
) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[:40, :40] = 255  # bright at the stored picture's top left
    film = Film([picture] * 5, codec="libx264", rotation_deg=anticlockwise)
    path = film.write(tmp_path / "turned.mp4")
    frame = next(decode_video(path))
    info = probe(path).video
    upright = (120, 160) if anticlockwise in (0, 180) else (160, 120)
    assert frame.rgb.shape[:2] == upright
    assert (info.height_px, info.width_px) == upright
    assert info.rotation_deg == -anticlockwise % 360
    bright = frame.rgb[corner[0] * 5, corner[1] * 5].mean()
    assert bright > 200
    assert frame.rgb.mean() < 60


def test_of_equal_video_streams_the_largest_is_taken_or_the_one_asked_for(tmp_path: Path) -> None:
    import av

    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        streams = []
        for width, height in ((64, 48), (160, 120)):
            stream = out.add_stream("mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for _ in range(5):
            for stream in streams:
                size = (stream.width, stream.height)
                frame = av.VideoFrame.from_ndarray(plain(size), format="rgb24")
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    info = probe(path)
    assert (info.video.width_px, info.stream_count, info.video_streams) == (160, 2, (1, 0))
    assert next(decode_video(path)).rgb.shape == (120, 160, 3)
    assert probe(path, video_stream=0).video.width_px == 64
    chosen = measure_timing(path, video_stream=0)
    assert next(decode_video(path, timing=chosen)).rgb.shape == (48, 64, 3)
    with pytest.raises(InvalidOptionError, match="video_stream is 2"):
        probe(path, video_stream=2)


def test_duration_limit_ends_a_file_without_a_header(tmp_path: Path) -> None:
    film = Film([striped(i % 20) for i in range(50)], muxer={"live": "1"})
    path = film.write(tmp_path / "live.webm")
    frames = list(decode_video(path, limits=MediaLimits(max_duration_s=1.0)))
    assert frames[-1].pts_s == pytest.approx(1.0, abs=0.05)


def test_sound_does_not_change_the_frames(tmp_path: Path) -> None:
    pictures = [striped(i) for i in range(20)]
    silent = Film(pictures).write(tmp_path / "silent.webm")
    loud = Film(pictures, sound=Sound(vowel(1.0))).write(tmp_path / "loud.webm")
    assert [f.pts_s for f in decode_video(silent)] == [f.pts_s for f in decode_video(loud)]


def test_hevc_clip_is_decoded(clip: Callable[[str], Path]) -> None:
    path = clip("face_then_none_hevc.mov")
    assert probe(path).video.codec == "hevc"
    assert len(list(decode_video(path, frame_skip=10))) == 16


def test_edit_list_pictures_that_are_never_shown_do_not_count(clip: Callable[[str], Path]) -> None:
    extent = measure_extent(clip("no_face.mp4"))
    assert extent.start_s == pytest.approx(0.0, abs=0.01)
