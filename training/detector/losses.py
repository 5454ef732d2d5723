"""The losses of a batch: focal for scores, DIoU for boxes, smooth L1 for landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.detector.network import decoded

FOCAL_GAMMA, FOCAL_ALPHA = 2.0, 0.3
BOX_WEIGHT, LANDMARK_WEIGHT = 2.0, 0.5


def diou_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """1 - DIoU (Zheng et al. 2020, arXiv:1911.08287) of boxes xyxy (P, 4), each (P,)."""
    inner = (
        torch.minimum(found[:, 2:], wanted[:, 2:]) - torch.maximum(found[:, :2], wanted[:, :2])
    ).clamp(min=0)
    both = inner.prod(dim=1)
    area = (found[:, 2:] - found[:, :2]).prod(dim=1) + (wanted[:, 2:] - wanted[:, :2]).prod(dim=1)
    iou = both / (area - both).clamp(min=1e-6)
    hull = torch.maximum(found[:, 2:], wanted[:, 2:]) - torch.minimum(found[:, :2], wanted[:, :2])
    apart = (found[:, :2] + found[:, 2:] - wanted[:, :2] - wanted[:, 2:]) / 2
    return 1 - iou + apart.square().sum(dim=1) / hull.square().sum(dim=1).clamp(min=1e-6)


@dataclass(frozen=True)
class Targets:
    """label (N, cells) as of `assign.Assigned`; box (N, cells, 4), landmark (N, cells, 5, 2).

    Pixels. Landmarks that are not known are NaN; both are zero where the label is not 1.
    """

    label: Tensor
    box: Tensor
    landmark: Tensor


def losses(values: Tensor, grid: Tensor, targets: Targets) -> dict[str, Tensor]:
    """Weighted losses of a batch of values (N, cells, 15)."""
    counted, positive = targets.label >= 0, targets.label == 1
    count = positive.sum().clamp(min=1)
    logit, truth = values[..., 0][counted], positive[counted].float()
    probability = torch.sigmoid(logit)
    miss = torch.where(truth == 1, 1 - probability, probability)
    alpha = torch.where(truth == 1, FOCAL_ALPHA, 1 - FOCAL_ALPHA)
    entropy = F.binary_cross_entropy_with_logits(logit, truth, reduction="none")
    focal = (alpha * miss**FOCAL_GAMMA * entropy).sum() / count
    rows, index = positive.nonzero(as_tuple=True)
    box, points = decoded(values[rows, index], grid[index])
    wanted = targets.box[positive]
    box_loss = diou_loss(box, wanted).mean() if len(rows) else values.sum() * 0
    side = (wanted[:, 2:] - wanted[:, :2]).prod(dim=1).clamp(min=1).sqrt()
    wanted_points = targets.landmark[positive]
    known = torch.isfinite(wanted_points).all(dim=2).all(dim=1)
    off = (points[known] - wanted_points[known]) / side[known, None, None]
    point_loss = F.smooth_l1_loss(off, torch.zeros_like(off), beta=0.05, reduction="sum")
    return {
        "focal": focal * 4.0,
        "box": BOX_WEIGHT * box_loss,
        "landmark": LANDMARK_WEIGHT * 10 * point_loss / (10 * known.sum().clamp(min=1)),
    }
