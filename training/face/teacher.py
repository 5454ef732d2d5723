"""Labels by a teacher: 52 blendshapes, 478 landmarks and head pose of every face of the packs.

The teacher is MediaPipe FaceLandmarker (Apache-2.0), read from the data folder. Its answers are
kept outside git, under training/face/cache, and computed again only where a file is missing:

    python -m training.face.teacher [fer2013_train fer2013_val affect7_train scene_faces]
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

PACKS = ("affect7_train", "scene_faces", "fer2013_val", "fer2013_train")

# The teacher's own detector wants the face to be a part of its picture: crops are enlarged
# twice and framed in grey. Of three enlargements tried this found the most faces.
ENLARGEMENT = 2
FRAME = 0.3
# 99 % of the faces of the packs pass at these confidences, and all of them are faces.
MIN_CONFIDENCE = 0.2


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
        """Landmarks (478, 2), actions (52,), pose (3,) and action names of a picture (H, W, 3)."""
        big = cv2.resize(rgb, None, fx=ENLARGEMENT, fy=ENLARGEMENT, interpolation=cv2.INTER_CUBIC)
        height, width = big.shape[:2]
        edge = round(FRAME * max(height, width))
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
    """The cached labels of a pack; SystemExit names the command that makes them."""
    path = lesson_path(pack)
    if not path.is_file():
        raise SystemExit(f"{path} is missing: run python -m training.face.teacher {pack}")
    with np.load(path) as file:
        return Lesson(**{key: file[key] for key in Lesson.__dataclass_fields__})


def teach_pack(pack: str) -> None:
    """Label every picture of a pack and write the cache file."""
    archive = zipfile.ZipFile(data_dir() / "faces" / f"{pack}.zip")
    names = sorted(name for name in archive.namelist() if name.endswith(".jpg"))
    teacher = Teacher(data_dir() / "models" / "face_landmarker.task")
    landmark_xy = np.full((len(names), 478, 2), np.nan, np.float32)
    action = np.full((len(names), 52), np.nan, np.float32)
    pose_deg = np.full((len(names), 3), np.nan, np.float32)
    action_name: list[str] = []
    began = time.monotonic()
    for row, name in enumerate(names):
        bgr = cv2.imdecode(np.frombuffer(archive.read(name), np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            continue
        lesson = teacher.teach(np.ascontiguousarray(bgr[:, :, ::-1]).astype(np.uint8))
        if lesson is not None:
            landmark_xy[row], action[row], pose_deg[row], action_name = lesson
        if row % 2000 == 1999:
            rate = (row + 1) / (time.monotonic() - began)
            print(f"{pack}: {row + 1} of {len(names)}, {rate:.0f} pictures/s", flush=True)
    found = ~np.isnan(pose_deg[:, 0])
    partial = lesson_path(pack).with_suffix(".part.npz")
    np.savez(
        partial,
        name=np.array(names),
        found=found,
        landmark_xy=landmark_xy,
        action=action,
        pose_deg=pose_deg,
        action_name=np.array(action_name),
    )
    partial.replace(lesson_path(pack))
    print(f"{pack}: a face in {found.mean():.1%} of {len(names)}", flush=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PACKS:
        if not lesson_path(wanted).is_file():
            teach_pack(wanted)
