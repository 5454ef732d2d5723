"""Video streams become upright RGB frames of one size, with their exact time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.stream import VideoStream

from evolvisense.media.container import choose_video, decoded, open_container, prepare_decoder
from evolvisense.media.extent import measure_timing
from evolvisense.media.geometry import DisplayGeometry
from evolvisense.media.limits import MediaLimits
from evolvisense.media.tally import VideoTally
from evolvisense.types.media import MediaTiming, StreamTiming, VideoFrame

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
        """Tell that a packet is sent to the decoder."""
        if self._in_decoding_order and not packet.is_discard:
            stamp = _stamp(packet)
            if stamp is not None:
                heapq.heappush(self._waiting, stamp)

    def forget(self, packet: Packet[Any]) -> None:
        """Tell that no frame comes of a packet."""
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
