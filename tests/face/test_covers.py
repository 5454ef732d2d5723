"""Glasses, masks and hands over real faces are recognised; plain faces are not called covered."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from evolvisense.face import CROP_MARGIN, crop_face, crop_region_of_box, crop_region_of_landmarks
from evolvisense.face.libfacedetection import LibFaceDetection
from evolvisense.face.network import FaceReader
from evolvisense.face.occlusion import covered
from evolvisense.media import decode_video
from evolvisense.types.arrays import F32, U8
from tests.factory.covers import Cover, drawn
from tests.factory.media import astronaut

CLIPS = ("talk_1.mp4", "talk_3.mp4", "talk_hd_1.mp4", "woman.mp4")
EVERY = 20
MOST_FALSE = 0.05
LEAST_FOUND = 0.85


@cache
def network() -> FaceReader:
    return FaceReader()


def landmarks(rgb: U8, box: F32) -> F32:
    """Of the largest face, in pixels of the frame."""
    return _read(rgb, box)[2]


def _read(rgb: U8, box: F32) -> tuple[U8, F32, F32]:
    crop_region = crop_region_of_box(box, CROP_MARGIN)
    for _ in range(2):
        crop = crop_face(rgb, crop_region, network().input_px)
        in_crop = network().read_crops(crop[None]).landmark_xy[0]
        points = crop_region.to_frame(in_crop)
        crop_region = crop_region_of_landmarks(points, network().layout.mean_shape_xy)
    return crop, (in_crop * network().input_px).astype(np.float32), points


def sees(rgb: U8, box: F32) -> tuple[bool, bool]:
    """Whether the eyes, whether the mouth are called covered."""
    crop, in_crop, _ = _read(rgb, box)
    eyes, mouth = covered(crop[None], in_crop[None], network().layout)
    return bool(eyes[0]), bool(mouth[0])


def faces(pictures: list[U8]) -> list[tuple[U8, F32]]:
    detector = LibFaceDetection()
    found = [(rgb, detector.detect(rgb, "full").xyxy) for rgb in pictures]
    return [(rgb, max(boxes, key=lambda b: b[2] - b[0])) for rgb, boxes in found if len(boxes)]


def expected(cover: Cover) -> tuple[bool, bool]:
    return cover == "glasses", cover != "glasses"


@pytest.mark.parametrize("cover", get_args(Cover))
def test_a_portrait(cover: Cover):
    ((rgb, box),) = faces([astronaut()])
    assert sees(rgb, box) == (False, False)
    hidden = drawn(cover, rgb, landmarks(rgb, box), network().layout)
    assert sees(hidden, box) == expected(cover)


@pytest.mark.clips
@pytest.mark.parametrize("name", CLIPS)
def test_people_of_the_clips(clip: Callable[[str], Path], name: str):
    found = faces([frame.rgb for frame in decode_video(clip(name), frame_skip=EVERY)])
    assert len(found) >= 5
    plain = [sees(rgb, box) for rgb, box in found]
    assert np.mean([eyes or mouth for eyes, mouth in plain]) <= MOST_FALSE
    for cover in get_args(Cover):
        hidden = [
            sees(drawn(cover, rgb, landmarks(rgb, box), network().layout), box)
            for rgb, box in found
        ]
        right = np.mean([answer == expected(cover) for answer in hidden])
        assert right >= LEAST_FOUND, f"{cover}: {right:.2f}"
