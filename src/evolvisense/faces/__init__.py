"""Frames become faces: where they are, who is who across frames, square crops and their quality.

`libfacedetection`, `yunet`: detectors. `tracking`: ids across frames and gaps.
`crops`: square crops and quality. `people`: tracks become persons, one of them the main person.
"""

from evolvisense.faces.crops import CROP_MARGIN, face_crops, measure_quality
from evolvisense.faces.people import group_people

__all__ = ["CROP_MARGIN", "face_crops", "group_people", "measure_quality"]
