"""Frames become faces: where they are, who is who across frames, square crops and their quality.

`single_shot`, `libfacedetection`, `yunet`: detectors. `tracking`: ids across frames and gaps.
`alignment`: the crop that a box or landmarks ask for. `crops`: crops of boxes, and quality.
`people`: tracks become persons, one of them the main person.
"""

from evolvisense.faces.alignment import Framing, cut, framing_of_box, framing_of_landmarks
from evolvisense.faces.crops import CROP_MARGIN, face_crops, measure_quality
from evolvisense.faces.people import group_people

__all__ = [
    "CROP_MARGIN",
    "Framing",
    "cut",
    "face_crops",
    "framing_of_box",
    "framing_of_landmarks",
    "group_people",
    "measure_quality",
]
