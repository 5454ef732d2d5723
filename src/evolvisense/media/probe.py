"""Facts about a file, from its header and its first frame."""

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
    MediaLimits,
    audio_streams,
    check_pixels,
    choose_audio,
    choose_video,
    decoded,
    find_video,
    first_frame,
    open_container,
    video_streams,
)
from evolvisense.media.geometry import DisplayGeometry
from evolvisense.media.recognition import refuse_encrypted
from evolvisense.types.media import AudioStreamInfo, MediaInfo, VideoStreamInfo

FROM_ZERO = frozenset({"matroska,webm"})
"""Formats whose duration counts from time 0, also where the first frame comes later."""


def probe(
    path: Path,
    limits: MediaLimits | None = None,
    *,
    video_stream: int | None = None,
    audio_stream: int | None = None,
) -> MediaInfo:
    """Facts about the file at `path`; decodes one frame to be sure that there is one.

    In a file without a video stream that is a frame of sound.

    Args:
        path: The file.
        limits: What is allowed.
        video_stream: Number of a video stream in the container; None takes the best one.
        audio_stream: Number of an audio stream; None takes the first one that can be decoded.

    Raises EmptyFileError, FileUnreadableError, NotAVideoError, NoVideoStreamError, NoFramesError,
    InvalidOptionError for a stream that is not there, or the LimitError that applies.
    """
    limits = limits or MediaLimits()
    size = _size_within_limit(path, limits)
    with open_container(path) as container:
        if len(container.streams) > limits.max_streams:
            raise TooManyStreamsError(
                f"the file has {len(container.streams)} streams, {limits.max_streams} are allowed"
            )
        stream = find_video(container, video_stream)
        audio = choose_audio(container, audio_stream)
        if stream is None and audio is None:
            choose_video(container)
        if stream is not None:
            check_pixels(stream.codec_context.width, stream.codec_context.height, limits)
        duration_s = _container_duration_s(container, limits)
        refuse_encrypted(path)
        decodable = tuple(s.index for s in audio_streams(container))
        films = () if stream is None else tuple(s.index for s in video_streams(container))
        video = None
        if stream is not None:
            first = first_frame(container, stream, limits)
            if first is None:
                raise NoFramesError("the file opens, but not one frame of it can be decoded")
            video = _video_info(stream, first, limits)
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
                index=audio.index,
            ),
            stream_count=len(container.streams),
            end_s_from_header=_announced_end_s(container, duration_s),
            video_streams=films,
            audio_streams=decodable,
            undecodable_audio_streams=len(container.streams.audio) - len(decodable),
        )


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
    announced_s = duration_s
    if container.format.name in FROM_ZERO:
        announced_s -= max(0.0, (container.start_time or 0) / av.time_base)
    if announced_s > limits.max_duration_s:
        raise VideoTooLongError(
            f"the video lasts {announced_s:.0f} s, {limits.max_duration_s:.0f} s are allowed"
        )
    return duration_s


def _announced_end_s(container: InputContainer, duration_s: float | None) -> float | None:
    """Where the header says that the last stream ends, on the file's clock."""
    if duration_s is None or container.format.name in FROM_ZERO:
        return duration_s
    return duration_s + (container.start_time or 0) / av.time_base


def _video_info(stream: VideoStream, first: AvVideoFrame, limits: MediaLimits) -> VideoStreamInfo:
    geometry = DisplayGeometry(stream, first, limits.max_pixels)
    has_duration = stream.duration is not None and stream.time_base is not None
    return VideoStreamInfo(
        codec=stream.codec_context.name,
        width_px=geometry.size_wh[0],
        height_px=geometry.size_wh[1],
        rotation_deg=geometry.orientation.turn_deg,
        average_rate_hz=float(stream.average_rate) if stream.average_rate else None,
        duration_s_from_header=(
            float((stream.duration or 0) * (stream.time_base or 0)) if has_duration else None
        ),
        mirrored=geometry.orientation.mirrored,
        pixel_aspect=geometry.pixel_aspect,
        index=stream.index,
    )
