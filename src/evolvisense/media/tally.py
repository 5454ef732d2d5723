"""What was read of a stream, counted while it is decoded, so that what is missing can be told."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from evolvisense.types.media import StreamTiming

MIN_PICTURE_HOLE_S = 0.5
HOLE_STEPS = 5.0
"""A stream of regular frames has a hole where none comes for so many steps and MIN_PICTURE_HOLE_S;
a screen recording, whose frames come when something changes, has none."""
REGULAR_SHARE = 0.95
REGULAR_STEPS = 2.0
"""Regular: so large a share of the steps is at most so many times the median."""
SOUND_TOLERANCE_S = 0.5
"""Sound that ends earlier than its packets by less is the padding of a codec."""


@dataclass
class VideoTally:
    """Frames of one stream as they are decoded: 8 bytes for each."""

    is_complete: bool = False
    """Whether the stream was read to its end."""
    errors: int = 0
    """Packets that could not be decoded."""
    times_s: array[float] = field(default_factory=lambda: array("d"))

    def missing(self, timing: StreamTiming) -> tuple[int, float] | None:
        """Frames and seconds that are missing; None where the stream was not read to its end."""
        if not self.is_complete:
            return None
        times_s = np.frombuffer(self.times_s, np.float64)
        step_s = _typical_step_s(times_s)
        in_holes_s = _holes_s(times_s, step_s)
        in_holes = round(in_holes_s / step_s) if step_s else 0
        # A packet of a codec may hold no frame of its own: only what failed to decode is missing.
        undecoded = min(self.errors, max(0, timing.packets - len(times_s)))
        frames = max(undecoded, in_holes)
        return frames, max(in_holes_s, frames * step_s)


@dataclass
class AudioTally:
    """Seconds of one stream as they are decoded."""

    is_complete: bool = False
    end_s: float | None = None
    """Where the last sound ends; None where there was none."""
    hole_s: float = 0.0
    """In holes between its timestamps."""
    one_channel_s: float = 0.0
    """Sound in which the channels cancel each other, so that one of them was taken."""

    def missing_s(self, timing: StreamTiming | None) -> float | None:
        """Seconds that are missing; None where the stream was not read to its end."""
        if not self.is_complete or timing is None:
            return None
        begin_s = timing.start_s if self.end_s is None else self.end_s
        rest_s = timing.end_s - begin_s
        return self.hole_s + (rest_s if rest_s > SOUND_TOLERANCE_S else 0.0)


def _typical_step_s(times_s: np.ndarray) -> float:
    return float(np.median(np.diff(times_s))) if len(times_s) > 1 else 0.0


def _holes_s(times_s: np.ndarray, step_s: float) -> float:
    """Seconds without a frame, of regular frames (N,)."""
    steps = np.diff(times_s)
    if step_s <= 0 or np.mean(steps <= REGULAR_STEPS * step_s) < REGULAR_SHARE:
        return 0.0
    holes = steps[steps > max(MIN_PICTURE_HOLE_S, HOLE_STEPS * step_s)]
    return float((holes - step_s).sum())
