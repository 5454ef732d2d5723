"""A few frames of any video stream, spread over its length, to choose between streams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.stream import VideoStream

from evolvisense.media.container import (
    MediaLimits,
    choose_video,
    next_frame,
    open_container,
    prepare_decoder,
    stated_duration_s,
)
from evolvisense.media.geometry import DisplayGeometry
from evolvisense.types.arrays import U8


def sample_frames(
    path: Path, video_stream: int | None, count: int, limits: MediaLimits | None = None
) -> Iterator[U8]:
    """Up to `count` upright frames uint8 (H, W, 3) of a stream: its first, and key frames later on.

    `video_stream` is its number in the container, None the default or longest one. Damaged
    stretches and places that cannot be sought are left out.
    """
    limits = limits or MediaLimits()
    with open_container(path) as container:
        stream = choose_video(container, video_stream)
        prepare_decoder(stream, limits)
        geometry: DisplayGeometry | None = None
        for place in range(count):
            frame = _frame_at(container, stream, place / count)
            if frame is None:
                continue
            geometry = geometry or DisplayGeometry(stream, frame, limits.max_pixels)
            yield geometry.rgb(frame)


def _frame_at(container: InputContainer, stream: VideoStream, share: float) -> AvVideoFrame | None:
    """The first frame that can be decoded from a share (0-1) of the length on."""
    if share > 0:
        seconds = stated_duration_s(stream)
        if not seconds and container.duration:
            seconds = container.duration / 1e6
        if not seconds or stream.time_base is None:
            return None
        target = (stream.start_time or 0) + round(share * seconds / stream.time_base)
        try:
            container.seek(target, stream=stream)
        except FFmpegError:
            return None
    return next_frame(container, stream)
