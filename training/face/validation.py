"""Validation pictures as an engine is given them, with labels and the teacher's lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.pictures import decode, input_crop
from evolvisense.face import CROP_MARGIN, crop_face, crop_region_of_box
from evolvisense.types.arrays import F32, I64, U8, Bools
from training.face import clips, packs
from training.face.dataset import ZIP_OF
from training.face.landmarks import MESH_POINTS
from training.face.teacher import load_lesson


@dataclass(frozen=True)
class ValidationSet:
    """Pictures of one set.

    picture: N arrays uint8 (H, W, 3), the whole picture is the crop. label: int64 (N,) index in
    EMOTIONS, -1 without. taught, action (N, 52), landmark_xy (N, 73, 2) as shares of the picture,
    pose_deg (N, 3): the teacher's, NaN where it found no face.
    """

    name: str
    picture: tuple[U8, ...]
    label: I64
    taught: Bools
    action: F32
    landmark_xy: F32
    pose_deg: F32

    def crops(self, input_px: int) -> U8:
        """uint8 (N, input_px, input_px, 3), as `python -m evaluation` makes them."""
        return np.stack([input_crop(rgb, input_px) for rgb in self.picture])


def _validation_set(
    name: str, members: Sequence[str], pictures: Sequence[U8], label: I64, where: F32
) -> ValidationSet:
    lesson = load_lesson(ZIP_OF[name]).of(members)
    return ValidationSet(
        name,
        tuple(pictures),
        label,
        lesson.found,
        lesson.action,
        lesson.points_in(where)[:, MESH_POINTS],
        lesson.pose_deg,
    )


def _whole_pictures(pack: packs.Pack) -> ValidationSet:
    archive, _ = packs.members(ZIP_OF[pack.name])
    members = [str(member) for member in pack.member]
    pictures = [decode(archive.read(member)) for member in members]
    label = pack.target.argmax(axis=1).astype(np.int64)
    return _validation_set(pack.name, members, pictures, label, packs.whole(len(members)))


def ferplus() -> ValidationSet:
    """Matched FER2013 PublicTest rows with a FER+ majority."""
    return _whole_pictures(packs.load_ferplus_validation())


def fer2013_raw() -> ValidationSet:
    """All FER2013 PublicTest rows with their raw label."""
    return _whole_pictures(packs.load_fer2013_validation_raw())


def colour_tenth() -> ValidationSet:
    """The tenth of the colour pack that is set aside."""
    return _whole_pictures(packs.load_colour()[1])


def scene_tenth() -> ValidationSet:
    """A tenth of the scene faces, cut out by their face box as in the product; no labels."""
    names = packs.members("scene_faces")[1][::10]
    label = np.full(len(names), -1, np.int64)
    return _boxed("scene-tenth", names, packs.scene_boxes(), label)


def cfee_fifth() -> ValidationSet:
    """The basic expressions of the people of CFEE who are set aside, cut out by their face box."""
    pack = packs.load_cfee()[1]
    single = pack.target.max(axis=1) > 0.99
    names = [str(name) for name in pack.member[single]]
    return _boxed(
        "cfee-fifth", names, packs.cfee_boxes(), pack.target[single].argmax(axis=1).astype(np.int64)
    )


def _boxed(
    name: str, members: Sequence[str], boxes: Mapping[str, NDArray[np.float64]], label: I64
) -> ValidationSet:
    archive, _ = packs.members(ZIP_OF[name])
    pictures: list[U8] = []
    where: list[tuple[float, float, float, float]] = []
    for member in members:
        rgb = decode(archive.read(member))
        framing = crop_region_of_box(boxes[member], CROP_MARGIN)
        pictures.append(crop_face(rgb, framing, packs.STORED_PX))
        where.append(packs.share_of(framing, rgb))
    return _validation_set(name, members, pictures, label, np.array(where, np.float32))


def clip_frames() -> ValidationSet:
    """Faces of the clips that are never trained on, labelled by the teacher (`clips.py`)."""
    parts = [clips.load_clip(name) for name in clips.HELD_OUT]
    edge = round(packs.STORED_PX * (1 - 1 / packs.SCENE_MARGIN) / 2)
    rgb = np.concatenate([part.rgb for part in parts])[:, edge:-edge, edge:-edge]
    points = np.concatenate([part.landmark_xy for part in parts])
    points = (points * packs.STORED_PX - edge) / (packs.STORED_PX - 2 * edge)
    return ValidationSet(
        "clip-frames",
        tuple(rgb),
        np.full(len(rgb), -1, np.int64),
        np.ones(len(rgb), np.bool_),
        np.concatenate([part.action for part in parts]),
        points.astype(np.float32),
        np.concatenate([part.pose_deg for part in parts]),
    )
