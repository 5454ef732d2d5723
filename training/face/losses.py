"""The loss of every task; each is about 1 for an untrained and .2-.5 for a trained network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.face.action_units import MAX_INTENSITY
from training.face.landmarks import rows_of
from training.face.network import Heads

# Actions that hardly ever move in the packs would be all noise at their own scale.
MIN_ACTION_SD = 0.03
POSE_SCALE_DEG = 15.0
LANDMARK_SCALE = 0.12
"""Of the distance between the eyes."""


@dataclass(frozen=True)
class Targets:
    """What a batch of crops should be read as. Rows of `emotion` may be NaN; where `taught` is
    False action (N, 52), landmark_xy (N, 73, 2) and pose_deg (N, 3) do not count; where
    `present` is False only presence does. log_prior (N, 7): log of the class shares among the crops
    drawn from the same pack. au (N, 16): intensity 0-5, NaN rows where nobody coded it."""

    emotion: Tensor
    taught: Tensor
    action: Tensor
    landmark_xy: Tensor
    pose_deg: Tensor
    present: Tensor
    log_prior: Tensor
    au: Tensor


@dataclass(frozen=True)
class Weights:
    emotion: float = 1.0
    action: float = 0.4
    landmark: float = 0.4
    pose: float = 0.2
    presence: float = 0.2
    au: float = 1.0


def task_losses(heads: Heads, targets: Targets, action_sd: Tensor) -> dict[str, Tensor]:
    """Mean loss of each task over the rows that have its label.

    Expressions are learned with logit adjustment (Menon et al. 2021, arXiv:2007.07314): the log
    share of each class in the pack is added to the logits inside the loss only, so that the
    network's own output does not hold the class shares of the packs.
    """
    labelled = targets.present & ~targets.emotion[:, 0].isnan()
    taught = targets.present & targets.taught
    adjusted = heads.emotion_logit + targets.log_prior
    emotion = F.cross_entropy(adjusted[labelled], targets.emotion[labelled])
    coded = targets.present & ~targets.au[:, 0].isnan()
    au = F.binary_cross_entropy_with_logits(
        heads.au_logit[coded], targets.au[coded] / MAX_INTENSITY, reduction="sum"
    ) / (max(int(coded.sum()), 1) * heads.au_logit.shape[1])
    action_error = torch.sigmoid(heads.action_logit[taught]) - targets.action[taught]
    truth = targets.landmark_xy[taught]
    eyes = (_middle(truth, (33, 133)) - _middle(truth, (263, 362))).norm(dim=1).clamp(min=0.05)
    distance = (heads.landmark_xy[taught] - truth).norm(dim=2) / eyes[:, None]
    turn = (heads.pose_deg[taught] - targets.pose_deg[taught]).abs()
    return {
        "emotion": emotion,
        "action": (action_error / action_sd).square().mean(),
        "landmark": (distance / LANDMARK_SCALE).mean(),
        "pose": (turn / POSE_SCALE_DEG).mean(),
        "presence": F.binary_cross_entropy_with_logits(
            heads.presence_logit, targets.present.float()
        ),
        "au": au,
    }


def _middle(points: Tensor, mesh: tuple[int, int]) -> Tensor:
    return points[:, rows_of(mesh)].mean(dim=1)


def total_loss(losses: dict[str, Tensor], weights: Weights) -> Tensor:
    return torch.stack([getattr(weights, name) * loss for name, loss in losses.items()]).sum()
