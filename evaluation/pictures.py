"""Bytes become pixels, and pixels become what an engine takes."""

from __future__ import annotations

import cv2
import numpy as np

from evolvisense.types.arrays import U8


class UnreadableError(Exception):
    """The bytes are no picture that can be decoded; the text says why."""


def decode(content: bytes) -> U8:
    """rgb uint8 (H, W, 3) of an encoded picture, turned as its Exif says.

    Grey is replicated to three channels, 16 bits are scaled to 8, transparency is ignored.
    Raises UnreadableError.
    """
    if not content:
        raise UnreadableError("the file is empty")
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    except cv2.error as error:
        raise UnreadableError(f"OpenCV: {error.err}") from error
    if bgr is None:
        raise UnreadableError("not a picture that can be decoded")
    if bgr.dtype == np.uint16:
        bgr = np.rint(bgr / 257)
    elif bgr.dtype != np.uint8:
        raise UnreadableError(f"pixels are {bgr.dtype}, expected 8 or 16 bits")
    return np.ascontiguousarray(bgr[:, :, ::-1], np.uint8)


def input_crop(rgb: U8, input_px: int, enlarge: int = cv2.INTER_CUBIC) -> U8:
    """The input of an engine, the same way for all: uint8 (input_px, input_px, 3).

    The whole picture rgb uint8 (H, W, 3) is resized, whatever its shape: by area averaging where
    both sides shrink or stay, otherwise with the interpolation `enlarge` (OpenCV's number) that the
    engine was trained with; ours is cubic, as the product cuts faces out of frames.
    """
    shrinks = min(rgb.shape[:2]) >= input_px
    interpolation = cv2.INTER_AREA if shrinks else enlarge
    resized = cv2.resize(rgb, (input_px, input_px), interpolation=interpolation)
    return np.asarray(resized, np.uint8)
