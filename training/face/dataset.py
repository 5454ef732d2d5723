"""Packs and lessons joined into arrays that training and validation read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.face import packs
from training.face.duplicates import without_near_duplicates
from training.face.landmarks import MESH_POINTS
from training.face.teacher import load_lesson

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZIP_OF = {
    "fer2013": "fer2013_train",
    "ferplus-publictest": "fer2013_val",
    "fer2013-publictest-raw": "fer2013_val",
    "colour": "affect7_train",
    "colour-tenth": "affect7_train",
    "scene": "scene_faces",
    "scene-tenth": "scene_faces",
}


@dataclass(frozen=True)
class Faces:
    """Faces with everything that is known of them.

    rgb: uint8 (N, 112, 112, 3). background: bool (N, 112, 112), True where the pack is masked.
    emotion: float32 (N, 7), NaN rows without a label. taught: bool (N,); where False the teacher
    found no face and the next three are NaN: action float32 (N, 52), landmark_xy float32
    (N, 73, 2) as shares of the stored square, pose_deg float32 (N, 3) pitch, yaw, roll.
    margin: float32 (N,), stored side over the side of a crop.
    """

    rgb: NDArray[np.uint8]
    background: NDArray[np.bool_]
    emotion: NDArray[np.float32]
    taught: NDArray[np.bool_]
    action: NDArray[np.float32]
    landmark_xy: NDArray[np.float32]
    pose_deg: NDArray[np.float32]
    margin: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rgb)


def action_names() -> tuple[str, ...]:
    """The teacher's 52 actions in the order of its output."""
    return tuple(str(name) for name in load_lesson("fer2013_val").action_name)


def with_lessons(pack: packs.Pack) -> Faces:
    """A pack joined with the teacher's labels."""
    lesson = load_lesson(ZIP_OF[pack.name]).of(pack.member)
    masked = pack.name.startswith("colour")
    return Faces(
        rgb=pack.rgb,
        background=np.stack([packs.black_background(picture) for picture in pack.rgb])
        if masked
        else np.zeros(pack.rgb.shape[:3], np.bool_),
        emotion=pack.target,
        taught=lesson.found,
        action=lesson.action,
        landmark_xy=lesson.points_in(pack.picture_xywh)[:, MESH_POINTS],
        pose_deg=lesson.pose_deg,
        margin=np.full(len(pack), pack.margin, np.float32),
    )


def concatenate(parts: list[Faces]) -> Faces:
    return Faces(
        *(np.concatenate([getattr(p, f) for p in parts]) for f in Faces.__dataclass_fields__)
    )


def validation_packs() -> list[packs.Pack]:
    """What models are selected and calibrated on; never trained on."""
    return [packs.load_ferplus_validation(), packs.load_colour()[1], packs.load_scene()[1]]


def training_packs(names: tuple[str, ...]) -> list[packs.Pack]:
    """The wanted of fer2013, colour and scene, without near-duplicates of validation faces."""
    loaders = {
        "fer2013": packs.load_fer2013_train,
        "colour": lambda: packs.load_colour()[0],
        "scene": lambda: packs.load_scene()[0],
    }
    chosen = [loaders[name]() for name in names]
    for validation in validation_packs():
        chosen = [without_near_duplicates(pack, validation) for pack in chosen]
    return chosen
