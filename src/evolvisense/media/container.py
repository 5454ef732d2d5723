"""Opening a container of untrusted bytes safely, within limits, and choosing its streams."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.stream import VideoStream

from evolvisense.errors import (
    FileUnreadableError,
    FrameTooLargeError,
    InvalidOptionError,
    NotAVideoError,
    NoVideoStreamError,
)
from evolvisense.media.descriptors import DescriptorFile, descriptor_of
from evolvisense.media.recognition import explain_unopened, refuse_photo
from evolvisense.types.media import StreamTiming


@dataclass(frozen=True)
class MediaLimits:
    """Limits that protect the machine from a file; each is a setting."""

    max_bytes: int = 20 * 1024**3
    max_pixels: int = 7680 * 4320
    """Per frame: 8K UHD. A frame of it is 100 MB of RGB."""
    max_duration_s: float = 6 * 3600.0
    """A header that announces more is refused; a file without a header is read up to here."""
    max_streams: int = 32
    decoder_threads: int = 2
    """Of FFmpeg's video decoder. A damaged stream may decode otherwise with another number."""


BUFFER_BYTES = 256 * 1024
"""Read at a time from a descriptor; a file that FFmpeg opens itself has a buffer of its own."""
DEMUXERS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,wav,mp3,"
    "flac,aac,gif,rm,nut,mxf,dv,ivf,h264,hevc,m4v"
)
"""Containers that hold their own media. Playlists and image patterns, which can name other
files and addresses (hls, dash, concat, image2), are left out on purpose."""


@contextmanager
def open_container(path: Path) -> Generator[InputContainer]:
    """The opened container; its type is recognized from its bytes, never from its name.

    A path of `descriptors.descriptor_path` is read through its descriptor; then FFmpeg may open
    nothing at all.

    Raises FileUnreadableError, NotAVideoError, IncompleteFileError or StillImageError.
    """
    refuse_photo(path)
    descriptor = descriptor_of(path)
    try:
        container = av.open(
            f"file:{path}" if descriptor is None else DescriptorFile(descriptor),
            "r",
            metadata_errors="replace",  # a broken tag does not make a video unusable
            container_options={
                "format_whitelist": DEMUXERS,
                "protocol_whitelist": "file" if descriptor is None else "none",
            },
            buffer_size=BUFFER_BYTES,
        )
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise FileUnreadableError(f"cannot read {path.name}: {error.strerror}") from error
    except (FFmpegError, ValueError) as error:
        explain_unopened(path)
        raise NotAVideoError(
            "these bytes cannot be read as a video; send a WebM, MP4, MOV, MKV, AVI or FLV file"
        ) from error
    with container:
        yield container


def video_streams(container: InputContainer) -> list[VideoStream]:
    """Video streams that can be decoded, best first; attached pictures (cover art) are left out.

    Streams that the file marks as default come first, then the longest by the header, then the
    largest. Raises NoVideoStreamError, or NotAVideoError where FFmpeg has no decoder for any.
    """
    films = _films(container)
    if not films:
        raise NoVideoStreamError(
            "the file has no video stream and no sound that can be decoded; send a video or a "
            "sound file"
            if choose_audio(container) is None
            else "the file has no video stream, only sound"
        )
    decodable = [s for s in films if _has_decoder(s)]
    if not decodable:
        raise NotAVideoError("the video stream has a codec that cannot be decoded here")
    return sorted(decodable, key=_preference, reverse=True)


def find_video(container: InputContainer, index: int | None = None) -> VideoStream | None:
    """The stream that `choose_video` chooses; None in a sound file, if none was asked for.

    Raises NotAVideoError where FFmpeg has no decoder for any video stream, InvalidOptionError for a
    number that is not one of a video stream.
    """
    films = _films(container)
    if not films and index is not None:
        raise InvalidOptionError(f"video_stream is {index}, but the file has no video stream")
    return choose_video(container, index) if films else None


def choose_video(container: InputContainer, index: int | None = None) -> VideoStream:
    """The video stream with this number in the container, or the best one.

    Raises InvalidOptionError where the number is not one of a decodable video stream, otherwise as
    `video_streams`.
    """
    streams = video_streams(container)
    if index is None:
        return streams[0]
    for stream in streams:
        if stream.index == index:
            return stream
    there = ", ".join(str(number) for number in sorted(s.index for s in streams))
    raise InvalidOptionError(
        f"video_stream is {index}, but the video streams of this file that can be decoded are: "
        f"{there}"
    )


def audio_streams(container: InputContainer) -> list[AudioStream]:
    """Audio streams that can be decoded, in the order of the file."""
    return [
        stream
        for stream in container.streams.audio
        if _has_decoder(stream) and stream.codec_context.sample_rate > 0
    ]


def choose_audio(container: InputContainer, index: int | None = None) -> AudioStream | None:
    """The audio stream with this number, or the first one that can be decoded; None without one."""
    streams = audio_streams(container)
    if index is not None:
        streams = [stream for stream in streams if stream.index == index]
    return streams[0] if streams else None


def check_pixels(width_px: int, height_px: int, limits: MediaLimits) -> None:
    """Raise FrameTooLargeError where a frame of this size is not allowed."""
    if width_px * height_px > limits.max_pixels:
        raise FrameTooLargeError(
            f"frames of {width_px} x {height_px} pixels are too large, "
            f"{limits.max_pixels} pixels are allowed; scale the video down first"
        )


def packets(
    container: InputContainer,
    stream: VideoStream | AudioStream | None = None,
    timing: StreamTiming | None = None,
) -> Iterator[Packet[Any]]:
    """Packets of a stream, or of all streams, until the file ends, properly or not.

    With the `timing` of the stream its timestamps are corrected.
    """
    iterator = container.demux() if stream is None else container.demux(stream)
    shifts = list(timing.shifts) if timing is not None else []
    ticks = number = 0
    while True:
        try:
            packet = next(iterator)
        except (StopIteration, FFmpegError, IndexError):
            # A truncated file fails here: what came before it is still good. PyAV does not know
            # the streams that a damaged FLV or TS announces on its way (IndexError, at the end).
            return
        if shifts and shifts[0].first_packet <= number:
            ticks = shifts.pop(0).ticks
        number += 1
        if ticks:
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        yield packet


def decoded(
    container: InputContainer,
    stream: VideoStream | AudioStream,
    timing: StreamTiming | None = None,
    on_packet: Callable[[Packet[Any]], None] | None = None,
    on_error: Callable[[Packet[Any]], None] | None = None,
) -> Iterator[object]:
    """What the packets of a stream decode to; those that cannot be decoded are passed over.

    `on_packet` is called before a packet is decoded, `on_error` where that fails.
    """
    for packet in packets(container, stream, timing):
        if on_packet is not None:
            on_packet(packet)
        try:
            yield from cast("list[object]", packet.decode())
        except FFmpegError:
            if on_error is not None:
                on_error(packet)


def prepare_decoder(stream: VideoStream, limits: MediaLimits, threads: int | None = None) -> None:
    """Set the number of threads and the largest frame, before the first packet is decoded."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads or limits.decoder_threads
    # A stream may change its size after the header that was checked.
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}


def first_frame(
    container: InputContainer, stream: VideoStream, limits: MediaLimits
) -> AvVideoFrame | None:
    """The first frame of a stream that can be decoded."""
    # Several threads would decode the frames after it too.
    prepare_decoder(stream, limits, threads=1)
    return next_frame(container, stream)


def next_frame(container: InputContainer, stream: VideoStream) -> AvVideoFrame | None:
    """The next frame, from where the container stands, that can be decoded; None without one."""
    for frame in decoded(container, stream):
        if isinstance(frame, AvVideoFrame):
            return frame
    return None


def _films(container: InputContainer) -> list[VideoStream]:
    """Video streams that are not attached pictures (cover art)."""
    return [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]


def _preference(stream: VideoStream) -> tuple[bool, float, int]:
    is_default = bool(stream.disposition & Disposition.default)
    return (
        is_default,
        stated_duration_s(stream),
        stream.codec_context.width * stream.codec_context.height,
    )


def stated_duration_s(stream: VideoStream) -> float:
    """Length by the header, or by Matroska's tag DURATION ("00:00:06.127"); 0 without either."""
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    try:
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return 0.0


def _has_decoder(stream: VideoStream | AudioStream) -> bool:
    # PyAV leaves the context out where FFmpeg knows no decoder; its stubs do not say so.
    return cast("object", stream.codec_context) is not None
