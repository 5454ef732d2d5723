"""Frames of the clips with the teacher's labels: `python -m training.face.clips [CLIP ...]`.

People talk in these clips. Frames of TRAINING_CLIPS become a pack of neutral faces with moving
mouths; HELD_OUT are only measured on. Labels are kept under training/face/cache.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from evolvisense.face import crop_face, crop_region_of_landmarks
from evolvisense.media import MediaLimits, decode_video
from training.face import packs
from training.face.folders import cache_dir, data_dir
from training.face.landmarks import MESH_POINTS
from training.face.teacher import Teacher

TRAINING_CLIPS = ("talk_1.mp4", "talk_2.mp4", "talk_hd_1.mp4")
HELD_OUT = ("talk_3.mp4", "talk_hd_2.mp4", "crema_1001_dfa_neu.flv")
MAX_SIDE_PX = 640
"""Larger frames are shrunk to this before the teacher sees them."""


SPEC = Path(__file__).resolve().parents[2] / "src/evolvisense/models/specs/face.json"


@dataclass(frozen=True)
class ClipFaces:
    """Faces of the F frames of a clip in which the teacher saw one.

    rgb: uint8 (F, 96, 96, 3), SCENE_MARGIN times as wide as a crop at inference. pts_s (F,).
    action (F, 52), landmark_xy (F, 73, 2) as shares of the stored square, pose_deg (F, 3).
    """

    rgb: NDArray[np.uint8]
    pts_s: NDArray[np.float64]
    action: NDArray[np.float32]
    landmark_xy: NDArray[np.float32]
    pose_deg: NDArray[np.float32]

    def take(self, rows: NDArray[np.bool_]) -> ClipFaces:
        """Those frames only."""
        return ClipFaces(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def mean_shape() -> NDArray[np.float32]:
    """Mean place (73, 2) of the landmarks in a crop, as the shipped spec has it."""
    known = json.loads(SPEC.read_text())["parameters"]
    return np.array(known["mean_shape_xy"], np.float32)


def clip_path(clip: str) -> Path:
    return cache_dir() / f"clip_{clip}.npz"


def load_clip(clip: str) -> ClipFaces:
    """The labelled frames of a clip; SystemExit names the command that makes them."""
    if not clip_path(clip).is_file():
        raise SystemExit(f"{clip} is not labelled: run python -m training.face.clips {clip}")
    with np.load(clip_path(clip)) as file:
        return ClipFaces(**{key: file[key] for key in ClipFaces.__dataclass_fields__})


def label_clip(clip: str, every: int = 1) -> None:
    """Label every frame in which the teacher sees a face and write the cache file."""
    teacher = Teacher(data_dir() / "models" / "face_landmarker.task")
    shape = mean_shape()
    rows: list[tuple[object, ...]] = []
    for frame in decode_video(data_dir() / "clips" / clip, every, None, MediaLimits()):
        zoom = min(1.0, MAX_SIDE_PX / max(frame.rgb.shape[:2]))
        small = np.asarray(cv2.resize(frame.rgb, None, fx=zoom, fy=zoom), np.uint8)
        said = teacher.see(np.ascontiguousarray(small))
        if said is None:
            continue
        points, action, pose, _ = said
        size = np.array(small.shape[1::-1], np.float32)
        mesh_px = (points[list(MESH_POINTS)] * size).astype(np.float32)
        framing = crop_region_of_landmarks(mesh_px, shape)
        wide = replace(framing, side_px=framing.side_px * packs.SCENE_MARGIN, roll_deg=0.0)
        corner = np.array((wide.center_x, wide.center_y)) - wide.side_px / 2
        stored_xy = ((mesh_px - corner) / wide.side_px).astype(np.float32)
        rows.append((crop_face(small, wide, packs.STORED_PX), frame.pts_s, action, stored_xy, pose))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    np.savez(clip_path(clip), **dict(zip(ClipFaces.__dataclass_fields__, columns, strict=True)))
    print(f"{clip}: {len(rows)} faces labelled", flush=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or (*TRAINING_CLIPS, *HELD_OUT):
        if not clip_path(wanted).is_file():
            label_clip(wanted)
