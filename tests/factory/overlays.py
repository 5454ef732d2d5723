"""Painted films with their reports, and overlays read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from evolvisense import AnalysisOptions
from evolvisense.report import Report
from tests.factory.faces import Painted, picture
from tests.factory.flow import analyze_painted
from tests.factory.media import Film


@dataclass(frozen=True)
class Overlay:
    """What is in a file."""

    times_s: list[float]
    pictures: list[NDArray[np.uint8]]
    codecs: list[str]
    metadata: dict[str, str]
    sound: NDArray[np.float32]
    """Of all channels together, (N,)."""
    sound_rate_hz: int

    @property
    def size_wh(self) -> tuple[int, int]:
        height, width = self.pictures[0].shape[:2]
        return width, height


def read(path: Path) -> Overlay:
    with av.open(str(path)) as file:
        codecs = [stream.codec_context.name for stream in file.streams]
        metadata = dict(file.metadata)
        frames: list[Any] = list(file.decode(video=0))
        times_s = [float(frame.time) for frame in frames]
        pictures = [frame.to_ndarray(format="rgb24") for frame in frames]
    parts, rate_hz = [np.zeros(0, np.float32)], 0
    if "aac" in codecs:
        with av.open(str(path)) as file:
            for frame in file.decode(audio=0):
                rate_hz = frame.sample_rate
                parts.append(frame.to_ndarray().mean(axis=0))
    return Overlay(times_s, pictures, codecs, metadata, np.concatenate(parts), rate_hz)


def painted_report(scenes: Sequence[tuple[float, Sequence[Painted]]], **options: Any) -> Report:
    """The report of pictures of 320 x 240 at these times."""
    return analyze_painted(scenes, options=AnalysisOptions(**options))


def painted_film(
    path: Path, scenes: Sequence[tuple[float, Sequence[Painted]]], **film: Any
) -> Path:
    """The same pictures as a file; `film`: fields of Film."""
    frames = [picture(*faces) for _, faces in scenes]
    times_ms = [round(1000 * time_s) for time_s, _ in scenes]
    return Film(frames=frames, pts_ms=times_ms, **film).write(path)
