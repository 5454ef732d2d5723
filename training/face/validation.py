"""Validation pictures as an engine is given them, with labels and the teacher's lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.pictures import decode, input_crop
from evolvisense.faces import CROP_MARGIN, cut, framing_of_box
from evolvisense.types.arrays import F32, I64, U8, Bools
from training.face import packs
from training.face.dataset import ZIP_OF
from training.face.folders import data_dir
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
    archive, names = packs.members("scene_faces")
    boxes = packs.scene_boxes()
    pictures: list[U8] = []
    where: list[tuple[float, float, float, float]] = []
    for name in names[::10]:
        rgb = decode(archive.read(name))
        framing = framing_of_box(boxes[name], CROP_MARGIN)
        pictures.append(cut(rgb, framing, packs.STORED_PX))
        where.append(packs.share_of(framing, rgb))
    label = np.full(len(pictures), -1, np.int64)
    return _validation_set("scene-tenth", names[::10], pictures, label, np.array(where, np.float32))


def clip_frames(every: int = 5) -> ValidationSet:
    """Faces of every fifth frame of the one-person clips, labelled by the teacher on the spot."""
    from evolvisense.faces.libfacedetection import LibFaceDetection
    from evolvisense.media import MediaLimits, decode_video
    from training.face.teacher import Teacher

    teacher = Teacher(data_dir() / "models" / "face_landmarker.task")
    detector = LibFaceDetection()
    pictures: list[U8] = []
    lessons: list[tuple[F32, F32, F32]] = []
    for path in sorted((data_dir() / "clips").iterdir()):
        if not path.name.startswith(("talk_", "crema_", "single", "woman")):
            continue
        for frame in decode_video(path, every, None, MediaLimits()):
            found = detector.detect(frame.rgb)
            if not len(found):
                continue
            crop = cut(frame.rgb, framing_of_box(found.xyxy[0], CROP_MARGIN), 2 * packs.STORED_PX)
            lesson = teacher.teach(crop)
            if lesson is not None:
                pictures.append(crop)
                lessons.append(lesson[:3])
    points, action, pose = (np.stack(column) for column in zip(*lessons, strict=True))
    count = len(pictures)
    return ValidationSet(
        "clip-frames",
        tuple(pictures),
        np.full(count, -1, np.int64),
        np.ones(count, np.bool_),
        action,
        points[:, MESH_POINTS],
        pose,
    )
