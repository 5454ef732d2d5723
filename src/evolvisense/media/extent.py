"""Where the streams of a file begin and end, measured on its packets without decoding.

One pass over all packets gives a `MediaScan`; the timing of two of its streams together says where
the analysed part of the file begins and ends and how timestamps are to be corrected:

    raw timestamps   video  0 ....... 6 | 0 ....... 6      two recordings joined by `cat`:
                     audio  0 ........6 | 0 ........6      a part ends where timestamps fall back
    corrected        video  0 ....... 6 . 6 ...... 12      a part begins where the longest stream of
                     audio  0 ........6 . 6 .......12      the part before it ends, for both alike

`tests/media/test_joined.py` guards the shared shift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from av.packet import Packet
from av.stream import Stream

from evolvisense.media.container import (
    MediaLimits,
    choose_audio,
    find_video,
    open_container,
    packets,
)
from evolvisense.types.media import MediaExtent, MediaTiming, StreamTiming, TimeShift

MIN_RESTART_S = 0.5
"""Decoding times that fall back by more are a new beginning; by less, jitter of a muxer."""
MIN_JUMP_S = 10.0
"""Where clocks may jump by design (MPEG-TS), a jump ahead of all streams by more is one too; it is
FFmpeg's own limit (dts_delta_threshold)."""
JUMPING_FORMATS = frozenset({"mpegts", "mpeg"})
MAX_PARTS = 1000
"""A file with more beginnings is damaged; its times go on by the frame rate."""


@dataclass
class _Part:
    """Packets of one stream between two restarts; times in ticks of the stream."""

    first_packet: int
    is_jump: bool = False
    """Whether it begins with a jump ahead instead of a restart."""
    first: int | None = None
    last: int = 0
    end: int = 0
    count: int = 0

    def add(self, stamp: int, duration: int) -> None:
        self.first = stamp if self.first is None else min(self.first, stamp)
        self.last = max(self.last, stamp) if self.count else stamp
        self.end = max(self.end, stamp + duration) if self.count else stamp + duration
        self.count += 1

    @property
    def end_or_guess(self) -> int:
        """The end; a last packet without a duration lasts as long as the mean of the others."""
        if self.first is not None and self.end <= self.last and self.count > 1:
            return self.last + round((self.last - self.first) / (self.count - 1))
        return self.end


@dataclass
class _StreamScan:
    """Everything that the packets of one stream say about time."""

    index: int
    time_base: Fraction
    may_jump: bool
    rate_hz: float
    """Frame rate by the header; 0 where it states none."""
    parts: list[_Part] = field(default_factory=lambda: [_Part(0)])
    packets: int = 0
    shown: int = 0
    rises: bool = True
    untimed_ticks: int = 0
    _last_dts: int | None = None
    _last_pts: int | None = None

    def add(self, packet: Packet[Stream]) -> None:
        number = self.packets
        self.packets += 1
        pts, dts = packet.pts, packet.dts
        duration = max(0, packet.duration or 0)
        self._begin_part(number, dts)
        if pts is not None and not packet.is_discard:
            self.rises &= self._last_pts is None or pts >= self._last_pts
            self._last_pts = pts
        stamp = pts if pts is not None else dts
        # An edit list marks frames that are decoded but never shown.
        if packet.is_discard:
            return
        self.shown += 1
        if stamp is None:
            self.untimed_ticks += duration
            return
        self.parts[-1].add(stamp, duration)

    def _begin_part(self, number: int, dts: int | None) -> None:
        if dts is None:
            return
        last, self._last_dts = self._last_dts, dts
        if last is None or len(self.parts) >= MAX_PARTS:
            return
        step_s = float((dts - last) * self.time_base)
        if step_s < -MIN_RESTART_S or (self.may_jump and step_s > MIN_JUMP_S):
            self._last_pts = None
            self.parts.append(_Part(number, is_jump=step_s > 0))

    def timed_parts(self, *, jumps: bool) -> list[_Part]:
        """Parts that hold a shown packet; jumps ahead begin one only where `jumps` says so."""
        merged: list[_Part] = []
        for part in self.parts:
            if part.first is None:
                continue
            if merged and part.is_jump and not jumps:
                before = merged[-1]
                before.last = max(before.last, part.last)
                before.end = max(before.end, part.end)
                before.count += part.count
                continue
            merged.append(_Part(**vars(part)))
        return merged


@dataclass(frozen=True)
class MediaScan:
    """The packets of a file, stream by stream."""

    streams: dict[int, _StreamScan]

    def sound(self, audio: int) -> StreamTiming:
        """Time of an audio stream only."""
        stream = self.streams[audio]
        (timing,) = _timings([stream], _shared_parts([stream]))
        return timing

    def timing(self, video: int | None, audio: int | None, limits: MediaLimits) -> MediaTiming:
        """Time of a video and an audio stream together, by their numbers in the container.

        Without a video stream the extent is that of the sound.
        """
        chosen = [self.streams[n] for n in (video, audio) if n is not None and n in self.streams]
        shared = _shared_parts(chosen)
        timings = dict(zip((s.index for s in chosen), _timings(chosen, shared), strict=True))
        video_timing = None if video is None else timings[video]
        sound = None if audio is None else timings[audio]
        timing = video_timing or sound or StreamTiming(0, 0, 0.0, 0.0)
        whole_s = timing.end_s - timing.start_s
        last_end_s = max([t.end_s for t in timings.values()] + self._other_ends(timings))
        end_s = min(timing.end_s, timing.start_s + limits.max_duration_s)
        if sound is not None:
            most_s = sound.start_s + limits.max_duration_s
            sound = replace(sound, end_s=min(sound.end_s, most_s))
        return MediaTiming(
            extent=MediaExtent(timing.start_s, max(timing.start_s, end_s)),
            measured_s=whole_s,
            last_end_s=last_end_s,
            video=video_timing,
            audio=sound,
            joins_s=_joins(chosen, timings, shared),
        )

    def _other_ends(self, timings: dict[int, StreamTiming]) -> list[float]:
        others = [s for n, s in self.streams.items() if n not in timings]
        return [t.end_s for s in others for t in _timings([s], _shared_parts([s]))]


def scan_media(path: Path) -> MediaScan:
    """Read the timestamps of all packets of a file; nothing is decoded.

    Work and memory: one pass over the bytes; some hundred bytes for each stream and restart.

    Raises FileUnreadableError or NotAVideoError.
    """
    with open_container(path) as container:
        may_jump = container.format.name in JUMPING_FORMATS
        streams: dict[int, _StreamScan] = {}
        for stream in container.streams:
            rate = getattr(stream, "average_rate", None)
            base = stream.time_base or Fraction(1, 1000)
            streams[stream.index] = _StreamScan(stream.index, base, may_jump, float(rate or 0))
        for packet in packets(container):
            is_flush = packet.size == 0 and packet.pts is None and packet.dts is None
            if not is_flush and packet.stream_index in streams:
                streams[packet.stream_index].add(packet)
    return MediaScan(streams)


def measure_timing(
    path: Path,
    limits: MediaLimits | None = None,
    *,
    video_stream: int | None = None,
    audio_stream: int | None = None,
) -> MediaTiming:
    """Timing of the chosen streams of a file, or of those that are chosen without a choice."""
    with open_container(path) as container:
        stream = find_video(container, video_stream)
        video = None if stream is None else stream.index
        audio = choose_audio(container, audio_stream)
        # A stream must not be used once its container is closed.
        number = None if audio is None else audio.index
    return scan_media(path).timing(video, number, limits or MediaLimits())


def measure_extent(path: Path, limits: MediaLimits | None = None) -> MediaExtent:
    """Start of the first frame and end of the last, on the file's clock.

    Frames of video, or of sound in a file without a video stream.

    WebM from a browser states no duration, and a truncated file states a wrong one: both are
    measured.
    """
    return measure_timing(path, limits).extent


def _shared_parts(streams: Sequence[_StreamScan]) -> list[list[_Part]] | None:
    """The parts of each stream where all of them have the same ones; None otherwise.

    Jumps ahead count only where every stream has them: in one stream only they are a gap.
    """
    for jumps in (True, False):
        parts = [stream.timed_parts(jumps=jumps) for stream in streams]
        kinds = [[part.is_jump for part in own] for own in parts]
        if all(kind == kinds[0] for kind in kinds):
            return parts
    return None


def _timings(
    streams: Sequence[_StreamScan], shared: list[list[_Part]] | None
) -> list[StreamTiming]:
    if shared is None:
        return [
            timing
            for stream in streams
            for timing in _timings([stream], [stream.timed_parts(jumps=False)])
        ]
    offsets_s = _offsets(streams, shared)
    return [
        _timing(stream, parts, offsets_s) for stream, parts in zip(streams, shared, strict=True)
    ]


def _offsets(streams: Sequence[_StreamScan], shared: list[list[_Part]]) -> list[Fraction]:
    """Seconds to add to each part, so that it begins where the one before it ends."""
    offsets = [Fraction(0)]
    bases = [stream.time_base for stream in streams]
    for before, after in pairwise(zip(*shared, strict=True)):
        end = max(part.end_or_guess * base for part, base in zip(before, bases, strict=True))
        begin = min((part.first or 0) * base for part, base in zip(after, bases, strict=True))
        offsets.append(offsets[-1] + end - begin)
    return offsets


def _timing(stream: _StreamScan, parts: list[_Part], offsets_s: list[Fraction]) -> StreamTiming:
    if not parts:
        return _untimed(stream)
    base = stream.time_base
    ticks = [round(offset / base) for offset in offsets_s]
    first = parts[0].first or 0
    end = max(part.end_or_guess + shift for part, shift in zip(parts, ticks, strict=True))
    return StreamTiming(
        index=stream.index,
        packets=stream.shown,
        start_s=float(first * base),
        end_s=float(end * base),
        shifts=tuple(
            TimeShift(part.first_packet, shift)
            for part, shift in zip(parts[1:], ticks[1:], strict=True)
        ),
        in_decoding_order=stream.rises,
    )


def _untimed(stream: _StreamScan) -> StreamTiming:
    """A stream without any timestamp (raw H.264): its frames last as long as the header says."""
    seconds = float(stream.untimed_ticks * stream.time_base)
    if not seconds and stream.rate_hz > 0:
        seconds = stream.shown / stream.rate_hz
    return StreamTiming(stream.index, stream.shown, 0.0, seconds)


def _joins(
    streams: Sequence[_StreamScan],
    timings: dict[int, StreamTiming],
    shared: list[list[_Part]] | None,
) -> tuple[float, ...]:
    """Times at which a part begins, on the corrected clock of its stream."""
    found: set[float] = set()
    for stream in streams:
        own = None if shared is None else shared[list(streams).index(stream)]
        parts = stream.timed_parts(jumps=False) if own is None else own
        for part, shift in zip(parts[1:], timings[stream.index].shifts, strict=True):
            found.add(float(((part.first or 0) + shift.ticks) * stream.time_base))
        if shared is not None:
            break
    return tuple(sorted(found))
