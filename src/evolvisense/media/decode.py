"""Decoding: video streams become upright RGB frames, audio streams become mono blocks.

Frames have one size and their exact time; audio blocks have the file's own sample rate. What was
read is counted on the way, so that missing parts can be reported.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.stream import VideoStream

from evolvisense.media.container import (
    MediaLimits,
    choose_audio,
    choose_video,
    decoded,
    open_container,
    prepare_decoder,
)
from evolvisense.media.downmix import Mixer
from evolvisense.media.extent import measure_timing, scan_media
from evolvisense.media.geometry import DisplayGeometry
from evolvisense.types.arrays import F32
from evolvisense.types.media import AudioBlock, MediaTiming, StreamTiming, VideoFrame

MIN_PICTURE_HOLE_S = 0.5
HOLE_STEPS = 5.0
"""In a stream of regular frames, frames are missing where none comes for this many steps and
MIN_PICTURE_HOLE_S; a screen recording, whose frames come when something changes, has none."""
REGULAR_SHARE = 0.95
REGULAR_STEPS = 2.0
"""Regular: this share of the steps is at most this many times the median."""
SOUND_TOLERANCE_S = 0.5
"""Sound that ends earlier than its packets by less is the padding of a codec."""


@dataclass
class VideoTally:
    """Frames of one stream as they are decoded: 8 bytes for each."""

    is_complete: bool = False
    """Whether the stream was read to its end."""
    errors: int = 0
    """Packets that could not be decoded."""
    times_s: array[float] = field(default_factory=lambda: array("d"))

    def missing(self, timing: StreamTiming) -> tuple[int, float] | None:
        """Frames and seconds that are missing; None where the stream was not read to its end."""
        if not self.is_complete:
            return None
        times_s = np.frombuffer(self.times_s, np.float64)
        step_s = _typical_step_s(times_s)
        in_holes_s = _holes_s(times_s, step_s)
        in_holes = round(in_holes_s / step_s) if step_s else 0
        # A packet of a codec may hold no frame of its own: only what failed to decode is missing.
        undecoded = min(self.errors, max(0, timing.packets - len(times_s)))
        frames = max(undecoded, in_holes)
        return frames, max(in_holes_s, frames * step_s)


@dataclass
class AudioTally:
    """Seconds of one stream as they are decoded."""

    is_complete: bool = False
    end_s: float | None = None
    """Where the last sound ends; None where there was none."""
    hole_s: float = 0.0
    """In holes between its timestamps."""
    one_channel_s: float = 0.0
    """Sound in which the channels cancel each other, so that one of them was taken."""

    def missing_s(self, timing: StreamTiming | None) -> float | None:
        """Seconds that are missing; None where the stream was not read to its end."""
        if not self.is_complete or timing is None:
            return None
        begin_s = timing.start_s if self.end_s is None else self.end_s
        rest_s = timing.end_s - begin_s
        return self.hole_s + (rest_s if rest_s > SOUND_TOLERANCE_S else 0.0)


def _typical_step_s(times_s: np.ndarray) -> float:
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0


def _holes_s(times_s: np.ndarray, step_s: float) -> float:
    """Seconds without a frame, of regular frames (N,)."""
    steps = np.diff(times_s)
    if step_s <= 0 or np.mean(steps <= REGULAR_STEPS * step_s) < REGULAR_SHARE:
        return 0.0
    holes = steps[steps > max(MIN_PICTURE_HOLE_S, HOLE_STEPS * step_s)]
    return float((holes - step_s).sum())


LARGEST_RATE_HZ = 240.0
"""More frames a second than this, over the whole duration limit, are not read: timestamps that lie
must not make a long file short."""
SMALLEST_STEP_S = 1e-3
"""Between frames whose timestamps do not rise, where the frame rate is unknown."""


def decode_video(
    path: Path,
    frame_skip: int = 1,
    max_frames: int | None = None,
    limits: MediaLimits | None = None,
    *,
    timing: MediaTiming | None = None,
    tally: VideoTally | None = None,
) -> Iterator[VideoFrame]:
    """Frames whose 1-based number is a multiple of `frame_skip`, until `max_frames` of them.

    Frames between are decoded, as the codec needs it, but not converted. Ends early, without an
    error, where the file is cut off or passes the duration limit, by its timestamps or by its
    number of frames. Times rise from frame to frame.

    Args:
        path: The file.
        frame_skip: 1 for every frame.
        max_frames: None reads to the end.
        limits: Duration limit, largest frame, threads.
        timing: Of the stream that is read; measured on the best stream where it is not given.
        tally: Counts what is decoded.
    """
    limits = limits or MediaLimits()
    timing = timing or measure_timing(path, limits)
    tally = tally if tally is not None else VideoTally()
    most = round(limits.max_duration_s * LARGEST_RATE_HZ)
    with open_container(path) as container:
        times = timing.video
        stream = choose_video(container, None if times is None else times.index)
        prepare_decoder(stream, limits)
        clock = _Clock(stream, times)
        geometry: DisplayGeometry | None = None
        wanted = 0

        def failed(packet: Packet[Any]) -> None:
            tally.errors += 1
            clock.forget(packet)

        frames = decoded(container, stream, times, clock.expect, failed)
        for number, frame in enumerate(_frames(frames), start=1):
            pts_s = clock.time_of(frame)
            if pts_s - clock.first_s > limits.max_duration_s or number > most:
                return
            tally.times_s.append(pts_s)
            if geometry is None:
                geometry = DisplayGeometry(stream, frame, limits.max_pixels)
            if number % frame_skip:
                continue
            yield VideoFrame(number=number, pts_s=pts_s, rgb=geometry.rgb(frame))
            wanted += 1
            if wanted == max_frames:
                return
        tally.is_complete = True


def _frames(items: Iterator[object]) -> Iterator[AvVideoFrame]:
    return (item for item in items if isinstance(item, AvVideoFrame))


class _Clock:
    """Presentation times that rise, whatever the container says.

    Three ways to a time, in ticks of the stream:
    - as stated: the frame's own timestamp, nearly always;
    - sorted: AVI states the times of decoding. Frames come out of the decoder in the order of
      presentation, so the k-th frame gets the k-th smallest time of the packets sent so far;
    - counted: without a timestamp, one step after the frame before.
    A time that does not rise becomes half a step after the one before, so that the next, sound one
    still comes later. `tests/media/test_times.py` guards all of them.
    """

    def __init__(self, stream: VideoStream, timing: StreamTiming | None) -> None:
        rate = float(stream.average_rate or 0)
        self._step_s = 1 / rate if rate > 0 else 0.0
        self._stream = stream
        self._in_decoding_order = timing is not None and timing.in_decoding_order
        self._waiting: list[int] = []
        """Heap of the timestamps of packets whose frame has not come yet."""
        self._last_s: float | None = None
        self.first_s = 0.0

    def expect(self, packet: Packet[Any]) -> None:
        """Note that a packet is sent to the decoder."""
        if self._in_decoding_order and not packet.is_discard:
            stamp = _stamp(packet)
            if stamp is not None:
                heapq.heappush(self._waiting, stamp)

    def forget(self, packet: Packet[Any]) -> None:
        """Note that a packet gives no frame."""
        stamp = _stamp(packet)
        if self._in_decoding_order and stamp in self._waiting:
            self._waiting.remove(stamp)
            heapq.heapify(self._waiting)

    def time_of(self, frame: AvVideoFrame) -> float:
        """Seconds at which the frame is to be seen."""
        pts = _stamp(frame)
        if self._in_decoding_order:
            pts = self._sorted(pts, frame_is_key=frame.key_frame)
        base = frame.time_base
        if pts is not None and base is not None:
            time_s = float(pts * base)
        elif self._last_s is None:
            time_s = 0.0
        else:
            time_s = self._last_s + (self._step_s or SMALLEST_STEP_S)
        if self._last_s is None:
            self.first_s = time_s
        elif time_s <= self._last_s:
            time_s = self._last_s + (self._step_s / 2 or SMALLEST_STEP_S)
        self._last_s = time_s
        return time_s

    def _sorted(self, stamp: int | None, *, frame_is_key: bool) -> int | None:
        if stamp is None or not self._waiting:
            return stamp
        if not self._stream.codec_context.has_b_frames:
            # Without reordering the stated time is the right one; what waits below it (frames
            # that are never shown, as in VP8) does not come any more.
            while self._waiting and self._waiting[0] <= stamp:
                heapq.heappop(self._waiting)
            return stamp
        while frame_is_key and self._waiting and self._waiting[0] < stamp:
            # Nothing sent before a key frame comes after it: those packets gave no frame.
            heapq.heappop(self._waiting)
        return heapq.heappop(self._waiting) if self._waiting else stamp


def _stamp(item: Packet[Any] | AvVideoFrame) -> int | None:
    return item.pts if item.pts is not None else item.dts


BLOCK_S = 1.0
GAP_TOLERANCE_S = 0.1
"""Timestamps that jump by less are rounding and jitter, not a hole in the sound."""


def decode_audio(
    path: Path,
    limits: MediaLimits | None = None,
    *,
    timing: MediaTiming | None = None,
    tally: AudioTally | None = None,
) -> Iterator[AudioBlock]:
    """Blocks of about one second, in order; zeros marked `is_gap` fill holes in the timestamps.

    Nothing where the file has no audio stream that can be decoded. Work is proportional to the
    sound that is there; what a hole costs is one small block for each of its seconds.

    Args:
        path: The file.
        limits: The duration limit holds for timestamps and for samples.
        timing: Of the stream that is read, so that its clock is that of the video; without it the
            first audio stream is read and timed on its own.
        tally: Counts what is decoded.
    """
    limits = limits or MediaLimits()
    tally = tally if tally is not None else AudioTally()
    with open_container(path) as container:
        stream = choose_audio(container, None if timing is None else _number(timing))
        if stream is None or (timing is not None and timing.audio is None):
            return
        sound = scan_media(path).sound(stream.index) if timing is None else timing.audio
        rate_hz = stream.codec_context.sample_rate
        blocks = _Blocks(rate_hz, limits.max_duration_s, tally)
        for frame in _float_frames(container, stream, rate_hz, sound):
            yield from blocks.add(frame)
            if blocks.is_past_limit:
                break
        else:
            tally.is_complete = True
        yield from blocks.rest()


def _number(timing: MediaTiming) -> int | None:
    return None if timing.audio is None else timing.audio.index


def _float_frames(
    container: InputContainer, stream: AudioStream, rate_hz: int, timing: StreamTiming | None
) -> Iterator[AudioFrame]:
    """Frames as planar float at one rate, whatever the stream changes to on its way."""
    resampler: AudioResampler | None = None
    made_for: str | None = None
    for frame in decoded(container, stream, timing):
        if not isinstance(frame, AudioFrame):
            continue
        if frame.format.name == "fltp" and frame.sample_rate == rate_hz:
            yield frame
            continue
        shape = f"{frame.format.name} {frame.layout.name} {frame.sample_rate}"
        if resampler is None or shape != made_for:
            resampler = AudioResampler(format="fltp", layout=frame.layout, rate=rate_hz)
            made_for = shape
        try:
            yield from resampler.resample(frame)
        except FFmpegError:
            continue


class _Blocks:
    """Collects frames into blocks and finds holes between them."""

    def __init__(self, rate_hz: int, max_duration_s: float, tally: AudioTally) -> None:
        self._rate_hz = rate_hz
        self._max_samples = round(max_duration_s * rate_hz)
        self._parts: list[F32] = []
        self._held = 0
        self._emitted = 0
        self._start_s: float | None = None
        self._tally = tally
        self._mixer = Mixer(rate_hz)

    @property
    def is_past_limit(self) -> bool:
        return self._emitted + self._held >= self._max_samples

    def add(self, frame: AudioFrame) -> Iterator[AudioBlock]:
        mono = self._mixer.mono(np.asarray(frame.to_ndarray(), np.float32))
        pts_s = frame.time
        if self._start_s is None:
            self._start_s = pts_s or 0.0
        elif pts_s is not None:
            hole_s = pts_s - self._now_s()
            if hole_s > GAP_TOLERANCE_S:
                yield from self._hole(hole_s)
                if self.is_past_limit:
                    return
        self._parts.append(mono)
        self._held += len(mono)
        self._tally.end_s = self._now_s()
        self._tally.one_channel_s = self._mixer.one_channel_s
        if self._held >= BLOCK_S * self._rate_hz:
            yield from self.rest()

    def rest(self) -> Iterator[AudioBlock]:
        if self._held:
            # Broken float streams can decode to NaN, which would spoil every mean after it.
            mono = np.nan_to_num(np.concatenate(self._parts))
            yield self._block(mono, is_gap=False, held=self._held)
            self._parts, self._held = [], 0

    def _hole(self, hole_s: float) -> Iterator[AudioBlock]:
        yield from self.rest()
        left = min(round(hole_s * self._rate_hz), self._max_samples - self._emitted)
        self._tally.hole_s += left / self._rate_hz
        while left > 0:
            count = min(left, round(BLOCK_S * self._rate_hz))
            # One zero in memory, whatever the length.
            zeros = np.broadcast_to(np.zeros(1, np.float32), count)
            yield self._block(zeros, is_gap=True, held=count)
            left -= count

    def _block(self, mono: F32, *, is_gap: bool, held: int) -> AudioBlock:
        block = AudioBlock(
            pts_s=(self._start_s or 0.0) + self._emitted / self._rate_hz,
            rate_hz=self._rate_hz,
            mono=mono,
            is_gap=is_gap,
        )
        self._emitted += held
        return block

    def _now_s(self) -> float:
        return (self._start_s or 0.0) + (self._emitted + self._held) / self._rate_hz
