"""Files with several video or audio streams: which are analysed, and what the report says."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.errors import InvalidOptionError
from evolvisense.media import MediaLimits, probe, scan_media
from evolvisense.stream_selection import choose_streams
from tests.factory.media import astronaut, plain

LIMITS = MediaLimits()


def film(path: Path, pictures: Sequence[np.ndarray], seconds: Sequence[float]) -> Path:
    """An MKV with one video stream for each picture, so many seconds long."""
    with av.open(str(path), "w") as out:
        streams: list[Any] = []
        for rgb in pictures:
            stream: Any = out.add_stream("mpeg4", rate=25)
            stream.height, stream.width = rgb.shape[:2]
            stream.pix_fmt = "yuv420p"
            streams.append(stream)
        for number in range(round(25 * max(seconds))):
            for stream, rgb, length_s in zip(streams, pictures, seconds, strict=True):
                if number < 25 * length_s:
                    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                    frame.pts, frame.time_base = number, Fraction(1, 25)
                    out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


def test_the_stream_with_a_face_is_analysed(tmp_path: Path, analyzer: Analyzer) -> None:
    screen, camera = plain((640, 480)), astronaut((320, 240))
    path = film(tmp_path / "two.mkv", [screen, camera], [1.0, 1.0])
    report = analyzer.analyze(path, AnalysisOptions(frame_skip=5))
    assert report.media.video.stream == 1
    assert len(report.people) == 1
    warning = next(w for w in report.warnings if w.code == "several_video_streams")
    assert "video stream 1 was analysed" in warning.message
    assert "has 0" in warning.message
    chosen = analyzer.analyze(path, AnalysisOptions(frame_skip=5, video_stream=0))
    assert (chosen.media.video.width_px, len(chosen.people)) == (640, 0)
    assert chosen.options.video_stream == 0
    with pytest.raises(InvalidOptionError, match="0, 1"):
        analyzer.analyze(path, AnalysisOptions(video_stream=7))


def test_the_longest_stream_with_a_face_wins(tmp_path: Path) -> None:
    """As in a motion photo: a large still beside the moving picture."""
    path = film(tmp_path / "m.mkv", [plain((320, 240)), plain((160, 120))], [0.2, 2.0])
    info, scan = probe(path), scan_media(path)
    assert choose_streams(path, info, scan, LIMITS, lambda _: True, None).video == 1
    assert choose_streams(path, info, scan, LIMITS, lambda _: False, None).video == 1
    large = choose_streams(path, info, scan, LIMITS, lambda rgb: rgb.shape[1] == 320, None)
    assert large.video == 0
    assert choose_streams(path, info, scan, LIMITS, lambda _: True, None, video=0).video == 0


class Listening:
    """A voice activity that hears speech in every loud step."""

    def start(self) -> Listening:
        return self

    def push(self, mono_16k: np.ndarray) -> np.ndarray:
        steps = mono_16k[: len(mono_16k) // 512 * 512].reshape(-1, 512)
        return (np.abs(steps).max(axis=1) > 0.01).astype(np.float32)


@pytest.mark.parametrize(("levels", "wanted"), [((0.0, 0.3), 2), ((0.3, 0.3), 1), ((0, 0), 1)])
def test_the_first_sound_with_speech_is_read(
    tmp_path: Path, levels: tuple[float, float], wanted: int
) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sounds: list[Any] = [out.add_stream("pcm_s16le", rate=16_000) for _ in levels]
        for sound in sounds:
            sound.layout = "mono"
        for _ in range(75):
            frame = av.VideoFrame.from_ndarray(plain((64, 48)), format="rgb24")
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        tone = np.sin(np.arange(48_000) * 0.1)
        for sound, level in zip(sounds, levels, strict=True):
            pcm = (32767 * level * tone).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 0
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    listening: Any = Listening()
    info, scan = probe(path), scan_media(path)
    assert choose_streams(path, info, scan, LIMITS, lambda _: True, listening).audio == wanted
    assert choose_streams(path, info, scan, LIMITS, lambda _: True, None).audio == 1
