"""What a file may be at most."""

from __future__ import annotations

from dataclasses import dataclass


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
