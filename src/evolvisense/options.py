"""What a caller may choose for one analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from evolvisense.errors import InvalidOptionError
from evolvisense.types.indicators import Language

Smoothing = Literal["one-euro", "off"]


@dataclass(frozen=True)
class AnalysisOptions:
    """Options of one analysis. Raises InvalidOptionError outside their ranges."""

    frame_skip: int = 1
    """Analyse the frames whose 1-based number is a multiple of this; 1 is every frame."""
    max_frames: int | None = None
    """Stop reading faces after so many analysed frames; None reads to the end."""
    voice: bool = True
    """Read the voice too."""
    smoothing: Smoothing = "one-euro"
    """Filter of the report's timelines; `off` gives every frame as it was read."""
    language: Language = "any"
    """Of the reference set that indicators are relative to; `any` mixes all of them."""
    landmarks: bool = False
    """Keep the landmarks of every face in the report; about 400 bytes of JSON for each."""
    video_stream: int | None = None
    """Number of the video stream to analyse, as FFmpeg counts the streams of a container, from 0.
    None takes the default stream or the longest, the first of them in which a face is found."""

    def __post_init__(self) -> None:
        if self.frame_skip < 1:
            raise InvalidOptionError(f"frame_skip must be 1 or more, got {self.frame_skip}")
        if self.smoothing not in get_args(Smoothing):
            raise InvalidOptionError(
                f"smoothing must be one of {', '.join(get_args(Smoothing))}, got {self.smoothing}"
            )
        if self.language not in get_args(Language):
            raise InvalidOptionError(
                f"language must be one of {', '.join(get_args(Language))}, got {self.language}"
            )
        if self.max_frames is not None and self.max_frames < 1:
            raise InvalidOptionError(f"max_frames must be 1 or more, got {self.max_frames}")
        if self.video_stream is not None and self.video_stream < 0:
            raise InvalidOptionError(f"video_stream must be 0 or more, got {self.video_stream}")
