"""Frames become faces: detection, tracking, face crops, landmarks, expression, behaviour.

`detect`: frames scaled for a detector; `single_shot`, `libfacedetection`, `yunet`: detectors.
`tracking`: track ids, and tracks become people. `redetection`: when the detector runs and when a
face is only tracked by its landmarks. `crop`: face crops by a box or by landmarks, their quality.
`network`: our own face network. `deepface`: DeepFace itself, as an extra. `behaviour`: a person's
frames as smiles, mouth and head, with `blinks`, `speaking` and `smoothing` (1-euro).
`uncertainty`, `occlusion`: where an expression should not be read.
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
