"""Neutral faces with speaking mouths, as a pack for training.

To a network trained on stills an open, moving mouth is surprise or disgust. Two sources say
otherwise: frames of TRAINING_CLIPS, in which people talk, and faces of CFEE whose neutral picture
gets the open mouth of another picture of the same person (no smile, no wrinkled nose).
"""

from __future__ import annotations

import csv

import cv2
import numpy as np
from numpy.typing import NDArray

from training.face import packs
from training.face.clips import TRAINING_CLIPS, load_clip
from training.face.folders import cache_dir, data_dir
from training.face.landmarks import LIPS_LEFT, LIPS_RIGHT, rows_of
from training.face.teacher import load_lesson

STEADY = (33, 133, 362, 263, 168, 6)
"""Mesh points that do not move with the mouth: corners of the eyes and bridge of the nose."""
WIDE, HIGH, FEATHER = 0.62, 0.55, 0.08
"""Half axes of the exchanged ellipse and its soft edge, in distances between the eyes."""
MIN_AU25 = 2
OTHER_AUS = ("AU6", "AU9", "AU10", "AU12", "AU20")
"""A donor shows none of these: they would carry an emotion into the mouth."""
MAX_SMILE = 0.35
"""Frames of the clips with more of the teacher's mouthSmile are not called neutral."""
SWAP_SMOOTHING, CLIP_SMOOTHING = 0.15, 0.25


def load_speaking(cfee: packs.Pack, landmark_xy: NDArray[np.float32]) -> packs.Pack:
    """The pack; labels of the clips' frames are written where `dataset.load_faces` looks for them.

    Args:
        cfee: training part of CFEE.
        landmark_xy: float32 (N, 73, 2), the teacher's landmarks as shares of its stored squares.
    """
    swapped = swapped_mouths(cfee, landmark_xy)
    names = [str(name) for name in load_lesson("cfee_faces").action_name]
    smiles = [names.index(f"mouthSmile{side}") for side in ("Left", "Right")]
    clips = [load_clip(name) for name in TRAINING_CLIPS]
    clips = [clip.take(clip.action[:, smiles].mean(axis=1) < MAX_SMILE) for clip in clips]
    frames = np.concatenate([clip.rgb for clip in clips])
    count = len(swapped)
    np.savez(
        cache_dir() / "shipped_speaking.npz",
        row=np.arange(count, count + len(frames)),
        action=np.concatenate([clip.action for clip in clips]),
        landmark_xy=np.concatenate([clip.landmark_xy for clip in clips]),
        pose_deg=np.concatenate([clip.pose_deg for clip in clips]),
    )
    target = np.concatenate(
        [
            np.tile(packs.smoothed("neutral", smoothing), (n, 1))
            for smoothing, n in ((SWAP_SMOOTHING, count), (CLIP_SMOOTHING, len(frames)))
        ]
    )
    rgb = np.concatenate([swapped, frames])
    member = np.array([f"speaking/{row}" for row in range(len(rgb))])
    where = packs.whole(len(rgb))
    return packs.Pack("speaking", member, rgb, target, where, packs.SCENE_MARGIN)


def swapped_mouths(cfee: packs.Pack, landmark_xy: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Neutral faces uint8 (M, 96, 96, 3) with open mouths of the same people."""
    with (data_dir() / "faces" / "cfee_faces.csv").open(newline="") as file:
        about = {row["path"]: row for row in csv.DictReader(file)}
    rows = [about[str(name)] for name in cfee.member]
    seen = ~np.isnan(landmark_xy[:, 0, 0])
    neutral = [i for i, row in enumerate(rows) if row["category"] == "Neutral" and seen[i]]
    donors: dict[str, list[int]] = {}
    for i, row in enumerate(rows):
        quiet = not any(float(row[name]) for name in OTHER_AUS)
        if seen[i] and quiet and float(row["AU25"]) >= MIN_AU25:
            donors.setdefault(row["identity"], []).append(i)
    made = [
        swap_mouth(cfee.rgb[i], landmark_xy[i], cfee.rgb[donor], landmark_xy[donor])
        for i in neutral
        for donor in donors.get(rows[i]["identity"], [])
    ]
    return np.stack(made)


def swap_mouth(
    rgb: NDArray[np.uint8],
    landmark_xy: NDArray[np.float32],
    donor_rgb: NDArray[np.uint8],
    donor_landmark_xy: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """A face uint8 (S, S, 3) with the mouth of another one, moved so that eyes and nose agree."""
    side = len(rgb)
    ours, theirs = landmark_xy * side, donor_landmark_xy * side
    steady = rows_of(STEADY)
    move, _ = cv2.estimateAffinePartial2D(theirs[steady], ours[steady], method=cv2.LMEDS)
    moved = cv2.warpAffine(donor_rgb, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
    lips = ours[rows_of(LIPS_RIGHT + LIPS_LEFT)].mean(axis=0)
    eyes = float(
        np.linalg.norm(
            ours[rows_of((33, 133))].mean(axis=0) - ours[rows_of((263, 362))].mean(axis=0)
        )
    )
    mask = np.zeros((side, side), np.float32)
    axes = (round(WIDE * eyes), round(HIGH * eyes))
    cv2.ellipse(mask, (round(float(lips[0])), round(float(lips[1]))), axes, 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), FEATHER * eyes)[:, :, None]
    return np.rint(moved * mask + rgb * (1 - mask)).astype(np.uint8)
