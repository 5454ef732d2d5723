"""Opening a container so that a stranger's bytes can do no harm, and choosing its streams."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
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
    NotAVideoError,
    NoVideoStreamError,
)
from evolvisense.media.descriptors import DescriptorFile, descriptor_of
from evolvisense.media.limits import MediaLimits

BUFFER_BYTES = 256 * 1024
"""Read at a time from a descriptor; a file that FFmpeg opens itself has a buffer of its own."""
DEMUXERS = (
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,flv,live_flv,mpegts,mpeg,mpegvideo,asf,ogg,wav,mp3,"
    "flac,aac,gif,rm,nut,mxf,dv,ivf,h264,hevc,m4v"
)
"""Containers that hold their own media. Playlists and pictures by pattern, which can name other
files and addresses (hls, dash, concat, image2), are left out on purpose."""


@contextmanager
def open_container(path: Path) -> Generator[InputContainer]:
    """The opened container; its type is told from its bytes, never from its name.

    A path of `descriptors.descriptor_path` is read through its descriptor; then FFmpeg may open
    nothing at all.

    Raises FileUnreadableError or NotAVideoError.
    """
    descriptor = descriptor_of(path)
    try:
        container = av.open(
            f"file:{path}" if descriptor is None else DescriptorFile(descriptor),
            "r",
            metadata_errors="replace",  # a broken tag is no reason to refuse a video
            container_options={
                "format_whitelist": DEMUXERS,
                "protocol_whitelist": "file" if descriptor is None else "none",
            },
            buffer_size=BUFFER_BYTES,
        )
    except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
        raise FileUnreadableError(f"cannot read {path.name}: {error.strerror}") from error
    except (FFmpegError, ValueError) as error:
        raise NotAVideoError(
            "these bytes cannot be read as a video; send a WebM, MP4, MOV, MKV, AVI or FLV file"
        ) from error
    with container:
        yield container


def find_video(container: InputContainer) -> VideoStream | None:
    """The stream that `choose_video` chooses; None in a sound file.

    Raises NotAVideoError where FFmpeg has no decoder for any video stream.
    """
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    return choose_video(container) if films else None


def choose_video(container: InputContainer) -> VideoStream:
    """The largest stream that is a film and not cover art.

    Raises NoVideoStreamError, or NotAVideoError where FFmpeg has no decoder for it.
    """
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
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
    return max(decodable, key=lambda s: s.codec_context.width * s.codec_context.height)


def choose_audio(container: InputContainer) -> AudioStream | None:
    """The first audio stream that can be decoded; None where there is none."""
    for stream in container.streams.audio:
        if _has_decoder(stream) and stream.codec_context.sample_rate > 0:
            return stream
    return None


def check_pixels(width_px: int, height_px: int, limits: MediaLimits) -> None:
    """Raise FrameTooLargeError where a frame of this size is not allowed."""
    if width_px * height_px > limits.max_pixels:
        raise FrameTooLargeError(
            f"frames of {width_px} x {height_px} pixels are too large, "
            f"{limits.max_pixels} pixels are allowed; scale the video down first"
        )


def packets(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[Packet[Any]]:
    """Packets of a stream until the file ends, properly or not."""
    iterator = container.demux(stream)
    while True:
        try:
            packet = next(iterator)
        except (StopIteration, FFmpegError, IndexError):
            # A truncated file fails here: what came before it is still good. PyAV does not know
            # the streams that a damaged FLV or TS announces on its way (IndexError, at the end).
            return
        yield packet


def decoded(container: InputContainer, stream: VideoStream | AudioStream) -> Iterator[object]:
    """What the packets of a stream decode to; those that cannot be decoded are passed over."""
    for packet in packets(container, stream):
        try:
            yield from cast("list[object]", packet.decode())
        except FFmpegError:
            continue


def decoded_frames(
    container: InputContainer, stream: VideoStream, limits: MediaLimits
) -> Iterator[AvVideoFrame]:
    """Pictures of a stream."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = limits.decoder_threads
    # A stream may change its size after the header that was checked.
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    for frame in decoded(container, stream):
        if isinstance(frame, AvVideoFrame):
            yield frame


def _has_decoder(stream: VideoStream | AudioStream) -> bool:
    # PyAV leaves the context out where FFmpeg knows no decoder; its stubs do not say so.
    return cast("object", stream.codec_context) is not None
