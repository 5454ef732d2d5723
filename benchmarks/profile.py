"""python -m benchmarks.profile [--rounds N] [--write]: where the seconds of an analysis go.

Runs the ten-second clip (`benchmarks/clip.py`) with the defaults, with every frame, and as sound
alone, on one and on two cores, and prints CPU seconds for each stage; `--write` puts the table into
docs/performance.md. A stage is a set of functions of the product: their calls are timed by the CPU
clock of their thread, without stages inside them. Decoding happens in threads of FFmpeg: it is what
the process used and no stage did.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import av

from benchmarks import clip
from benchmarks.machine import machine
from evolvisense import AnalysisOptions, Analyzer
from evolvisense.report import tables

STAGES: dict[str, tuple[str, ...]] = {
    "probe, scan of packets": ("analyzer:probe", "analyzer:scan_media"),
    "convert to RGB": ("media.geometry:DisplayGeometry.rgb",),
    "detect": (
        "face.libfacedetection:LibFaceDetection.detect",
        "face.single_shot:SingleShotDetector.detect",
    ),
    "crop": ("face.redetection:crop_face",),
    "face network": ("face.network:FaceReader.read_crops",),
    "boxes, quality, occlusion": ("face.redetection:TrackingReader._faces",),
    "behaviour": ("analyzer:describe_people",),
    "decode audio": ("analyzer:decode_audio",),
    "resample to 16 kHz": ("voice.reading:_Stream._resampled",),
    "voice activity": ("voice.vad:SileroStream.push", "voice.vad:SileroStream.flush"),
    "pitch": ("voice.pitch:SwiftF0Stream.push", "voice.pitch:SwiftF0Stream.flush"),
    "spectral frames, perturbation": ("voice.tracks:FrameTracks._measure",),
    "voice-emotion network": ("voice.emotion:VoiceEmotionReader.read_windows",),
    "audio quality": ("voice.quality:StreamQuality.push", "voice.quality:StreamQuality.finish"),
    "v1 voice": ("voice.legacy:LegacyMeans.push", "voice.legacy:LegacyMeans.finish"),
    "voice measures": ("voice.reading:describe_voice", "voice.reading:find_syllables"),
    "indicators": ("analyzer:score_v1", "analyzer:score_windows", "analyzer:gather_evidence"),
    "report": ("analyzer:build_report",),
    "JSON": ("report.tables:to_json",),
}
DECODING = "decode video and the rest"
BEGIN = "<!-- figures: python -m benchmarks.profile --write -->"
END = "<!-- end of figures -->"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


@dataclass(frozen=True)
class Case:
    """One way to analyse the clip."""

    name: str
    path: Path
    options: AnalysisOptions
    cores: int


class Meter:
    """CPU seconds by stage, of all threads; a stage inside a stage counts for itself alone."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self._lock = threading.Lock()
        self._thread = threading.local()

    def install(self) -> None:
        """Put a timer around every function of STAGES, for the life of the process."""
        for stage, places in STAGES.items():
            for place in places:
                module, name = place.split(":")
                owner: Any = import_module(f"evolvisense.{module}")
                *classes, function = name.split(".")
                for part in classes:
                    owner = getattr(owner, part)
                setattr(owner, function, self._timed(stage, getattr(owner, function)))

    def _timed(self, stage: str, function: Any) -> Any:
        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with_clock = self._clock(stage)
            next(with_clock)
            try:
                result = function(*args, **kwargs)
            finally:
                next(with_clock, None)
            return self._each(stage, result) if isinstance(result, Iterator) else result

        return run

    def _each(self, stage: str, items: Iterator[Any]) -> Iterator[Any]:
        while True:
            clock = self._clock(stage)
            next(clock)
            try:
                item = next(items, None)
            finally:
                next(clock, None)
            if item is None:
                return
            yield item

    def _clock(self, stage: str) -> Iterator[None]:
        began, outer_inside = time.thread_time(), getattr(self._thread, "inside", 0.0)
        self._thread.inside = 0.0
        yield
        spent = time.thread_time() - began
        with self._lock:
            own = spent - self._thread.inside
            self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + own
        self._thread.inside = outer_inside + spent


def sound_alone(video: Path) -> Path:
    """The audio stream of a file as a file of its own, made once."""
    path = video.with_name(f"{video.stem}_sound.webm")
    if not path.is_file():
        with av.open(str(video)) as source, av.open(str(path), "w") as out:
            stream = source.streams.audio[0]
            copy = out.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    out.mux(packet)
    return path


def measure(case: Case, analyzer: Analyzer, meter: Meter, rounds: int) -> dict[str, float]:
    """Medians over rounds: CPU seconds by stage, `CPU` and `wall` in all."""
    everywhere = os.sched_getaffinity(0)
    _use_cores(set(sorted(everywhere)[: case.cores]))
    samples: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        meter.cpu_s = {}
        began, cpu = time.perf_counter(), time.process_time()
        tables.to_json(analyzer.analyze(case.path, case.options))
        all_cpu = time.process_time() - cpu
        wall = time.perf_counter() - began
        rest = all_cpu - sum(meter.cpu_s.values())
        samples.append({**meter.cpu_s, DECODING: rest, "CPU": all_cpu, "wall": wall})
    _use_cores(everywhere)
    names = samples[1].keys()
    return {name: statistics.median(s.get(name, 0.0) for s in samples[1:]) for name in names}


def _use_cores(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def table(results: dict[str, dict[str, float]]) -> str:
    """Rows are stages, columns cases; seconds."""
    names = [*STAGES, DECODING, "CPU", "wall"]
    lines = ["| stage | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for name in names:
        cells = [f"{r[name]:.3f}" if name in r else "-" for r in results.values()]
        label = f"**{name}, all**" if name in ("CPU", "wall") else name
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    video = clip.ten_seconds()
    default = AnalysisOptions(frame_skip=10, max_frames=50)
    ways = {
        "defaults": (video, default),
        "every frame": (video, AnalysisOptions()),
        "sound alone": (sound_alone(video), default),
    }
    meter = Meter()
    meter.install()
    analyzer = Analyzer()
    results = {
        f"{name}, {cores} core{'s'[: cores - 1]}": measure(
            Case(name, path, chosen, cores), analyzer, meter, options.rounds
        )
        for name, (path, chosen) in ways.items()
        for cores in (1, 2)
    }
    about = ", ".join(str(value) for value in machine().values())
    text = f"{about}; CPU seconds, medians of {options.rounds} rounds.\n\n{table(results)}"
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        head, tail = page.split(BEGIN)[0], page.split(END)[1]
        PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
