"""How far outputs agree with the teacher's: the same figures during training and in the card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.metrics import pearson_r
from evolvisense.types.arrays import F32
from training.face.landmarks import eye_distance

TARGET_ACTIONS = ("jawOpen", "mouthSmile", "browDown", "browInnerUp", "eyeBlink", "mouthPucker")
"""The actions that teacher agreement is stated on; left and right count as one mean."""


@dataclass(frozen=True)
class Geometry:
    """Actions (N, 52), landmark_xy (N, 73, 2) as shares of the crop, pose_deg (N, 3)."""

    action: F32
    landmark_xy: F32
    pose_deg: F32


@dataclass(frozen=True)
class Agreement:
    r: dict[str, float]
    """Pearson r of each target action."""
    landmark: float
    """Mean error over the distance between the eyes."""
    turn_deg: tuple[float, float, float]
    """Mean absolute error of pitch, yaw, roll."""

    @property
    def mean_r(self) -> float:
        return float(np.mean(list(self.r.values())))

    @property
    def pose_deg(self) -> float:
        return float(np.mean(self.turn_deg))


def agreement(ours: Geometry, teacher: Geometry, action_names: Sequence[str]) -> Agreement:
    """Figures of the same N faces, all of which the teacher has seen."""
    r: dict[str, float] = {}
    for name in TARGET_ACTIONS:
        wanted = (name, f"{name}Left", f"{name}Right")
        columns = [i for i, n in enumerate(action_names) if n in wanted]
        a, b = (g.action[:, columns].mean(axis=1, dtype=np.float64) for g in (ours, teacher))
        r[name] = pearson_r(a, b)
    error = np.linalg.norm(ours.landmark_xy - teacher.landmark_xy, axis=2).mean(axis=1)
    pitch, yaw, roll = np.abs(ours.pose_deg - teacher.pose_deg).mean(axis=0).tolist()
    landmark = float((error / eye_distance(teacher.landmark_xy)).mean())
    return Agreement(r, landmark, (pitch, yaw, roll))
