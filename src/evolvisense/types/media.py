"""What media hands to the other layers."""

from __future__ import annotations

from dataclasses import dataclass

from evolvisense.types.arrays import F32, F64, U8, Bools, require_shape

TICK_S = 1e-6
"""Times are exact to it, so that a shift of the file's clock changes no decision."""

MEDIA_SUFFIXES = frozenset(
    [
        ".webm",
        ".mp4",
        ".mov",
        ".mkv",
        ".avi",
        ".flv",
        ".m4v",
        ".mpg",
        ".mpeg",
        ".ts",
        ".mts",
        ".wmv",
        ".ogv",
        ".3gp",
        ".wav",
        ".mp3",
        ".m4a",
        ".aac",
        ".ogg",
        ".oga",
        ".opus",
        ".flac",
        ".3g2",
        ".m2ts",
        ".vob",
        ".dv",
        ".gif",
        ".h264",
        ".264",
        ".hevc",
        ".h265",
        ".asf",
        ".mxf",
        ".rm",
        ".nut",
        ".ivf",
    ]
)
"""Which files of a folder are taken; a file named on its own is tried whatever its name."""


@dataclass(frozen=True)
class VideoStreamInfo:
    """One video stream as its header describes it."""

    codec: str
    width_px: int
    """Display width: upright, with square pixels."""
    height_px: int
    """Display height: upright, with square pixels."""
    rotation_deg: int
    """Clockwise turn that makes the stored frame upright: 0, 90, 180 or 270."""
    average_rate_hz: float | None
    """Mean frame rate by the header; None where it states none. Never used to compute a time."""
    duration_s_from_header: float | None
    mirrored: bool = False
    """Whether the stored frame was mirrored left to right before it was turned."""
    pixel_aspect: float = 1.0
    """Width over height of a pixel of the upright frame before it was made square."""
    index: int = 0
    """0-based number of the stream in the container, as FFmpeg counts."""


@dataclass(frozen=True)
class AudioStreamInfo:
    """One audio stream as its header describes it."""

    codec: str
    rate_hz: int
    channels: int
    index: int = 1
    """0-based number of the stream in the container, as FFmpeg counts."""


@dataclass(frozen=True)
class MediaInfo:
    """Facts about a file, read from its header without decoding."""

    container: str
    size_bytes: int
    duration_s_from_header: float | None
    """None for a file whose header states none, as in WebM recorded by a browser."""
    video: VideoStreamInfo | None
    """The stream that is analysed: the container's best video stream; None for a sound file."""
    audio: AudioStreamInfo | None
    """The stream that is analysed; None where the file has no decodable audio stream."""
    stream_count: int
    end_s_from_header: float | None = None
    """Where the header says that the last stream ends, on the file's clock."""
    video_streams: tuple[int, ...] = ()
    """Numbers of all video streams that can be decoded, best first; attached pictures left out."""
    audio_streams: tuple[int, ...] = ()
    """Numbers of all audio streams that can be decoded."""
    undecodable_audio_streams: int = 0
    """Audio streams whose codec is unknown or damaged in the header."""


@dataclass(frozen=True)
class MediaExtent:
    """Start and end of a file's frames (of its sound without any), measured on its packets."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from the first picture to the end of the last."""
        return max(0.0, self.end_s - self.start_s)

    def holds(self, pts_s: F64) -> Bools:
        """Which of times (N,) lie in it, the end left out."""
        half = TICK_S / 2
        return (pts_s >= self.start_s - half) & (pts_s < self.end_s - half)


@dataclass(frozen=True)
class TimeShift:
    """A correction of the timestamps of one stream."""

    first_packet: int
    """0-based number of the packet of the stream from which on it holds."""
    ticks: int
    """To be added, in the stream's time base; it replaces the shift before it."""


@dataclass(frozen=True)
class StreamTiming:
    """What the packets of one stream say about its time."""

    index: int
    """0-based number of the stream in the container."""
    packets: int
    """Those of frames that are never shown left out."""
    start_s: float
    end_s: float
    """After the corrections of `shifts`."""
    shifts: tuple[TimeShift, ...] = ()
    in_decoding_order: bool = False
    """Whether timestamps never fall from packet to packet. For a codec with B-frames that means
    that they are decoding times, as in AVI."""


@dataclass(frozen=True)
class MediaTiming:
    """Time of the analysed streams of one file, measured on all packets without decoding."""

    extent: MediaExtent
    """Of the video stream, at most as long as the duration limit."""
    measured_s: float
    """Length of the video stream by its timestamps, without that limit."""
    last_end_s: float
    """Where the last packet of any stream of the file ends."""
    video: StreamTiming | None
    """None in a sound file, whose extent is that of its sound."""
    audio: StreamTiming | None
    joins_s: tuple[float, ...] = ()
    """Where timestamps restart, because recordings were joined; time goes on counting there."""


@dataclass(frozen=True)
class MediaLoss:
    """What of the analysed streams is missing; None for a stream that was not read to its end."""

    video_frames: int | None = None
    """Frames that could not be decoded or are not in the file."""
    video_s: float | None = None
    audio_s: float | None = None


@dataclass(frozen=True)
class VideoFrame:
    """One decoded picture, upright."""

    number: int
    """1-based position in decoding order, counting every picture of the stream."""
    pts_s: float
    """Presentation time on the file's own clock, exact until it became seconds."""
    rgb: U8
    """uint8 (H, W, 3)."""

    def __post_init__(self) -> None:
        require_shape("rgb", self.rgb, (None, None, 3))


@dataclass(frozen=True)
class AudioBlock:
    """Consecutive mono samples."""

    pts_s: float
    """Presentation time of the first sample."""
    rate_hz: int
    mono: F32
    """float32 (N,), full scale is 1; the mean of the channels, or the loudest of those that would
    cancel each other."""
    is_gap: bool = False
    """True for zeros that stand for sound that is missing: a hole in the stream's timestamps."""

    def __post_init__(self) -> None:
        require_shape("mono", self.mono, (None,))
