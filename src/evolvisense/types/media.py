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
    ]
)
"""Which files of a folder are taken; a file named on its own is tried whatever its name."""


@dataclass(frozen=True)
class VideoStreamInfo:
    """One video stream as its header describes it."""

    codec: str
    width_px: int
    """Upright width: after the rotation of the metadata."""
    height_px: int
    """Upright height: after the rotation of the metadata."""
    rotation_deg: int
    """Clockwise turn that makes the stored picture upright: 0, 90, 180 or 270."""
    average_rate_hz: float | None
    """Mean frame rate by the header; None where it states none. Never used to compute a time."""
    duration_s_from_header: float | None


@dataclass(frozen=True)
class AudioStreamInfo:
    """One audio stream as its header describes it."""

    codec: str
    rate_hz: int
    channels: int


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
    """float32 (N,), full scale is 1; the mean of the channels."""
    is_gap: bool = False
    """True for silence put in where the stream's timestamps leave a hole."""

    def __post_init__(self) -> None:
        require_shape("mono", self.mono, (None,))
