"""A recording read a second time and written with what the report says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from evolvisense.errors import CancelledError, NoFramesError
from evolvisense.media import MediaLimits, decode_audio, decode_video, descriptor_of, measure_timing
from evolvisense.media.encode import Mp4Writer, silence, write_mp4
from evolvisense.media.prefetch import prefetch
from evolvisense.report import Report
from evolvisense.report.overlay.hiding import hidden_boxes, is_unread, pixelate
from evolvisense.report.overlay.painting import Painter
from evolvisense.report.overlay.positions import FacePlacement, face_positions_of, placements_at
from evolvisense.types.arrays import F32, U8
from evolvisense.types.media import AudioBlock, VideoFrame
from evolvisense.types.progress import CancelCheck, Progress, ProgressListener

TITLE = "EvolviSense overlay"
MAX_SIDE_PX = 1920
"""Larger pictures are made smaller: they are to be looked at, and play everywhere."""
MIN_SIDE_PX = 480
"""The shorter side of smaller pictures is made as large, so that text has room beside faces."""
FRAMES_AHEAD = 4


def write_overlay(
    media: Path,
    report: Report,
    target: Path,
    *,
    blur_faces: bool,
    landmarks: bool = True,
    limits: MediaLimits | None = None,
    on_progress: ProgressListener | None = None,
    is_cancelled: CancelCheck | None = None,
) -> None:
    """Write the recording of `report` as MP4 (H.264, AAC) with faces, names and expressions drawn.

    Every picture keeps its time, counted from the first picture or sound. With `blur_faces` every
    face that was found becomes a few coloured cells that cannot be undone, and its landmarks are
    left out; the sound stays as it is, and a voice can be recognised too. A face that the analysis
    did not find is not hidden. `landmarks`: draw them where the report has them.

    Raises the InputError that applies, FormatUnavailableError where this machine has no encoder,
    OSError where the disk does not take the file, or CancelledError; then nothing is left, where
    `target` is a name and not a path of `media.descriptor_path`.
    """
    limits = limits or MediaLimits()
    try:
        audio = None if report.media.audio is None else report.media.audio.stream
        video = None if report.media.video is None else report.media.video.stream
        timing = measure_timing(media, limits, video_stream=video, audio_stream=audio)
        with prefetch(decode_video(media, limits=limits, timing=timing), FRAMES_AHEAD) as frames:
            pictures = iter(frames)
            first = next(pictures, None)
            if first is None:
                raise NoFramesError("no picture of this file can be decoded")
            sound = _Sound(decode_audio(media, limits, timing=timing))
            canvas = _Canvas(report, first, blur_faces, landmarks)
            origin_s = min(first.pts_s, sound.start_s)
            with write_mp4(target, canvas.size_wh, has_sound=sound.is_there, title=TITLE) as out:
                for frame in chain([first], pictures):
                    if is_cancelled is not None and is_cancelled():
                        raise CancelledError("the overlay was cancelled")
                    sound.write_until(frame.pts_s, out, origin_s)
                    out.picture(frame.pts_s - origin_s, canvas.painted(frame))
                    if on_progress is not None:
                        done_s = frame.pts_s - report.media.start_s
                        on_progress(Progress("overlay", done_s, report.media.duration_s, 0))
                sound.write_until(np.inf, out, origin_s)
    except BaseException:
        if descriptor_of(target) is None:
            target.unlink(missing_ok=True)
        raise


class _Canvas:
    """Pictures of the recording in the size of the overlay."""

    def __init__(
        self,
        report: Report,
        first: VideoFrame,
        blur_faces: bool,
        landmarks: bool,
    ) -> None:
        self._frames_s = report.frames.time_s
        self._people = face_positions_of(report, landmarks=landmarks and not blur_faces)
        self._blur_faces = blur_faces
        self.size_wh = overlay_size(first.rgb.shape[1], first.rgb.shape[0])
        kept = [person.timeline.landmarks for person in report.people]
        points = [part.points for part in kept if part is not None]
        self._painter = Painter(self.size_wh, points[0] if points else ())

    def painted(self, frame: VideoFrame) -> U8:
        """The picture, painted over; uint8 (H, W, 3)."""
        height, width = frame.rgb.shape[:2]
        scale = np.array(self.size_wh, np.float32) / np.array((width, height), np.float32)
        rgb = frame.rgb
        if self.size_wh != (width, height):
            way = cv2.INTER_AREA if scale.min() < 1 else cv2.INTER_CUBIC
            rgb = np.asarray(cv2.resize(rgb, self.size_wh, interpolation=way), np.uint8)
        if self._blur_faces:
            self._hide(rgb, frame.pts_s, scale)
        if len(self._frames_s):
            places = placements_at(frame.pts_s, self._frames_s, self._people)
            self._painter.paint(rgb, [_scaled(place, scale) for place in places])
        return rgb

    def _hide(self, rgb: U8, time_s: float, scale: F32) -> None:
        if is_unread(time_s, self._frames_s):
            pixelate(rgb)
            return
        for box in hidden_boxes(time_s, self._frames_s, self._people):
            pixelate(rgb, box * np.tile(scale, 2))


class _Sound:
    """The sound of the recording, written in step with the pictures."""

    def __init__(self, blocks: Iterator[AudioBlock]) -> None:
        self._blocks = blocks
        self._next = next(blocks, None)
        self.is_there = self._next is not None
        self.start_s = np.inf if self._next is None else self._next.pts_s
        self._has_begun = False

    def write_until(self, time_s: float, out: Mp4Writer, origin_s: float) -> None:
        """Write the blocks that begin before `time_s` on the file's clock."""
        while self._next is not None and self._next.pts_s < time_s:
            if not self._has_begun:
                # Not every player waits for sound that begins later.
                self._has_begun = True
                for quiet in silence(self.start_s - origin_s, self._next.rate_hz):
                    out.sound(quiet, self._next.rate_hz)
            out.sound(self._next.mono, self._next.rate_hz)
            self._next = next(self._blocks, None)


def overlay_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Even width and height of the overlay of frames of this display size."""
    scale = min(
        max(1.0, MIN_SIDE_PX / min(width_px, height_px)), MAX_SIDE_PX / max(width_px, height_px)
    )
    return _even(width_px * scale), _even(height_px * scale)


def _even(size: float) -> int:
    return max(2, 2 * round(size / 2))


def _scaled(place: FacePlacement, scale: F32) -> FacePlacement:
    points = None if place.points_px is None else place.points_px * scale
    return replace(place, box=place.box * np.tile(scale, 2), points_px=points)
