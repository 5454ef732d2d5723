"""The whole analysis on painted frames: real flow, painted engines, no file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from evolvisense import AnalysisOptions, Analyzer
from evolvisense.faces.tracking import NearestTracker
from evolvisense.pipeline import analyzer
from evolvisense.report import Report
from evolvisense.types.engines import ModelIdentity
from evolvisense.types.media import MediaExtent, MediaInfo, VideoFrame, VideoStreamInfo
from evolvisense.types.voice import (
    LegacyAudioMeans,
    SpeechSegment,
    VoiceFeatures,
    VoiceReading,
    VoiceTimeline,
)
from tests.factory.faces import Painted, PaintedDetector, PaintedNetwork, picture

SIZE_WH = (320, 240)


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
    video = VideoStreamInfo("painted", *SIZE_WH, 0, None, None)
    info = MediaInfo("painted", 1, None, video, None, 1)
    voice = None if speech is None else _voice(extent, speech)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyzer, "create_engine", _create_engine)
        patch.setattr(analyzer, "probe", lambda *_: info)
        patch.setattr(analyzer, "measure_extent", lambda *_: extent)
        patch.setattr(analyzer, "decode_video", lambda *_: iter(frames))
        patch.setattr(Analyzer, "_read_voice", lambda *_: voice)
        return Analyzer().analyze(Path("painted"), options)


def _create_engine(kind: str, _name: str) -> object:
    made = {
        "detector": PaintedDetector,
        "expression": PaintedNetwork,
        "tracker": NearestTracker,
    }
    silent = SimpleNamespace(model=ModelIdentity("silent", "1", "MIT"))
    return made[kind]() if kind in made else silent


def _voice(extent: MediaExtent, speech: Sequence[tuple[float, float]]) -> VoiceReading:
    step_s, count = 0.032, 10
    return VoiceReading(
        timeline=VoiceTimeline(
            pts_s=extent.start_s + step_s * np.arange(count),
            step_s=step_s,
            speech_probability=np.ones(count, np.float32),
            f0_hz=np.full(count, np.nan, np.float32),
            level_dbfs=np.full(count, -30, np.float32),
        ),
        segments=tuple(SpeechSegment(start, end) for start, end in speech),
        features=VoiceFeatures(extent.duration_s, 0.0, 0.0, None, None, None, None, None),
        legacy=LegacyAudioMeans(150.0, 0.05),
    )
