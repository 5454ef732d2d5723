"""What a network says of validation faces, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from training.face.agreement import Agreement, Geometry
from training.face.agreement import agreement as agreement_of
from training.face.augment import plain
from training.face.network import INPUT_PX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from training.face.dataset import Faces
    from training.face.network import FaceNet


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


def agreement(readings: Readings, faces: Faces, action_names: tuple[str, ...]) -> Agreement:
    """Agreement with the teacher on the faces that it has seen."""
    rows = faces.taught
    ours = Geometry(readings.action[rows], readings.landmark_xy[rows], readings.pose_deg[rows])
    teacher = Geometry(faces.action[rows], crop_landmarks(faces)[rows], faces.pose_deg[rows])
    return agreement_of(ours, teacher, action_names)


def accuracy(readings: Readings, faces: Faces) -> float:
    """Share of labelled faces whose likeliest emotion is the label's."""
    return float((readings.emotion_logit.argmax(1) == faces.emotion.argmax(1)).mean())
