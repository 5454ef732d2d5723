"""EvolviSense reads faces and voices in video: fast, offline, private.

import evolvisense
report = evolvisense.analyze("interview.webm")
print(report.people[0].mean_probabilities)
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from evolvisense.analyzer import Analyzer
    from evolvisense.baselines import BaselineStore, StoredRecording, baseline_of
    from evolvisense.batch import analyze_many
    from evolvisense.indicators import Baseline
    from evolvisense.media import MediaLimits
    from evolvisense.options import AnalysisOptions, Smoothing
    from evolvisense.report import Report
    from evolvisense.types.indicators import Language

# ONNX Runtime would tell its maker of every start and keep an id of this machine in the home
# folder. Only this, before it is imported, keeps it from that. Where it was imported before, it has
# written the id already; what it would send is switched off.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
if (_onnxruntime := sys.modules.get("onnxruntime")) is not None:
    _onnxruntime.disable_telemetry_events()

__version__: str

__all__ = [
    "AnalysisOptions",
    "Analyzer",
    "Baseline",
    "BaselineStore",
    "MediaLimits",
    "Report",
    "StoredRecording",
    "analyze",
    "analyze_many",
    "baseline_of",
]

_HOMES = {
    "AnalysisOptions": "evolvisense.analyzer",
    "Analyzer": "evolvisense.analyzer",
    "analyze_many": "evolvisense.batch",
    "Baseline": "evolvisense.indicators",
    "BaselineStore": "evolvisense.baselines",
    "MediaLimits": "evolvisense.media",
    "StoredRecording": "evolvisense.baselines",
    "baseline_of": "evolvisense.baselines",
    "Report": "evolvisense.report",
}


def analyze(  # noqa: PLR0913 - the options, by name
    source: str | Path | BinaryIO,
    *,
    frame_skip: int = 1,
    max_frames: int | None = None,
    voice: bool = True,
    smoothing: Smoothing = "one-euro",
    language: Language = "any",
    landmarks: bool = False,
    video_stream: int | None = None,
    baseline: Baseline | None = None,
) -> Report:
    """Analyse one video, given by path or as a binary file object.

    `video_stream` is the number of a stream in the container, where it has several of video.
    Loads the models each time: for several videos make one `Analyzer` and keep it.
    Raises an `evolvisense.errors.InputError` that says what is wrong with the file.
    """
    from evolvisense.analyzer import Analyzer  # noqa: PLC0415 - keeps import light
    from evolvisense.options import AnalysisOptions  # noqa: PLC0415

    options = AnalysisOptions(
        frame_skip, max_frames, voice, smoothing, language, landmarks, video_stream
    )
    return Analyzer().analyze(source, options, baseline=baseline)


def __getattr__(name: str) -> object:
    """Load public names when they are first used."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - keeps import light

        return version("evolvisense")
    if name not in _HOMES:
        raise AttributeError(f"module 'evolvisense' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)
