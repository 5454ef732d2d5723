"""What a network says of validation faces, and the figures that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from training.face.action_units import MAX_INTENSITY
from training.face.agreement import Agreement, Geometry
from training.face.agreement import agreement as agreement_of
from training.face.augment import plain
from training.face.network import INPUT_PX

if TYPE_CHECKING:
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
    au: NDArray[np.float32]
    """Intensity 0-5."""


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
                heads.au_logit.sigmoid() * MAX_INTENSITY,
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
    """Share of faces with one label whose likeliest emotion is the label; mixtures do not count."""
    single = faces.emotion.max(axis=1) > 0.99
    right = readings.emotion_logit.argmax(1) == faces.emotion.argmax(1)
    return float(right[single].mean())


def balanced_accuracy(readings: Readings, faces: Faces) -> float:
    """Mean over the emotions that occur of the share of each that is recognised."""
    single = faces.emotion.max(axis=1) > 0.99
    truth = faces.emotion.argmax(1)[single]
    right = readings.emotion_logit.argmax(1)[single] == truth
    return float(np.mean([right[truth == e].mean() for e in np.unique(truth)]))


def au_auc(readings: Readings, faces: Faces) -> NDArray[np.float64]:
    """Area (16,) under the ROC curve of each action unit, present against absent; NaN if unknown.

    By ranks (Mann-Whitney U), faces that nobody coded left out.
    """
    coded = ~np.isnan(faces.au[:, 0])
    areas = np.full(faces.au.shape[1], np.nan)
    for i in range(faces.au.shape[1]):
        present = faces.au[coded, i] > 0
        positives, negatives = int(present.sum()), int((~present).sum())
        if positives and negatives:
            ranks = readings.au[coded, i].argsort().argsort() + 1.0
            rank_sum = ranks[present].sum() - positives * (positives + 1) / 2
            areas[i] = rank_sum / (positives * negatives)
    return areas
