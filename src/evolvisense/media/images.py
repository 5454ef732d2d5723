"""Single images, as a live stream sends them, decoded to RGB frames."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from evolvisense.errors import BadImageError
from evolvisense.media.container import MediaLimits, check_pixels
from evolvisense.types.arrays import U8

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START, JPEG_END = b"\xff\xd8", b"\xff\xd9"
JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers whose segment states the size (ITU-T T.81, table B.1)."""
JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""
JPEG_SCAN = 0xDA
WEBP_ANIMATED = 0x02

Size = tuple[int, int]


def decode_image(data: bytes, max_pixels: int) -> U8:
    """The image uint8 (H, W, 3) of a complete JPEG, PNG or WebP file, upright by its EXIF tag.

    The size is read from the header, so nothing large is decoded to be refused. Raises
    BadImageError, or FrameTooLargeError beyond `max_pixels`.
    """
    try:
        width, height = _size(data)
    except (IndexError, struct.error) as error:
        raise BadImageError("the image ends within its header") from error
    if width < 1 or height < 1:
        raise BadImageError("the image header does not state a size")
    check_pixels(width, height, MediaLimits(max_pixels=max_pixels))
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadImageError("the image cannot be decoded") from error
    # OpenCV answers None, which its stubs leave out.
    if bgr is None or sorted(bgr.shape[:2]) != sorted((width, height)):  # pyright: ignore[reportUnnecessaryComparison]
        raise BadImageError("the image cannot be decoded")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _size(data: bytes) -> Size:
    """Width and height by the header; raises where the file is not complete."""
    if data.startswith(JPEG_START):
        return _jpeg_size(data)
    if data.startswith(PNG_SIGNATURE):
        return _png_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    raise BadImageError("the bytes are not a JPEG, PNG or WebP image")


def _jpeg_size(data: bytes) -> Size:
    size, at = (0, 0), len(JPEG_START)
    while True:
        if data[at] != 0xFF:
            raise BadImageError("the JPEG is damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in JPEG_ALONE:
            at += 2
        elif marker == JPEG_SCAN:
            # Within the scan 0xFF is always followed by a zero or a restart marker.
            if data.find(JPEG_END, at) < 0:
                raise BadImageError("the JPEG is cut off")
            return size
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            if marker in JPEG_SIZES:
                height, width = struct.unpack_from(">HH", data, at + 5)
                size = (max(size[0], width), max(size[1], height))
            at += 2 + length


def _png_size(data: bytes) -> Size:
    if data[12:16] != b"IHDR":
        raise BadImageError("the PNG is damaged")
    width, height = struct.unpack_from(">II", data, 16)
    if data.rfind(b"IEND") < 0:
        raise BadImageError("the PNG is cut off")
    return width, height


def _webp_size(data: bytes) -> Size:
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise BadImageError("the WebP is cut off")
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        if data[20] & WEBP_ANIMATED:
            raise BadImageError("the WebP is animated; send single images")
        return (
            int.from_bytes(data[24:27], "little") + 1,
            int.from_bytes(data[27:30], "little") + 1,
        )
    raise BadImageError("the WebP is damaged")
