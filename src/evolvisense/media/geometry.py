"""From stored frames to display frames: orientation, square pixels, one size for the whole stream.

    stored frame --swscale--> RGB with square pixels --flip, turn--> upright --letterbox--> one size

The display size of a stream is that of its first frame. A later frame of another shape is scaled to
fit and centred on black (letterboxed), so that faces keep their proportions; one of the same shape
is only scaled. The pixel aspect ratio and the orientation of the first frame hold for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame as AvVideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from evolvisense.types.arrays import U8

LARGEST_ASPECT = 4.0
"""Of a pixel, and its inverse; formats in use are below 2.2."""
SQUARE_WITHIN = 0.002
"""Pixels nearer to square than this are not rescaled: headers round (853 x 480 for 16:9)."""
MATRIX_TOLERANCE = 0.02
"""Off-axis share of a display matrix that still counts as a quarter turn or a flip."""
Size = tuple[int, int]


@dataclass(frozen=True)
class Orientation:
    """How a stored frame becomes upright: first mirrored left to right or not, then turned."""

    turn_deg: int = 0
    """Clockwise: 0, 90, 180 or 270."""
    mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.turn_deg in (90, 270)

    def upright(self, rgb: U8) -> U8:
        """The stored frame uint8 (H, W, 3) as it is to be seen."""
        if self.mirrored:
            rgb = rgb[:, ::-1]
        if self.turn_deg:
            rgb = np.rot90(rgb, -self.turn_deg // 90)
        return np.ascontiguousarray(rgb)


def orientation_of_matrix(matrix: Sequence[int]) -> Orientation:
    """The orientation that a display matrix of nine numbers asks for (ISO/IEC 14496-12, tkhd).

    A stored point (p, q) is shown at (a p + c q, b p + d q) for a matrix (a, b, u, c, d, v, x, y,
    w). Eight of these matrices are quarter turns with or without a flip; scaling is left to the
    pixel aspect ratio, which FFmpeg derives from it. Any other matrix gives the identity.
    """
    a, b, _, c, d = (float(value) for value in matrix[:5])
    first, second = float(np.hypot(a, b)), float(np.hypot(c, d))
    if first == 0 or second == 0:
        return Orientation()
    axes = np.array([[a / first, c / second], [b / first, d / second]])
    rounded = np.rint(axes)
    is_axis_aligned = np.abs(axes - rounded).max() <= MATRIX_TOLERANCE
    if not is_axis_aligned or abs(round(float(np.linalg.det(rounded)))) != 1:
        return Orientation()
    mirrored = np.linalg.det(rounded) < 0
    if mirrored:
        rounded[:, 0] *= -1  # shown = turn x mirror, and the mirror changes the sign of p
    turns = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}
    return Orientation(turns[int(rounded[0, 0]), int(rounded[1, 0])], bool(mirrored))


def orientation_of(frame: AvVideoFrame, stream: VideoStream) -> Orientation:
    """What the display matrix of a frame says, or, without one, the `rotate` tag of its stream."""
    for part in cast("Iterable[SideData]", frame.side_data):
        if part.type == SideDataType.DISPLAYMATRIX:
            return orientation_of_matrix(np.frombuffer(bytes(part), np.int32).tolist())
    tag = next((v for k, v in stream.metadata.items() if k.lower() == "rotate"), "0")
    try:
        turn_deg = float(tag) % 360
    except ValueError:
        return Orientation()
    return Orientation(int(turn_deg)) if turn_deg in (90, 180, 270) else Orientation()


def pixel_aspect_of(stream: VideoStream) -> float:
    """Width over height of a stored pixel; 1 where the file states nothing plausible."""
    stated = float(stream.sample_aspect_ratio or 1)
    if not 1 / LARGEST_ASPECT <= stated <= LARGEST_ASPECT or abs(stated - 1) <= SQUARE_WITHIN:
        return 1.0
    return stated


def square_size(width_px: int, height_px: int, aspect: float, max_pixels: int) -> Size:
    """Size with square pixels of frames whose pixels are `aspect` wide for their height.

    One side grows, as in players; where that would exceed `max_pixels`, the other one shrinks.
    """
    if aspect == 1.0:
        return width_px, height_px
    wide = (max(1, round(width_px * aspect)), height_px)
    high = (width_px, max(1, round(height_px / aspect)))
    larger, smaller = (wide, high) if aspect > 1 else (high, wide)
    return larger if larger[0] * larger[1] <= max_pixels else smaller


class DisplayGeometry:
    """Turns the frames of one stream into upright RGB of one size with square pixels."""

    def __init__(self, stream: VideoStream, first: AvVideoFrame, max_pixels: int) -> None:
        self.orientation = orientation_of(first, stream)
        self._aspect = pixel_aspect_of(stream)
        self._max_pixels = max_pixels
        # One reformatter for all frames: making its tables costs more than a conversion.
        self._reformatter = VideoReformatter()
        width, height = self._square(first)
        self.size_wh: Size = (height, width) if self.orientation.swaps_sides else (width, height)

    @property
    def pixel_aspect(self) -> float:
        """Width over height of a pixel of the upright frame before it was made square."""
        return 1 / self._aspect if self.orientation.swaps_sides else self._aspect

    def rgb(self, frame: AvVideoFrame) -> U8:
        """The frame as uint8 (H, W, 3), (W, H) being `size_wh`."""
        size = self._square(frame)
        if size == (frame.width, frame.height):
            converted = self._reformatter.reformat(frame, format="rgb24")
        else:
            converted = self._reformatter.reformat(
                frame, *size, format="rgb24", interpolation=Interpolation.BICUBIC
            )
        rgb = self.orientation.upright(np.asarray(converted.to_ndarray(), np.uint8))
        return letterboxed(rgb, self.size_wh)

    def _square(self, frame: AvVideoFrame) -> Size:
        return square_size(frame.width, frame.height, self._aspect, self._max_pixels)


def letterboxed(rgb: U8, size_wh: Size) -> U8:
    """The frame (H, W, 3) scaled to fit in the size and centred on black; unchanged if it fits."""
    height, width = rgb.shape[:2]
    if (width, height) == size_wh:
        return rgb
    scale = min(size_wh[0] / width, size_wh[1] / height)
    inner = (
        min(size_wh[0], max(1, round(width * scale))),
        min(size_wh[1], max(1, round(height * scale))),
    )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = np.asarray(cv2.resize(rgb, inner, interpolation=how), np.uint8)
    if inner == size_wh:
        return scaled
    canvas = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    left, top = (size_wh[0] - inner[0]) // 2, (size_wh[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = scaled
    return canvas
