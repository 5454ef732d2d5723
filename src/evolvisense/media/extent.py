"""Where the frames of a file begin and end, measured on its packets without decoding."""

from __future__ import annotations

from pathlib import Path

from av.audio.stream import AudioStream

from evolvisense.media.container import (
    choose_audio,
    choose_video,
    find_video,
    open_container,
    packets,
)
from evolvisense.types.media import MediaExtent


def measure_extent(path: Path) -> MediaExtent:
    """Start of the first frame and end of the last, on the file's clock.

    Frames of video, or of sound in a file without a video stream.

    WebM from a browser states no duration, and a truncated file states a wrong one: both are
    measured. A last packet without a duration is taken to last as long as the mean of the others.
    """
    with open_container(path) as container:
        stream = find_video(container) or choose_audio(container) or choose_video(container)
        first: int | None = None
        last = end = count = 0
        for packet in packets(container, stream):
            stamp = packet.pts if packet.pts is not None else packet.dts
            # An edit list marks pictures that are decoded but never shown.
            if stamp is None or packet.is_discard:
                continue
            first = stamp if first is None else min(first, stamp)
            last = max(last, stamp)
            end = max(end, stamp + (packet.duration or 0))
            count += 1
        if first is None or stream.time_base is None:
            if isinstance(stream, AudioStream):
                return MediaExtent(0.0, 0.0)
            rate = float(stream.average_rate or 0)
            return MediaExtent(0.0, stream.frames / rate if rate > 0 else 0.0)
        if end <= last and count > 1:
            end = last + round((last - first) / (count - 1))
        return MediaExtent(float(first * stream.time_base), float(end * stream.time_base))
