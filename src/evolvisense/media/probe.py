"""Facts about a file, from its header and its first picture."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.stream import VideoStream

from evolvisense.errors import (
    EmptyFileError,
    FileTooLargeError,
    FileUnreadableError,
    NoFramesError,
    TooManyStreamsError,
    VideoTooLongError,
)
from evolvisense.media.container import (
    check_pixels,
    choose_audio,
    choose_video,
    decoded,
    decoded_frames,
    find_video,
    open_container,
)
from evolvisense.media.limits import MediaLimits
from evolvisense.types.media import AudioStreamInfo, MediaInfo, VideoStreamInfo

LARGEST_ASPECT = 4.0
"""Of a pixel; formats in use are below 2.1."""


def probe(path: Path, limits: MediaLimits | None = None) -> MediaInfo:
    """Facts about the file at `path`; decodes one frame to be sure that there is one.

    In a file without a video stream that is a frame of sound.

    Raises EmptyFileError, FileUnreadableError, NotAVideoError, NoVideoStreamError, NoFramesError or
    the LimitError that applies.
    """
    limits = limits or MediaLimits()
    size = _size_within_limit(path, limits)
    with open_container(path) as container:
        if len(container.streams) > limits.max_streams:
            raise TooManyStreamsError(
                f"the file has {len(container.streams)} streams, {limits.max_streams} are allowed"
            )
        stream, audio = find_video(container), choose_audio(container)
        if stream is None and audio is None:
            choose_video(container)
        if stream is not None:
            check_pixels(stream.codec_context.width, stream.codec_context.height, limits)
        duration_s = _container_duration_s(container, limits)
        video = None
        if stream is not None:
            first = next(decoded_frames(container, stream, limits), None)
            if first is None:
                raise NoFramesError("the file opens, but no picture of it can be decoded")
            video = _video_info(stream, first)
        elif audio is not None and next(decoded(container, audio), None) is None:
            raise NoFramesError("the file opens, but no sound of it can be decoded")
        return MediaInfo(
            container=container.format.name,
            size_bytes=size,
            duration_s_from_header=duration_s,
            video=video,
            audio=None
            if audio is None
            else AudioStreamInfo(
                codec=audio.codec_context.name,
                rate_hz=audio.codec_context.sample_rate,
                channels=audio.codec_context.layout.nb_channels,
            ),
            stream_count=len(container.streams),
        )


def pixel_aspect(path: Path, limits: MediaLimits | None = None) -> float:
    """Width over height of a pixel of the upright picture; 1 where the file states nothing sane."""
    with open_container(path) as container:
        stream = choose_video(container)
        first = next(decoded_frames(container, stream, limits or MediaLimits()), None)
        stated = float(stream.sample_aspect_ratio or 1)
    if not 1 / LARGEST_ASPECT <= stated <= LARGEST_ASPECT:
        return 1.0
    is_turned = first is not None and round(first.rotation / 90) % 2 == 1
    return 1 / stated if is_turned else stated


def _size_within_limit(path: Path, limits: MediaLimits) -> int:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileUnreadableError(f"cannot read {path.name}: {error.strerror}") from error
    if not path.is_file():
        raise FileUnreadableError(f"{path.name} is not a file")
    if size == 0:
        raise EmptyFileError("the file is empty (0 bytes)")
    if size > limits.max_bytes:
        raise FileTooLargeError(f"the file has {size} bytes, {limits.max_bytes} are allowed")
    return size


def _container_duration_s(container: InputContainer, limits: MediaLimits) -> float | None:
    if container.duration is None or container.duration <= 0:
        return None
    duration_s = container.duration / av.time_base
    if duration_s > limits.max_duration_s:
        raise VideoTooLongError(
            f"the video lasts {duration_s:.0f} s, {limits.max_duration_s:.0f} s are allowed"
        )
    return duration_s


def _video_info(stream: VideoStream, first: AvVideoFrame) -> VideoStreamInfo:
    width, height = first.width, first.height
    clockwise_deg = -round(first.rotation / 90) * 90 % 360
    if clockwise_deg in (90, 270):
        width, height = height, width
    has_duration = stream.duration is not None and stream.time_base is not None
    return VideoStreamInfo(
        codec=stream.codec_context.name,
        width_px=width,
        height_px=height,
        rotation_deg=clockwise_deg,
        average_rate_hz=float(stream.average_rate) if stream.average_rate else None,
        duration_s_from_header=(
            float((stream.duration or 0) * (stream.time_base or 0)) if has_duration else None
        ),
    )
