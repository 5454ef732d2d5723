"""A corpus as a researcher has one: the clips cut, encoded in many ways, some copied, some broken.

In the ignored folder `benchmarks/.work/scaling`; the same count gives the same corpus again.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType

from benchmarks import clip
from trials.paths import DATA, WORK

FOLDER = WORK / "scaling"
LENGTH_S = 2.0
SHORTEST_S = 1.5
STEP_S = 0.25
"""From the start of one cut of a clip to the next."""
COPIES, TRUNCATED, TEXTS, EMPTY = 4, 4, 2, 2
SAMPLE_RATE_HZ = 48_000
MILLISECOND = Fraction(1, 1000)
MPEG_4 = "mpeg4"
"""It counts at most 65535 ticks a second, and wants its own rate."""
SUFFIXES = (".mp4", ".mov", ".flv", ".webm")


@dataclass(frozen=True)
class Encoding:
    """How a file is written."""

    suffix: str
    video: str
    audio: str
    height_px: int
    fps: int
    """Pictures that come sooner than this are left out."""
    options: Mapping[str, str] = field(default_factory=dict)


ENCODINGS = (
    Encoding(".mp4", "libx264", "aac", 360, 30, {"preset": "veryfast", "crf": "23"}),
    Encoding(".webm", "libvpx", "libopus", 480, 30, {"deadline": "realtime", "cpu-used": "8"}),
    Encoding(
        ".mov", "libx265", "aac", 480, 30, {"preset": "ultrafast", "x265-params": "log-level=0"}
    ),
    Encoding(".webm", "libvpx-vp9", "libopus", 360, 15, {"deadline": "realtime", "cpu-used": "8"}),
    Encoding(".mkv", "libx264", "libmp3lame", 720, 30, {"preset": "veryfast", "crf": "28"}),
    Encoding(".mp4", MPEG_4, "aac", 240, 25, {"qscale": "5"}),
    Encoding(".mkv", "mjpeg", "pcm_s16le", 360, 12),
)


@dataclass(frozen=True)
class _Cut:
    source: Path
    target: Path
    encoding: Encoding
    start_s: float


def corpus(files: int) -> Path:
    """A folder of so many files, made once."""
    folder = FOLDER / f"corpus-{files}"
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        cuts = list(_cuts(part, files - COPIES - TRUNCATED - TEXTS - EMPTY))
        for cut in cuts:
            cut.target.parent.mkdir(parents=True, exist_ok=True)
        with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
            pool.map(_write, cuts, chunksize=1)
        _spoil(part, [cut.target for cut in cuts])
        part.rename(folder)
    return folder


def sample(folder: Path, count: int) -> list[Path]:
    """So many of its files that are not broken, spread over clips and encodings."""
    good = sorted(path for path in folder.glob("*/*.*") if path.parent.name != "spoiled")
    step = len(good) / count
    return [good[int(step * number)] for number in range(count)]


def _sources() -> Sequence[Path]:
    clips = sorted(p for p in (DATA / "clips").glob("*") if p.suffix in SUFFIXES)
    return [path for path in clips if _duration_s(path) >= SHORTEST_S] or [clip.ten_seconds()]


def _duration_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.duration or 0) / av.time_base


def _cuts(folder: Path, count: int) -> Iterator[_Cut]:
    sources = _sources()
    for number in range(count):
        turn, which = divmod(number, len(sources))
        later, encoding = divmod(turn, len(ENCODINGS))
        source, how = sources[which], ENCODINGS[encoding]
        target = folder / source.stem / f"{turn:02}-{how.video}{how.suffix}"
        yield _Cut(source, target, how, later * STEP_S)


def _write(cut: _Cut) -> None:
    with av.open(str(cut.source)) as source, av.open(str(cut.target), "w") as out:
        pictures: Any = source.streams.video[0]
        writer = _Writer(out, cut.encoding, pictures, has_sound=bool(source.streams.audio))
        start_s = None
        for frame in source.decode(*[pictures, *source.streams.audio[:1]]):
            time_s = frame.time or 0.0
            start_s = time_s + cut.start_s if start_s is None else start_s
            if not start_s <= time_s < start_s + LENGTH_S:
                continue
            if isinstance(frame, av.VideoFrame):
                writer.picture(frame, time_s - start_s)
            else:
                writer.sound(frame)
        writer.close()


class _Writer:
    """Times of pictures are those of the source, so that a variable rate stays one."""

    def __init__(self, out: Any, how: Encoding, source: Any, *, has_sound: bool) -> None:
        self._out = out
        self._tick = Fraction(1, how.fps) if how.video == MPEG_4 else MILLISECOND
        self._least = Fraction(9, 10 * how.fps) / self._tick
        self._last: int | None = None
        height = min(how.height_px, source.height) // 2 * 2
        self._video = out.add_stream(how.video, rate=how.fps, options=dict(how.options))
        self._video.height = height
        self._video.width = round(source.width * height / source.height / 2) * 2
        self._video.pix_fmt = "yuvj420p" if how.video == "mjpeg" else "yuv420p"
        self._video.time_base = self._video.codec_context.time_base = self._tick
        self._audio = None
        if has_sound:
            self._audio = out.add_stream(how.audio, rate=SAMPLE_RATE_HZ, layout="mono")
            self._resampler = av.AudioResampler(
                self._audio.format, "mono", SAMPLE_RATE_HZ, self._audio.frame_size or 1024
            )

    def picture(self, frame: av.VideoFrame, time_s: float) -> None:
        tick = int(time_s / self._tick)
        if self._last is not None and tick - self._last < self._least:
            return
        scaled = frame.reformat(self._video.width, self._video.height, self._video.pix_fmt)
        scaled.pts, scaled.time_base, self._last = tick, self._tick, tick
        scaled.pict_type = PictureType.NONE
        self._out.mux(self._video.encode(scaled))

    def sound(self, frame: av.AudioFrame | None) -> None:
        if self._audio is None:
            return
        if frame is not None:
            frame.pts = None
        for part in self._resampler.resample(frame):
            self._out.mux(self._audio.encode(part))

    def close(self) -> None:
        self._out.mux(self._video.encode(None))
        self.sound(None)
        if self._audio is not None:
            self._out.mux(self._audio.encode(None))


def _spoil(folder: Path, files: Sequence[Path]) -> None:
    """What a folder of recordings holds besides: copies, broken downloads, wrong names."""
    spoiled = folder / "spoiled"
    spoiled.mkdir()
    for number in range(COPIES):
        shutil.copyfile(files[number], spoiled / f"copy-{number}{files[number].suffix}")
    for number in range(TRUNCATED):
        whole = files[-1 - number].read_bytes()
        name = f"truncated-{number}{files[-1 - number].suffix}"
        (spoiled / name).write_bytes(whole[: len(whole) // 2])
    for number in range(TEXTS):
        (spoiled / f"text-{number}.mp4").write_text(f"this is not a video, it is note {number}\n")
    for number in range(EMPTY):
        (spoiled / f"empty-{number}.webm").write_bytes(b"")
