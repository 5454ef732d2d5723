"""Encode frames and sound to an MP4 file that browsers play."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.container import OutputContainer
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.reformatter import Colorspace

from evolvisense.errors import FormatUnavailableError
from evolvisense.media.descriptors import DescriptorFile, descriptor_of
from evolvisense.types.arrays import F32, U8

VIDEO_ENCODERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "libx264": {"preset": "veryfast", "crf": "22", "profile": "high"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "32", "b": "0"},
    }
)
"""Name -> options of what browsers decode inside an MP4; the first one that there is is taken."""
ENCODER_THREADS = 2
TICKS_PER_S = 90_000
"""Fine enough for the times of any camera."""
NOMINAL_RATE_HZ = 30
"""Tells the encoder which decoders to write for; every frame still has its own time."""
SOUND_RATE_HZ = 48_000
SOUND_BITS_PER_S = 128_000
SMPTE170M, BT709, LIMITED = 6, 1, 1
"""ITU-T H.273: the matrix that frames are converted with, primaries and transfer, and range."""


class Mp4Writer:
    """Writes one file; add frames and audio in the order of their times, near each other."""

    def __init__(self, out: OutputContainer, size_wh: tuple[int, int], *, has_sound: bool) -> None:
        self._out = cast("Any", out)  # PyAV's packets come without a type
        self._video = _open_video(self._out, size_wh)
        self._sound = _open_sound(self._out) if has_sound else None
        self._last_tick = -1
        self._resampler: AudioResampler | None = None
        self._sound_from_hz = 0

    def picture(self, time_s: float, rgb: U8) -> bool:
        """Add uint8 (H, W, 3) of the size of the file, to be shown from `time_s` on.

        False, and nothing is added, where its time is not after that of the frame before.
        """
        tick = round(time_s * TICKS_PER_S)
        if tick <= self._last_tick:
            return False
        self._last_tick = tick
        frame = AvVideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU601
        )
        frame.pts, frame.time_base = tick, Fraction(1, TICKS_PER_S)
        self._out.mux(self._video.encode(frame))
        return True

    def sound(self, mono: F32, rate_hz: int) -> None:
        """Add samples float32 (N,), full scale 1, that follow the ones before without a gap."""
        if self._sound is None:
            raise ValueError("this file was opened without sound")
        if self._resampler is None:
            self._resampler = AudioResampler("fltp", "mono", SOUND_RATE_HZ)
            self._sound_from_hz = rate_hz
        if rate_hz != self._sound_from_hz:
            raise ValueError(f"expected {self._sound_from_hz} Hz as before, got {rate_hz}")
        # One plane of one channel: what is louder than full scale would be distorted by AAC.
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(np.clip(mono, -1, 1)[None]), format="fltp", layout="mono"
        )
        frame.sample_rate = rate_hz
        for ready in self._resampler.resample(frame):
            self._out.mux(self._sound.encode(ready))

    def finish(self) -> None:
        """Write what the encoders still hold."""
        if self._sound is not None:
            for ready in [] if self._resampler is None else self._resampler.resample(None):
                self._out.mux(self._sound.encode(ready))
            self._out.mux(self._sound.encode(None))
        self._out.mux(self._video.encode(None))


@contextmanager
def write_mp4(
    target: Path, size_wh: tuple[int, int], *, has_sound: bool, title: str
) -> Generator[Mp4Writer]:
    """A writer for `target`, of even width and height, complete when the block has ended.

    `target` may be a path of `descriptors.descriptor_path`. The index comes first, so that a
    browser begins to play before it has all of it. Raises FormatUnavailableError where no encoder
    is there, and OSError where the disk does not take it.
    """
    options = {"movflags": "+faststart"}
    with _opened(target, options) as out:
        out.metadata["title"] = title
        writer = Mp4Writer(out, size_wh, has_sound=has_sound)
        yield writer
        writer.finish()


def _opened(target: Path, options: dict[str, str]) -> OutputContainer:
    descriptor = descriptor_of(target)
    if descriptor is None:
        return av.open(f"file:{target}", "w", format="mp4", options=options)

    def open_again(_url: str, _flags: int, _options: dict[str, str]) -> DescriptorFile:
        # To bring the index forward, FFmpeg opens the file a second time and reads it.
        return DescriptorFile(descriptor)

    return av.open(
        DescriptorFile(descriptor), "w", format="mp4", options=options, io_open=open_again
    )


def silence(duration_s: float, rate_hz: int) -> Iterator[F32]:
    """Samples of a silence of this length, a second at a time."""
    left = round(duration_s * rate_hz)
    while left > 0:
        yield np.zeros(min(left, rate_hz), np.float32)
        left -= rate_hz


def _open_video(out: Any, size_wh: tuple[int, int]) -> Any:  # noqa: ANN401 - see Mp4Writer
    name = next((name for name in VIDEO_ENCODERS if _has_encoder(name)), None)
    if name is None:
        raise FormatUnavailableError(
            f"video cannot be written: PyAV has none of {', '.join(VIDEO_ENCODERS)}"
        )
    stream = out.add_stream(name, rate=NOMINAL_RATE_HZ, options=dict(VIDEO_ENCODERS[name]))
    context = stream.codec_context
    (context.width, context.height), context.pix_fmt = size_wh, "yuv420p"
    context.time_base = stream.time_base = Fraction(1, TICKS_PER_S)
    context.thread_count = ENCODER_THREADS
    context.colorspace, context.color_range = SMPTE170M, LIMITED
    context.color_primaries = context.color_trc = BT709
    return stream


def _open_sound(out: Any) -> Any:  # noqa: ANN401 - see Mp4Writer
    stream = out.add_stream("aac", rate=SOUND_RATE_HZ)
    stream.codec_context.layout = "mono"
    stream.codec_context.bit_rate = SOUND_BITS_PER_S
    return stream


def _has_encoder(name: str) -> bool:
    try:
        return Codec(name, "w").is_encoder
    except UnknownCodecError:
        return False
