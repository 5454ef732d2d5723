"""Seconds from file to report, beside decoding alone and beside a loop over DeepFace.

All take turns in each round on the same machine; the table has medians and their ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from benchmarks import clip
from benchmarks.deepface_process import deepface_loop
from benchmarks.machine import Row
from evolvisense import AnalysisOptions, Analyzer

FRAME_SKIP, MAX_FRAMES = 10, 50
COUNTED = """Counted, each from opening the file, everything loaded and called once before:
- decode: PyAV, the video stream alone, every frame, two threads, no conversion of pixels.
- decode with sound: the same and the audio stream.
- ours: Analyzer.analyze(), frame_skip=10, max_frames=50: pictures, faces, expressions, voice,
  scores, report.
- every frame: the same with frame_skip=1, without max_frames.
- DeepFace, every frame: the next, on every frame, run once.
- DeepFace: cv2.VideoCapture reads all frames, DeepFace.analyze() on every tenth, at most 50, with
  the OpenCV detector; pictures only, no sound, in a process of its own that waits between runs.
  Its weights are random values in its own architecture: speed does not depend on them."""


def decode(path: Path, *, sound: bool, threads: int = 2) -> int:
    """Decode all pictures, and the sound if wanted; number of pictures."""
    pictures = 0
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_type = "AUTO"
        video.codec_context.thread_count = threads
        streams: list[Any] = [video, *container.streams.audio] if sound else [video]
        for packet in container.demux(streams):
            decoded = len(packet.decode())
            pictures += decoded if packet.stream is video else 0
    return pictures


def measure(rounds: int) -> tuple[dict[str, Any], list[Row]]:
    path = clip.ten_seconds()
    analyzer = Analyzer()
    default = AnalysisOptions(frame_skip=FRAME_SKIP, max_frames=MAX_FRAMES)
    runs: dict[str, Callable[[], Any]] = {
        "decode": lambda: decode(path, sound=False),
        "decode with sound": lambda: decode(path, sound=True),
        "ours": lambda: analyzer.analyze(path, default),
        "every frame": lambda: analyzer.analyze(path, AnalysisOptions()),
    }
    print(COUNTED)
    assert runs["decode"]() == clip.FPS * clip.DURATION_S
    with deepface_loop(path) as deepface:
        about = deepface.about if deepface else None
        print(f"DeepFace: {about or 'not measured: make .venv-deepface/.installed'}", flush=True)
        for run in runs.values():
            run()
        samples: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, run in runs.items():
                samples.setdefault(name, []).append(_seconds(run))
            if deepface:
                samples.setdefault("DeepFace", []).append(deepface.run(FRAME_SKIP, MAX_FRAMES))
        if deepface:
            # Two minutes: once is enough.
            samples["DeepFace, every frame"] = [deepface.run(1, clip.FPS * clip.DURATION_S)]
    stages = {k: round(v, 3) for k, v in runs["ours"]().timings_s.items()}
    medians = {name: statistics.median(values) for name, values in samples.items()}
    print("seconds, median (lowest to highest):")
    for name, values in samples.items():
        print(f"  {name:22} {medians[name]:8.3f}  ({min(values):.3f} to {max(values):.3f})")
    print(f"stages of ours, side by side on two cores: {stages}", flush=True)
    results = {"seconds": samples, "medians": medians, "stages_of_ours": stages, "deepface": about}
    return results, _rows(medians, about)


def _seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _rows(medians: dict[str, float], about: dict[str, Any] | None) -> list[Row]:
    ours, decoding, every = medians["ours"], medians["decode"], medians["every frame"]
    rows = [
        Row("10 s, 1280x720 VP8 + Opus, defaults (every 10th frame)", f"{ours:.2f} s"),
        Row(
            "... compared with decoding its pictures, two threads",
            f"{ours / decoding:.2f} x ({decoding:.2f} s)",
            "<= 1.5 x",
        ),
    ]
    if about:
        names = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
        rows.append(
            Row(
                f"... faster than a loop over DeepFace ({names})",
                f"{medians['DeepFace'] / ours:.0f} x ({medians['DeepFace']:.1f} s)",
                ">= 40 x",
            )
        )
    real_time = clip.DURATION_S / every
    rows.append(Row("every frame of it", f"{every:.2f} s, {real_time:.1f} x real time", ">= 5 x"))
    if about:
        loop = medians["DeepFace, every frame"]
        rows.append(
            Row("... faster than DeepFace on every frame", f"{loop / every:.0f} x ({loop:.0f} s)")
        )
    return rows
