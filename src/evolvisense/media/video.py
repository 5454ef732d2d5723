"""Video streams become upright RGB frames with their exact time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.reformatter import VideoReformatter

from evolvisense.media.container import choose_video, decoded_frames, open_container
from evolvisense.media.limits import MediaLimits
from evolvisense.types.arrays import U8
from evolvisense.types.media import VideoFrame


def decode_video(
    path: Path,
    frame_skip: int = 1,
    max_frames: int | None = None,
    limits: MediaLimits | None = None,
) -> Iterator[VideoFrame]:
    """Frames whose 1-based number is a multiple of `frame_skip`, until `max_frames` of them.

    Frames between are decoded, as the codec needs it, but not converted. Ends early, without an
    error, where the file is cut off or passes the duration limit.
    """
    limits = limits or MediaLimits()
    with open_container(path) as container:
        stream = choose_video(container)
        rate = float(stream.average_rate or 0)
        clock = _Clock(step_s=1 / rate if rate > 0 else 0.0)
        # One reformatter for all frames: making its tables costs more than a conversion.
        reformatter = VideoReformatter()
        wanted = 0
        for number, frame in enumerate(decoded_frames(container, stream, limits), start=1):
            pts_s = clock.time_of(frame)
            if pts_s - clock.first_s > limits.max_duration_s:
                return
            if number % frame_skip:
                continue
            yield VideoFrame(number=number, pts_s=pts_s, rgb=_upright_rgb(frame, reformatter))
            wanted += 1
            if wanted == max_frames:
                return


def _upright_rgb(frame: AvVideoFrame, reformatter: VideoReformatter) -> U8:
    """uint8 (H, W, 3), turned as the display matrix says."""
    rgb = np.asarray(reformatter.reformat(frame, format="rgb24").to_ndarray(), np.uint8)
    # FFmpeg's rotation and numpy's rot90 both count anticlockwise.
    quarter_turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, quarter_turns)) if quarter_turns else rgb


class _Clock:
    """Presentation times; a frame without one follows its predecessor by the mean step."""

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._last_s: float | None = None
        self.first_s = 0.0

    def time_of(self, frame: AvVideoFrame) -> float:
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is not None and frame.time_base is not None:
            time_s = float(pts * frame.time_base)
        else:
            time_s = 0.0 if self._last_s is None else self._last_s + self._step_s
        if self._last_s is None:
            self.first_s = time_s
        self._last_s = time_s
        return time_s
