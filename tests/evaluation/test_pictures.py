"""Decoding and the input of an engine."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from evaluation.pictures import UnreadableError, decode, input_crop


def encoded(ending: str, picture: np.ndarray) -> bytes:
    done, content = cv2.imencode(ending, picture)
    assert done
    return content.tobytes()


@pytest.fixture
def grey(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (50, 60), np.uint8)


@pytest.fixture
def rgb(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (50, 60, 3), np.uint8)


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif", ".pgm"])
def test_grey_is_replicated(ending: str, grey: np.ndarray) -> None:
    found = decode(encoded(ending, grey))
    np.testing.assert_array_equal(found, np.repeat(grey[:, :, None], 3, axis=2))
    assert found.dtype == np.uint8


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif"])
def test_colour_is_rgb(ending: str, rgb: np.ndarray) -> None:
    np.testing.assert_array_equal(decode(encoded(ending, rgb[:, :, ::-1])), rgb)


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".webp"])
def test_lossy_formats(ending: str) -> None:
    red = np.zeros((48, 48, 3), np.uint8)
    red[:, :, 2] = 200
    found = decode(encoded(ending, red)).mean(axis=(0, 1))
    np.testing.assert_allclose(found, [200, 0, 0], atol=6)


@pytest.mark.parametrize("ending", [".png", ".pgm", ".tif"])
def test_sixteen_bits_are_scaled_to_eight(ending: str, grey: np.ndarray) -> None:
    found = decode(encoded(ending, grey.astype(np.uint16) * 257))
    np.testing.assert_array_equal(found[:, :, 0], grey)


def test_transparency_is_ignored(rgb: np.ndarray) -> None:
    alpha = np.zeros((*rgb.shape[:2], 1), np.uint8)
    found = decode(encoded(".png", np.concatenate([rgb[:, :, ::-1], alpha], axis=2)))
    np.testing.assert_array_equal(found, rgb)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(content)


def test_floating_point_pixels_are_refused(rgb: np.ndarray) -> None:
    with pytest.raises(UnreadableError, match="float32"):
        decode(encoded(".tif", rgb.astype(np.float32)))


@pytest.mark.parametrize(
    ("size", "interpolation"),
    [((128, 96), cv2.INTER_AREA), ((48, 48), cv2.INTER_CUBIC), ((48, 128), cv2.INTER_CUBIC)],
)
def test_input_is_the_whole_picture(
    size: tuple[int, int], interpolation: int, rng: np.random.Generator
) -> None:
    picture = rng.integers(0, 256, (*size, 3), np.uint8)
    expected = cv2.resize(picture, (64, 64), interpolation=interpolation)
    np.testing.assert_array_equal(input_crop(picture, 64), expected)


def test_input_of_the_right_size_is_unchanged(rng: np.random.Generator) -> None:
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(input_crop(picture, 64), picture)
