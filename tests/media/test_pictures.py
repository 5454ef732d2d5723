"""Single pictures: what is read, and what is refused before it is decoded."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.errors import BadImageError, FrameTooLargeError
from evolvisense.media.images import decode_image
from tests.factory.media import astronaut

PIXELS = 640 * 360
RGB = astronaut((640, 360))
WEBP_LOSSLESS = 101


def encoded(kind: str, rgb: np.ndarray = RGB, *options: int) -> bytes:
    bgr = rgb[..., ::-1] if rgb.ndim == 3 and rgb.shape[2] == 3 else rgb
    return cv2.imencode(kind, bgr, options)[1].tobytes()


JPEG, PNG = encoded(".jpg"), encoded(".png")
WEBP = encoded(".webp", RGB, cv2.IMWRITE_WEBP_QUALITY, 80)
WEBP_EXACT = encoded(".webp", RGB, cv2.IMWRITE_WEBP_QUALITY, WEBP_LOSSLESS)


def with_exif_orientation(jpeg: bytes, orientation: int) -> bytes:
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


@pytest.mark.parametrize("data", [PNG, WEBP_EXACT], ids=["png", "webp"])
def test_a_lossless_picture_comes_out_as_it_went_in(data: bytes) -> None:
    assert np.array_equal(decode_image(data, PIXELS), RGB)


@pytest.mark.parametrize("data", [JPEG, WEBP], ids=["jpeg", "webp"])
def test_a_lossy_picture_comes_out_nearly_so(data: bytes) -> None:
    rgb = decode_image(data, PIXELS)
    assert rgb.shape == RGB.shape
    assert np.abs(rgb.astype(int) - RGB).mean() < 4


@pytest.mark.parametrize(
    "made",
    [
        encoded(".png", RGB[..., 0]),
        encoded(".jpg", RGB[..., 0]),
        encoded(".png", np.dstack([RGB, RGB[..., :1]])),
        encoded(".webp", np.dstack([RGB, RGB[..., :1]])),
        encoded(".png", RGB.astype(np.uint16) * 257),
        encoded(".jpg", RGB, cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_RST_INTERVAL, 4),
    ],
    ids=["grey png", "grey jpeg", "png with alpha", "webp with alpha", "16 bit", "progressive"],
)
def test_every_kind_becomes_three_channels_of_eight_bits(made: bytes) -> None:
    rgb = decode_image(made, PIXELS)
    assert rgb.shape == RGB.shape
    assert rgb.dtype == np.uint8


def test_a_picture_is_turned_upright() -> None:
    lying = decode_image(with_exif_orientation(JPEG, 6), PIXELS)
    upright = decode_image(JPEG, PIXELS)
    assert np.array_equal(lying, np.rot90(upright, -1))


@pytest.mark.parametrize("data", [JPEG, PNG, WEBP, WEBP_EXACT])
def test_a_picture_of_a_pixel_too_many_is_refused_by_its_header(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "imdecode", pytest.fail)
    with pytest.raises(FrameTooLargeError, match="640 x 360"):
        decode_image(data, PIXELS - 1)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused() -> None:
    size = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", size), (b"IDAT", zlib.compress(bytes(7501 * 100))), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    with pytest.raises(FrameTooLargeError):
        decode_image(bomb, 3840 * 2160)


@given(st.sampled_from([JPEG, PNG, WEBP, WEBP_EXACT]), st.floats(0, 1, exclude_max=True))
def test_a_picture_that_was_cut_off_is_refused(data: bytes, share: float) -> None:
    # The end marker of a PNG is followed by its checksum alone, which nobody needs.
    kept = min(int(share * len(data)), len(data) - 9)
    with pytest.raises(BadImageError):
        decode_image(data[:kept], PIXELS)


@given(
    st.sampled_from([JPEG, PNG, WEBP, WEBP_EXACT]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_damaged_header_is_read_or_refused(data: bytes, damage: list[tuple[int, int]]) -> None:
    broken = bytearray(data)
    for at, value in damage:
        broken[at] = value
    try:
        rgb = decode_image(bytes(broken), PIXELS)
    except (BadImageError, FrameTooLargeError):
        return
    assert rgb.shape[0] * rgb.shape[1] <= PIXELS


@given(st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"]), st.binary())
def test_other_bytes_are_no_picture(start: bytes, rest: bytes) -> None:
    with pytest.raises(BadImageError):
        decode_image(start + rest, PIXELS)


def test_an_animation_is_no_single_picture() -> None:
    animation = cv2.Animation()
    animation.frames = [np.ascontiguousarray(RGB[..., ::-1]), RGB]
    animation.durations = [100, 100]
    ok, data = cv2.imencodeanimation(".webp", animation)
    assert ok
    with pytest.raises(BadImageError, match="animated"):
        decode_image(data.tobytes(), PIXELS)
