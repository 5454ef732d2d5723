"""Frames become faces: where they are, who is who across frames, square crops and their quality.

`single_shot`, `libfacedetection`, `yunet`: detectors. `tracking`: ids across frames and gaps.
`alignment`: the crop that a box or landmarks ask for. `crops`: crops of boxes, and quality.
`people`: tracks become persons, one of them the main person.

Faces become expressions and behaviour.

`network`: our own network. `deepface`: DeepFace itself, as an extra. `behaviour`: a person's frames
as smiles, mouth and head, with `blinks`, `speaking`, `distances`, `times` and `smoothing` (1-euro).
`uncertainty`: where an expression should not be read. `samples` and `excerpts`: features of the
indicators, over blocks and windows.
"""

from __future__ import annotations

from evolvisense.face.crop import (
    CROP_MARGIN,
    CropRegion,
    crop_face,
    crop_region_of_box,
    crop_region_of_landmarks,
    face_crops,
    measure_quality,
)
from evolvisense.face.tracking import group_people

__all__ = [
    "CROP_MARGIN",
    "CropRegion",
    "crop_face",
    "crop_region_of_box",
    "crop_region_of_landmarks",
    "face_crops",
    "group_people",
    "measure_quality",
]
