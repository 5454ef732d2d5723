"""What the detector's cells learn, and what augmentation does to boxes."""

from __future__ import annotations

import numpy as np
import pytest

from training.detector.assign import assign
from training.detector.augment import Pool, affine, moved
from training.detector.dataset import picture
from training.detector.labels import Boxes, iou

SIDE = 160
STRIDES = (8, 16, 32)


def grid() -> np.ndarray:
    rows = [
        ((x + 0.5) * stride, (y + 0.5) * stride, stride)
        for stride in STRIDES
        for y in range(SIDE // stride)
        for x in range(SIDE // stride)
    ]
    return np.array(rows, np.float32)


def labels_of(box: tuple[float, ...], *, is_face: bool = True) -> dict[int, np.ndarray]:
    cells = grid()
    found = assign(np.array([box], np.float32), np.array([is_face]), cells)
    return {stride: found.label[cells[:, 2] == stride] for stride in STRIDES}


def test_a_large_face_teaches_fine_cells_that_its_parts_are_not_faces() -> None:
    """Ignored at every stride, they became small faces in noses and eyes."""
    label = labels_of((10, 10, 150, 150))
    assert (label[32] == 1).any()
    assert (label[32] == -1).any()
    assert (label[8] == 0).all()
    assert (label[16] == 0).all()


@pytest.mark.parametrize(("side", "stride"), [(5, 8), (20, 8), (50, 16), (110, 32)])
def test_every_size_has_its_stride(side: float, stride: int) -> None:
    corner = 71.0 - side / 2
    label = labels_of((corner, corner, corner + side, corner + side))
    assert [s for s in STRIDES if (label[s] == 1).any()] == [stride]


def test_a_region_to_ignore_is_neither_face_nor_background() -> None:
    label = labels_of((40, 40, 60, 60), is_face=False)
    assert (label[8] == -1).sum() >= 4
    assert not any((label[s] == 1).any() for s in STRIDES)
    assert (label[32] == 0).all()


def test_of_two_faces_the_smaller_keeps_the_cell() -> None:
    boxes = np.array([[60, 60, 80, 80], [56, 56, 84, 84]], np.float32)
    found = assign(boxes, np.array([True, True]), grid())
    middle = np.flatnonzero((grid() == (68, 68, 8)).all(axis=1))
    assert found.label[middle] == 1
    assert found.face[middle] == 0


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 270.0])
@pytest.mark.parametrize("mirror", [False, True])
def test_turned_boxes_and_landmarks_stay_on_their_face(turn: float, mirror: bool) -> None:
    points = np.array([[[4, 6], [8, 6], [6, 9], [4.5, 12], [7.5, 12]]], np.float32)
    boxes = Boxes(np.array([[2, 2, 10, 14]], np.float32), points, np.ones(1, np.bool_))
    matrix = affine(2.0, turn, mirror, (6, 8), (30, 40))
    got = moved(boxes, matrix)
    size = got.xyxy[0, 2:] - got.xyxy[0, :2]
    assert size == pytest.approx((16, 24) if turn in {0.0, 180.0} else (24, 16), abs=1e-3)
    assert (got.xyxy[0, :2] + got.xyxy[0, 2:]) / 2 == pytest.approx((30, 40), abs=1e-3)
    # Seen from the face itself, the first eye stays on the right: left of the way down.
    right_eye, left_eye, _, right_mouth, left_mouth = got.landmark[0]
    down = (right_mouth + left_mouth - right_eye - left_eye) / 2
    across = left_eye - right_eye
    assert across[0] * down[1] - across[1] * down[0] > 0


def test_samples_have_their_size_and_are_repeatable() -> None:
    rng = np.random.default_rng(3)
    some = [
        picture(
            f"{name}/a",
            rng.integers(0, 255, (90, 120, 3)).astype(np.uint8),
            Boxes(
                np.array([[30, 20, 70, 70]], np.float32),
                np.full((1, 5, 2), np.nan, np.float32),
                np.ones(1, np.bool_),
            ),
        )
        for name in ("jol", "mtfl")
    ]
    pool = Pool(some, some, some, some)
    for _ in range(40):
        sample = pool.sample(96, rng)
        assert sample.rgb.shape == (96, 96, 3)
        assert sample.rgb.dtype == np.uint8
        assert len(sample.boxes.landmark) == len(sample.boxes.is_face) == len(sample.boxes)
    a, b = (pool.sample(96, np.random.default_rng(9)) for _ in range(2))
    assert np.array_equal(a.rgb, b.rgb)


def test_iou() -> None:
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]], np.float32)
    assert iou(a, b)[0] == pytest.approx([1, 1 / 3, 0])
