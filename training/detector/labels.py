"""Boxes to learn from: hand-drawn ones, completed and made alike by the teacher's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.detector.folders import data_dir

SURE = 0.65
"""A teacher's box of at least this score that nobody drew is a bystander's face (looked at), a
weaker one is neither face nor background."""
SURE_ENOUGH_IN_NEGATIVES = 0.5
"""Weaker boxes in the negatives lie on dogs, parrots and dolls (looked at): background."""
# fmt: off
NOT_HUMAN = (
    "n02093256", "n02094114", "n02132136", "n02106166", "n02492035", "n01580077", "n02102177",
    "n02494079", "n02120079", "n04409515", "n02895154", "n03026506", "n03794056", "n02099712",
    "n02342885", "n07693725", "n02124075", "n02086079", "n04179913", "n02105162", "n02085620",
    "n02666196", "n02108089", "n02095570", "n02099849", "n02112350", "n02095889", "n02105855",
    "n02509815", "n07614500", "n02233338", "339_", "393_", "231_", "247_", "321_", "385_",
    "353_",
)
# fmt: on
"""Negatives in which every box of the teacher of .5 and more lies on an animal or a thing (looked
at); bystanders who were not found are rare in them."""
SAME_FACE_IOU = 0.35
SAME_BOX_IOU = 0.5
"""Drawn boxes reach from the brows to the chin in one picture and to the hair in the next. A
teacher's box that overlaps as much replaces the drawn one, so that all boxes are drawn alike."""
DRAWN_SHIFT_Y, DRAWN_STRETCH_Y = -0.055, 1.055
"""Median of teacher's box against drawn box over 3,754 pairs; widths agree within 2 %. Applied to
drawn boxes without a teacher's."""


@dataclass(frozen=True)
class Boxes:
    """Faces and regions to ignore of one picture.

    xyxy float32 (B, 4) and landmark float32 (B, 5, 2), NaN where unknown, in pixels of the picture:
    right eye, left eye, nose, right and left corner of the mouth, as the face itself says right.
    is_face bool (B,): False is to be ignored.
    """

    xyxy: NDArray[np.float32]
    landmark: NDArray[np.float32]
    is_face: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.xyxy)

    @staticmethod
    def none() -> Boxes:
        return Boxes(
            np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32), np.zeros(0, np.bool_)
        )


def concatenated(parts: list[Boxes]) -> Boxes:
    if not parts:
        return Boxes.none()
    return Boxes(
        np.concatenate([p.xyxy for p in parts]),
        np.concatenate([p.landmark for p in parts]),
        np.concatenate([p.is_face for p in parts]),
    )


@cache
def raw_labels() -> dict[str, Any]:
    return json.loads((data_dir() / "detector" / "labels.json").read_text("utf-8"))


def drawn_boxes(name: str) -> NDArray[np.float32]:
    """Hand-drawn boxes xyxy (G, 4) in pixels."""
    rows = [row[:4] for row in raw_labels()[name]["gt"]]
    return np.array(rows, np.float32).reshape(-1, 4)


def iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union (A, B) of boxes xyxy (A, 4) and (B, 4)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    area_a, area_b = (np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (a, b))
    return (both / np.maximum(area_a[:, None] + area_b[None] - both, 1e-6)).astype(np.float32)


def boxes_of(name: str) -> Boxes:
    """What is to be learned of one picture of `labels.json`."""
    taught = np.array(raw_labels()[name]["teacher"], np.float32).reshape(-1, 15)
    teacher = np.concatenate([taught[:, :2], taught[:, :2] + taught[:, 2:4]], axis=1)
    points, score = taught[:, 4:14].reshape(-1, 5, 2), taught[:, 14]
    drawn = drawn_boxes(name)
    overlap = iou(drawn, teacher)
    xyxy, landmark, is_face = [], [], []
    used = np.zeros(len(teacher), np.bool_)
    for row, box in enumerate(drawn):
        free = np.where(used, 0.0, overlap[row])
        best = int(free.argmax()) if len(teacher) else -1
        alike = best >= 0 and free[best] >= SAME_FACE_IOU
        if alike:
            used[best] = True
        replaced = alike and free[best] >= SAME_BOX_IOU
        xyxy.append(teacher[best] if replaced else _stretched(box))
        landmark.append(
            points[best] if replaced and score[best] >= SURE else np.full((5, 2), np.nan)
        )
        is_face.append(True)
    is_negative = not name.startswith(("jol/", "mtfl/"))
    not_human = is_negative and name.split("/")[1].startswith(NOT_HUMAN)
    for row in np.flatnonzero(~used):
        if is_negative and (not_human or score[row] < SURE_ENOUGH_IN_NEGATIVES):
            continue
        xyxy.append(teacher[row])
        landmark.append(points[row])
        # A second box of the teacher on a drawn face says nothing new.
        again = overlap[:, row].max(initial=0.0) >= SAME_FACE_IOU
        is_face.append(bool(score[row] >= SURE) and not again)
    return Boxes(
        np.array(xyxy, np.float32).reshape(-1, 4),
        np.array(landmark, np.float32).reshape(-1, 5, 2),
        np.array(is_face, np.bool_),
    )


def _stretched(drawn: NDArray[np.float32]) -> NDArray[np.float32]:
    height = drawn[3] - drawn[1]
    middle = (drawn[1] + drawn[3]) / 2 + DRAWN_SHIFT_Y * height
    half = DRAWN_STRETCH_Y * height / 2
    return np.array([drawn[0], middle - half, drawn[2], middle + half], np.float32)
