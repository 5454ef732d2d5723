"""What a network says of validation faces, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.face.augment import plain
from training.face.landmarks import eye_distance
from training.face.network import INPUT_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.face.dataset import Faces
    from training.face.network import FaceNet

TARGET_ACTIONS = ("jawOpen", "mouthSmile", "browDown", "browInnerUp", "eyeBlink", "mouthPucker")
"""The actions that teacher agreement is stated on; left and right count as one mean."""


@dataclass(frozen=True)
class Readings:
    """Network outputs as numpy arrays: shapes as in network.Heads, landmark_xy of the crop."""

    emotion_logit: NDArray[np.float32]
    action: NDArray[np.float32]
    landmark_xy: NDArray[np.float32]
    pose_deg: NDArray[np.float32]
    presence: NDArray[np.float32]


@torch.inference_mode()
def read(network: FaceNet, faces: Faces, side_px: int = INPUT_PX, batch: int = 256) -> Readings:
    """The network on plain crops of `faces`."""
    network.eval()
    parts: list[tuple[torch.Tensor, ...]] = []
    rgb, margin = torch.from_numpy(faces.rgb), torch.from_numpy(faces.margin)
    for rows in torch.arange(len(faces)).split(batch):
        crops = plain(rgb[rows], margin[rows], side_px)
        heads = network(crops.contiguous(memory_format=torch.channels_last))
        parts.append(
            (
                heads.emotion_logit,
                heads.action_logit.sigmoid(),
                heads.landmark_xy,
                heads.pose_deg,
                heads.presence_logit.sigmoid(),
            )
        )
    return Readings(*(torch.cat(column).numpy() for column in zip(*parts, strict=True)))


def crop_landmarks(faces: Faces) -> NDArray[np.float32]:
    """The teacher's points as shares of the plain crop (stored square / margin)."""
    return (faces.landmark_xy - 0.5) * faces.margin[:, None, None] + 0.5


def agreement(readings: Readings, faces: Faces, action_names: tuple[str, ...]) -> dict[str, float]:
    """Teacher agreement: Pearson r of each target action, landmark error over the distance
    between the eyes, mean absolute pose error in degrees."""
    taught = faces.taught
    figures: dict[str, float] = {}
    for name in TARGET_ACTIONS:
        columns = [
            i for i, n in enumerate(action_names) if n in (name, name + "Left", name + "Right")
        ]
        ours = readings.action[taught][:, columns].mean(axis=1)
        theirs = faces.action[taught][:, columns].mean(axis=1)
        figures[name] = float(np.corrcoef(ours, theirs)[0, 1])
    figures["mean_r"] = float(np.mean(list(figures.values())))
    truth = crop_landmarks(faces)[taught]
    error = np.linalg.norm(readings.landmark_xy[taught] - truth, axis=2).mean(axis=1)
    figures["landmark"] = float((error / eye_distance(truth)).mean())
    turn = np.abs(readings.pose_deg[taught] - faces.pose_deg[taught])
    figures["pose_deg"] = float(turn.mean())
    return figures


def accuracy(readings: Readings, faces: Faces) -> float:
    """Share of labelled faces whose likeliest emotion is the label's."""
    return float((readings.emotion_logit.argmax(1) == faces.emotion.argmax(1)).mean())
