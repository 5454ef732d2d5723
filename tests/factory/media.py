"""Generated media: public-domain faces, synthetic sound, PyAV encoders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from trials.media import RATE_HZ, astronaut, vowel  # noqa: F401 - tests take them from here


def plain(size_wh: tuple[int, int] = (320, 240), level: int = 90) -> NDArray[np.uint8]:
    """A picture of nobody."""
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


@dataclass
class Sound:
    """Sound to mux: samples float32 (C, N)."""

    samples: NDArray[np.float32]
    rate_hz: int = RATE_HZ
    codec: str = "libopus"
    layout: str = "mono"


@dataclass
class Film:
    """A video to make. `pts_ms` gives each frame its own time; by default they are regular."""

    frames: Sequence[NDArray[np.uint8]]
    rate_hz: int = 25
    codec: str = "libvpx"
    format: str | None = None
    pixels: str = "yuv420p"
    pts_ms: Sequence[int] | None = None
    rotation_deg: int | None = None
    sound: Sound | None = None
    pixel_aspect: tuple[int, int] | None = None
    tags: dict[str, str] = field(default_factory=dict)
    """Metadata of the video stream."""
    muxer: dict[str, str] = field(default_factory=dict)
    encoder: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Encode into `path`."""
        with av.open(str(path), "w", format=self.format, options=self.muxer) as out:
            stream: Any = out.add_stream(self.codec, rate=self.rate_hz)
            height, width = self.frames[0].shape[:2]
            stream.width, stream.height, stream.pix_fmt = width, height, self.pixels
            stream.time_base = Fraction(1, 1000)
            stream.codec_context.time_base = Fraction(1, 1000)
            defaults = {"deadline": "realtime", "cpu-used": "8"} if "vpx" in self.codec else {}
            stream.options = defaults | self.encoder
            stream.metadata.update(self.tags)
            if self.pixel_aspect is not None:
                stream.codec_context.sample_aspect_ratio = Fraction(*self.pixel_aspect)
            if self.rotation_deg is not None:
                stream.set_display_rotation(self.rotation_deg)
            audio: Any = None
            if self.sound is not None:
                audio = out.add_stream(self.sound.codec, rate=self.sound.rate_hz)
                audio.layout = self.sound.layout
            for packet in self._video_packets(stream):
                out.mux(packet)
            if audio is not None and self.sound is not None:
                for packet in _audio_packets(audio, self.sound):
                    out.mux(packet)
        return path

    @staticmethod
    def joined(paths: Sequence[Path], target: Path) -> Path:
        """The video packets of files one after the other, with times that go on, not encoded."""
        with av.open(str(target), "w") as out:
            stream: Any = None
            offset = 0
            for path in paths:
                with av.open(str(path)) as file:
                    source = file.streams.video[0]
                    if stream is None:
                        stream = out.add_stream_from_template(source)
                    last = 0
                    for packet in file.demux(source):
                        if packet.dts is None:
                            continue
                        last = packet.pts + 40
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = stream
                        out.mux(packet)
                    offset += last
        return target

    def _video_packets(self, stream: Any) -> Iterable[Any]:
        for index, rgb in enumerate(self.frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame.pts = self.pts_ms[index] if self.pts_ms else round(1000 * index / self.rate_hz)
            frame.time_base = Fraction(1, 1000)
            yield from stream.encode(frame)
        yield from stream.encode(None)


def huge_picture(path: Path) -> Path:
    """One black picture of 16,000 x 16,000 pixels, a few kB in the file."""
    with av.open(str(path), "w", format="mov") as out:
        stream: Any = out.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 16_000, 16_000, "monob"
        frame = av.VideoFrame(16_000, 16_000, "monob")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def sound_alone(path: Path) -> Path:
    """A second of sound in an MP4 without a picture."""
    with av.open(str(path), "w", format="mp4") as out:
        stream: Any = out.add_stream("aac", rate=RATE_HZ)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(vowel(1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


SOUND_CODECS = {
    "wav": "pcm_s16le",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "ogg": "flac",
    "opus": "libopus",
    "flac": "flac",
}
SOUND_FORMATS = {"m4a": "mp4", "opus": "ogg"}


def sound_file(
    path: Path, seconds: float = 1.0, samples: NDArray[np.float32] | None = None
) -> Path:
    """A mono sound file at 48 kHz of the kind that its name says: a vowel, or samples (N,)."""
    kind = path.suffix.removeprefix(".")
    mono = vowel(seconds) if samples is None else samples
    with av.open(str(path), "w", format=SOUND_FORMATS.get(kind, kind)) as out:
        stream: Any = out.add_stream(SOUND_CODECS[kind], rate=RATE_HZ)
        stream.layout = "mono"
        for packet in _audio_packets(stream, Sound(mono[None], RATE_HZ, "mono")):
            out.mux(packet)
    return path


def _audio_packets(stream: Any, sound: Sound) -> Iterable[Any]:
    resampler = av.AudioResampler(
        format=stream.codec_context.format or "flt", layout=sound.layout, rate=sound.rate_hz
    )
    samples = np.atleast_2d(sound.samples)
    for start in range(0, samples.shape[1], 960):
        part = np.ascontiguousarray(samples[:, start : start + 960])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=sound.layout)
        frame.sample_rate, frame.pts = sound.rate_hz, start
        frame.time_base = Fraction(1, sound.rate_hz)
        for ready in resampler.resample(frame):
            yield from stream.encode(ready)
    for ready in resampler.resample(None):
        yield from stream.encode(ready)
    yield from stream.encode(None)
