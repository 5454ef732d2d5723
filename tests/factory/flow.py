"""The whole analysis on painted frames: real flow, painted engines, no file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evolvisense import AnalysisOptions, Analyzer, analyzer
from evolvisense.report import Report
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.media import (
    MediaExtent,
    MediaInfo,
    MediaTiming,
    StreamTiming,
    VideoFrame,
    VideoStreamInfo,
)
from tests.factory.faces import Painted, PaintedDetector, PaintedNetwork, picture
from tests.factory.readings import voice_reading

SIZE_WH = (320, 240)


def timing_of(extent: MediaExtent) -> MediaTiming:
    """The timing of a file with one video stream of this extent."""
    video = StreamTiming(0, 0, extent.start_s, extent.end_s)
    return MediaTiming(extent, extent.duration_s, extent.end_s, video, None)


def analyze_painted(
    scenes: Sequence[tuple[float, Sequence[Painted]]],
    speech: Sequence[tuple[float, float]] | None = None,
    options: AnalysisOptions | None = None,
) -> Report:
    """The report of frames at given times, with a voice in the stretches of `speech`."""
    frames = [
        VideoFrame(number, pts_s, picture(*faces, size_wh=SIZE_WH))
        for number, (pts_s, faces) in enumerate(scenes, start=1)
    ]
    extent = MediaExtent(frames[0].pts_s, frames[-1].pts_s)
    timing = timing_of(extent)
    video = VideoStreamInfo("painted", *SIZE_WH, 0, None, None)
    info = MediaInfo("painted", 1, None, video, None, 1)
    # Rounded, or a shift of the clock may make one step more of the same length.
    length_s = round(extent.duration_s, 6)
    voice = None if speech is None else voice_reading(extent.start_s, length_s, speech)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyzer, "probe", lambda *_, **__: info)
        patch.setattr(analyzer, "scan_media", lambda *_: SimpleNamespace(timing=lambda *_: timing))
        patch.setattr(analyzer, "decode_video", lambda *_, **__: iter(frames))
        patch.setattr(Analyzer, "_read_voice", lambda *_: voice)
        painted = Analyzer(
            detector=PaintedDetector(),
            expression=PaintedNetwork(),
            activity=Silent(),
            pitch=Silent(),
            voice_emotion=None,
        )
        return painted.analyze(Path("painted"), options)


class Silent:
    """In place of engines that nothing asks: the voice is given."""

    model = ModelIdentity("silent", "1", "MIT")

    def start(self) -> Any:
        raise AssertionError("the voice was given")
