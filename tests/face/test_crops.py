"""Crops and quality."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evolvisense.face import CROP_MARGIN, face_crops, measure_quality
from tests.factory.media import astronaut


def test_crop_is_centred_and_has_the_margin() -> None:
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[60:140, 110:190] = 255  # a white square of 80 px around (150, 100)
    (crop,) = face_crops(picture, np.array([[110, 60, 190, 140]], np.float32), 64)
    white = crop[:, :, 0] > 127
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    assert abs((rows[0] + rows[-1]) / 2 - 31.5) <= 1
    assert abs((columns[0] + columns[-1]) / 2 - 31.5) <= 1
    assert abs(len(rows) - 64 / CROP_MARGIN) <= 2


def test_an_oblong_box_gives_an_undistorted_crop() -> None:
    picture = np.zeros((400, 400, 3), np.uint8)
    cv2.circle(picture, (200, 200), 50, (255, 255, 255), -1)
    (crop,) = face_crops(picture, np.array([[150, 100, 250, 300]], np.float32), 64)
    white = crop[:, :, 0] > 127
    assert abs(int(white.any(axis=1).sum()) - int(white.any(axis=0).sum())) <= 1


def test_the_edge_of_the_picture_is_repeated() -> None:
    picture = np.full((100, 100, 3), 77, np.uint8)
    (crop,) = face_crops(picture, np.array([[-40, -40, 30, 30]], np.float32), 64)
    assert (crop == 77).all()


coordinates = st.floats(0, 100, width=32)


@given(coordinates, coordinates, coordinates, coordinates)
def test_any_box_gives_a_crop(x0: float, y0: float, x1: float, y1: float) -> None:
    picture = np.arange(100 * 100 * 3, dtype=np.uint8).reshape(100, 100, 3)
    box = np.array([[min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]], np.float32)
    assert face_crops(picture, box, 32).shape == (1, 32, 32, 3)


def test_no_box_gives_no_crop() -> None:
    crops = face_crops(np.zeros((50, 50, 3), np.uint8), np.zeros((0, 4), np.float32), 64)
    assert crops.shape == (0, 64, 64, 3)


def test_blur_lowers_sharpness_and_light_raises_brightness() -> None:
    box = np.array([[0.33 * 512, 0.12 * 512, 0.56 * 512, 0.42 * 512]], np.float32)
    sharp = astronaut((512, 512))
    blurred = cv2.GaussianBlur(sharp, (0, 0), 5)
    bright = np.clip(sharp.astype(int) + 60, 0, 255).astype(np.uint8)
    qualities = [
        measure_quality(face_crops(picture, box, 64), box) for picture in (sharp, blurred, bright)
    ]
    assert qualities[1].sharpness[0] < 0.5 * qualities[0].sharpness[0]
    assert qualities[2].brightness[0] > qualities[0].brightness[0]
    assert 0 < qualities[0].brightness[0] < 1
    assert abs(qualities[0].size_px[0] - np.sqrt(0.23 * 512 * 0.30 * 512)) < 0.01
