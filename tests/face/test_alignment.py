"""Where a crop lies, and what is in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.crop import (
    UPRIGHT_DEG,
    CropRegion,
    crop_face,
    crop_region_of_box,
    crop_region_of_landmarks,
)
from tests.factory.faces import face_layout
from tests.factory.media import astronaut

MEAN_SHAPE = face_layout().mean_shape_xy
SIDE_PX = 96

places = st.floats(-500, 4000)
sides = st.floats(20, 2000)
turns = st.floats(-179.9, 180)


def turned_apart(a_deg: float, b_deg: float) -> float:
    return abs((a_deg - b_deg + 180) % 360 - 180)


@given(places, places, sides, turns.filter(lambda deg: abs(deg) >= UPRIGHT_DEG + 0.1))
def test_the_framing_of_a_moved_mean_shape_is_that_move(
    x: float, y: float, side: float, roll: float
) -> None:
    found = crop_region_of_landmarks(CropRegion(x, y, side, roll).to_frame(MEAN_SHAPE), MEAN_SHAPE)
    assert (found.center_x, found.center_y) == pytest.approx((x, y), abs=0.01)
    assert found.side_px == pytest.approx(side, rel=1e-3)
    assert turned_apart(found.roll_deg, roll) < 0.1


@given(places, places, sides, st.floats(-UPRIGHT_DEG + 0.1, UPRIGHT_DEG - 0.1))
def test_a_small_turn_is_left_in_a_crop_around_the_same_face(
    x: float, y: float, side: float, roll: float
) -> None:
    points = CropRegion(x, y, side, roll).to_frame(MEAN_SHAPE)
    found = crop_region_of_landmarks(points, MEAN_SHAPE)
    assert found.roll_deg == 0
    assert found.side_px == pytest.approx(side, rel=1e-3)
    middle = found.to_frame(MEAN_SHAPE).mean(axis=0)
    assert middle == pytest.approx(points.mean(axis=0), abs=0.01)


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_noise_in_single_landmarks_hardly_moves_the_framing(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 2, MEAN_SHAPE.shape)
    points = CropRegion(300, 200, 100, 20).to_frame(MEAN_SHAPE) + noise.astype(np.float32)
    found = crop_region_of_landmarks(points, MEAN_SHAPE)
    assert (found.center_x, found.center_y) == pytest.approx((300, 200), abs=2)
    assert found.side_px == pytest.approx(100, abs=3)
    assert found.roll_deg == pytest.approx(20, abs=3)


@given(places, places, sides, turns, st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_points_of_a_crop_are_found_in_the_frame(
    x: float, y: float, side: float, roll: float, share: tuple[float, float]
) -> None:
    (point,) = CropRegion(x, y, side, roll).to_frame(np.array([share], np.float32))
    # A picture's y points down: seen so, multiplying by exp(i roll) turns clockwise.
    back = complex(point[0] - x, point[1] - y) * np.exp(-1j * np.radians(roll)) / side
    assert (back.real + 0.5, back.imag + 0.5) == pytest.approx(share, abs=1e-4)


def test_the_crop_of_a_box_is_square_and_has_the_margin() -> None:
    crop_region = crop_region_of_box(np.array((10, 20, 50, 110), np.float32), 1.5)
    assert crop_region == CropRegion(30, 65, pytest.approx(60 * 1.5))
    point = crop_region_of_box(np.array((7, 7, 7, 7), np.float32), 1.0)
    assert point.side_px >= 2


def spot(picture_wh: tuple[int, int], place: np.ndarray, radius_px: float) -> np.ndarray:
    """A soft white spot at a place (2,) of a black picture, edges of pixels at whole numbers."""
    x, y = np.meshgrid(np.arange(picture_wh[0]) + 0.5, np.arange(picture_wh[1]) + 0.5)
    grey = 255 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * radius_px**2))
    return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)


@pytest.mark.parametrize("roll", [0.0, 8.0, -25.0, 90.0, 140.0, 180.0])
@pytest.mark.parametrize("side", [60.0, 95.5, 333.3])
def test_landmarks_of_a_turned_face_lie_at_the_mean_shape_in_its_crop(
    roll: float, side: float
) -> None:
    truth = CropRegion(250.3, 199.6, side, roll)
    points = truth.to_frame(MEAN_SHAPE)
    crop_region = crop_region_of_landmarks(points, MEAN_SHAPE)
    # The crop begins at a whole pixel of the picture: half a pixel of it may be lost.
    tolerance_px = 0.5 + 0.75 * SIDE_PX / side
    for index in (0, 20, 40, 70):
        crop = crop_face(spot((500, 400), points[index], side / 40), crop_region, SIDE_PX)
        weight = crop[:, :, 0].astype(np.float64)
        rows, columns = np.indices(weight.shape) + 0.5
        found = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
        assert found == pytest.approx(MEAN_SHAPE[index] * SIDE_PX, abs=tolerance_px)


@pytest.mark.parametrize("turn_deg", [-40, 15, 90])
def test_the_crop_of_a_turned_picture_is_the_crop_of_the_upright_one(turn_deg: int) -> None:
    portrait = astronaut((512, 512))
    # OpenCV counts turns anticlockwise.
    matrix = cv2.getRotationMatrix2D((223.5, 117.5), -turn_deg, 1)
    turned = np.asarray(cv2.warpAffine(portrait, matrix, (512, 512)), np.uint8)
    upright = crop_face(portrait, CropRegion(224, 118, 107), SIDE_PX).astype(int)
    restored, untouched = (
        crop_face(turned, CropRegion(224, 118, 107, roll), SIDE_PX).astype(int)
        for roll in (turn_deg, 0)
    )
    middle = np.s_[12:-12, 12:-12]
    error = np.abs(upright - restored)[middle].mean()
    assert error < 0.25 * np.abs(upright - untouched)[middle].mean()


REACH_PX = 1000
SPECKLED = np.random.default_rng(3).integers(0, 256, (80, 100, 3), np.uint8)
PADDED = np.pad(SPECKLED, ((REACH_PX, REACH_PX), (REACH_PX, REACH_PX), (0, 0)), mode="edge")
eighths = st.integers(-1600, 3200).map(lambda n: n / 8)


@settings(max_examples=60)
@given(eighths, eighths, st.integers(16, 2400).map(lambda n: n / 8), st.sampled_from([0, 30, -170]))
def test_beyond_every_edge_the_edge_is_repeated(
    x: float, y: float, side: float, roll: float
) -> None:
    crop = crop_face(SPECKLED, CropRegion(x, y, side, roll), 24)
    expected = crop_face(PADDED, CropRegion(x + REACH_PX, y + REACH_PX, side, roll), 24)
    np.testing.assert_array_equal(crop, expected)


@pytest.mark.parametrize("roll", [0.0, 45.0])
@pytest.mark.parametrize("side", [2.0, 30.0, 96.0, 300.0])
def test_a_crop_of_any_size_has_the_wanted_side(side: float, roll: float) -> None:
    picture = np.full((120, 90, 3), 77, np.uint8)
    crop = crop_face(picture, CropRegion(45, 60, side, roll), SIDE_PX)
    assert crop.shape == (SIDE_PX, SIDE_PX, 3)
    assert crop.dtype == np.uint8
    assert (crop == 77).all()


def test_a_large_face_is_averaged_and_not_sampled() -> None:
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[:, ::2] = 255
    for roll in (0.0, 30.0):
        crop = crop_face(stripes, CropRegion(200, 200, 250, roll), 25)
        assert 100 < crop.min() <= crop.max() < 155
