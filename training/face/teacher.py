"""Labels by a teacher: 52 blendshapes, 478 landmarks and head pose of every face of the packs.

The teacher is MediaPipe FaceLandmarker (Apache-2.0), read from the data folder. Its answers are
kept outside git, under training/face/cache, and computed again only where a file is missing:

    python -m training.face.teacher [fer2013_train fer2013_val affect7_train scene_faces cfee_faces]
"""

from __future__ import annotations

import sys
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.face.folders import cache_dir, data_dir

PACKS = ("fer2013_val", "cfee_faces", "affect7_train", "scene_faces", "fer2013_train")

# The teacher's own detector wants the face to be a part of its picture: crops are enlarged
# twice and framed in grey. Of three enlargements tried this found the most faces.
ENLARGEMENT = 2
FRAME = 0.3
# 99 % of the faces of the packs pass at these confidences, and all of them are faces.
MIN_CONFIDENCE = 0.2
SAVED_EVERY = 1000


@dataclass(frozen=True)
class Lesson:
    """What the teacher says about the pictures of one pack.

    name: str (N,), members of the zip. found: bool (N,); the rest is NaN where False.
    landmark_xy: float32 (N, 478, 2), shares of the picture's width and height.
    action: float32 (N, 52), blendshape scores 0-1.
    pose_deg: float32 (N, 3), pitch, yaw, roll in degrees: see `pose_from_matrix`.
    """

    name: NDArray[np.str_]
    found: NDArray[np.bool_]
    landmark_xy: NDArray[np.float32]
    action: NDArray[np.float32]
    pose_deg: NDArray[np.float32]
    action_name: NDArray[np.str_]
    done: NDArray[np.bool_]
    """bool (N,): whether the teacher has been asked yet."""

    def of(self, members: Iterable[str]) -> Lesson:
        """The rows of these members, in their order."""
        row_of = {str(name): row for row, name in enumerate(self.name)}
        rows = np.array([row_of[str(member)] for member in members])
        return Lesson(
            self.name[rows],
            self.found[rows],
            self.landmark_xy[rows],
            self.action[rows],
            self.pose_deg[rows],
            self.action_name,
            self.done[rows],
        )

    def points_in(self, square_xywh: NDArray[np.float32]) -> NDArray[np.float32]:
        """Landmarks (N, 478, 2) as shares of squares (N, 4), themselves shares of the pictures."""
        square = square_xywh[:, None, :]
        return ((self.landmark_xy - square[..., :2]) / square[..., 2:]).astype(np.float32)


def pose_from_matrix(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Pitch, yaw, roll (degrees) of the teacher's 4 x 4 face-to-camera matrix.

    The camera looks along -z, x points right in the picture and y up. Rotation is read as
    R = Rz(roll) Ry(yaw) Rx(pitch). Signs are those of the picture: pitch > 0 looks up,
    yaw > 0 looks to the picture's right, roll > 0 tilts the head's top to the picture's right.
    """
    r = np.asarray(matrix, np.float64)[:3, :3]
    r = r / np.linalg.norm(r, axis=0)
    yaw = np.arcsin(np.clip(-r[2, 0], -1, 1))
    pitch = np.arctan2(r[2, 1], r[2, 2])
    roll = np.arctan2(r[1, 0], r[0, 0])
    return np.degrees([-pitch, yaw, -roll]).astype(np.float32)


class Teacher:
    """MediaPipe FaceLandmarker for single pictures."""

    def __init__(self, model: Path) -> None:
        import mediapipe as mp
        from mediapipe.tasks import python as tasks
        from mediapipe.tasks.python import vision

        self._image = mp.Image
        self._srgb = mp.ImageFormat.SRGB
        self._landmarker = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=tasks.BaseOptions(model_asset_path=str(model)),
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
                num_faces=1,
                min_face_detection_confidence=MIN_CONFIDENCE,
                min_face_presence_confidence=MIN_CONFIDENCE,
            )
        )

    def teach(
        self, rgb: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], list[str]] | None:
        """Landmarks (478, 2), actions (52,), pose (3,) and action names of a crop (H, W, 3)."""
        big = cv2.resize(rgb, None, fx=ENLARGEMENT, fy=ENLARGEMENT, interpolation=cv2.INTER_CUBIC)
        return self.see(big.astype(np.uint8), round(FRAME * max(big.shape[:2])))

    def see(
        self, big: NDArray[np.uint8], edge: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], list[str]] | None:
        """The same for a whole frame, which gets `edge` pixels of grey around it."""
        height, width = big.shape[:2]
        framed = cv2.copyMakeBorder(
            big, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(127, 127, 127)
        )
        answer = self._landmarker.detect(
            self._image(image_format=self._srgb, data=np.ascontiguousarray(framed))
        )
        if not answer.face_landmarks:
            return None
        points = np.array([(p.x, p.y) for p in answer.face_landmarks[0]], np.float32)
        points *= (width + 2 * edge, height + 2 * edge)
        points = (points - edge) / np.array((width, height), np.float32)
        shapes = answer.face_blendshapes[0]
        return (
            points.astype(np.float32),
            np.array([s.score for s in shapes], np.float32),
            pose_from_matrix(answer.facial_transformation_matrixes[0]),
            [s.category_name for s in shapes],
        )


def lesson_path(pack: str) -> Path:
    return cache_dir() / f"teacher_{pack}.npz"


def load_lesson(pack: str) -> Lesson:
    """The cached labels of a pack; a pack that was not begun has no row done."""
    path = lesson_path(pack)
    if not path.is_file():
        archive = zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip")
        return blank_lesson(sorted(n for n in archive.namelist() if n.endswith((".jpg", ".webp"))))
    with np.load(path) as file:
        return Lesson(**{key: file[key] for key in Lesson.__dataclass_fields__})


def blank_lesson(names: Iterable[str]) -> Lesson:
    """A lesson in which nothing has been labelled yet."""
    name = np.array([str(n) for n in names])
    return Lesson(
        name=name,
        found=np.zeros(len(name), np.bool_),
        landmark_xy=np.full((len(name), 478, 2), np.nan, np.float32),
        action=np.full((len(name), 52), np.nan, np.float32),
        pose_deg=np.full((len(name), 3), np.nan, np.float32),
        action_name=np.array([""] * 52, "U32"),
        done=np.zeros(len(name), np.bool_),
    )


def teach_pack(pack: str) -> None:
    """Label every image of a pack; the cache file is written every SAVED_EVERY images.

    Images are labelled in an order shuffled by seed 0, so that an unfinished file is a random part
    of the pack; the same command goes on from it.
    """
    archive = zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip")
    lesson = load_lesson(pack)
    names = [str(name) for name in lesson.name]
    order = np.random.default_rng(0).permutation(len(names))
    todo = order[~lesson.done[order]]
    if not len(todo):
        return
    teacher = Teacher(data_dir() / "models" / "face_landmarker.task")
    began = time.monotonic()
    for count, row in enumerate(todo.tolist(), start=1):
        bgr = cv2.imdecode(np.frombuffer(archive.read(names[row]), np.uint8), cv2.IMREAD_COLOR)
        lesson.done[row] = True
        if bgr is not None:
            said = teacher.teach(np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8))
            if said is not None:
                lesson.landmark_xy[row], lesson.action[row], lesson.pose_deg[row] = said[:3]
                lesson.action_name[:] = said[3]
                lesson.found[row] = True
        if count % SAVED_EVERY == 0 or count == len(todo):
            _save(pack, lesson)
            rate = count / (time.monotonic() - began)
            print(f"{pack}: {lesson.done.sum()} of {len(names)}, {rate:.0f} images/s", flush=True)
    share = lesson.found[lesson.done].mean()
    print(f"{pack}: a face in {share:.1%} of {len(names)}", flush=True)


def _save(pack: str, lesson: Lesson) -> None:
    unfinished = lesson_path(pack).with_suffix(".part.npz")
    np.savez(unfinished, **{key: getattr(lesson, key) for key in Lesson.__dataclass_fields__})
    unfinished.replace(lesson_path(pack))


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PACKS:
        teach_pack(wanted)
