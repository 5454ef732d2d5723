"""Labels of one annotator, softened by what the geometry of the face says.

A small network reads expressions from the teacher's landmarks, actions and pose alone. It is worse
than pictures are, but it errs elsewhere than a single annotator does: the mean of both is a better
target than either (distillation: Hinton et al. 2015, arXiv:1503.02531).
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.face.dataset import Faces
from training.face.landmarks import rows_of

VOTED_SHARE = 0.15
"""Weight of the geometry where ten annotators voted; a single label counts less."""
SINGLE_SHARE = 0.5
EPOCHS = 14
BATCH = 512
PEAK_LR = 3e-3
NOISE = 0.1


def geometry_features(faces: Faces) -> NDArray[np.float32]:
    """Landmarks in units of the eyes, actions and their roots, pose, and which kind of pack."""
    points = faces.landmark_xy
    right = points[:, rows_of((33, 133))].mean(axis=1)
    left = points[:, rows_of((263, 362))].mean(axis=1)
    axis = left - right
    size = np.linalg.norm(axis, axis=1)[:, None, None]
    angle = np.arctan2(axis[:, 1], axis[:, 0])
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    upright = np.einsum("nij,npj->npi", turn, points - ((right + left) / 2)[:, None]) / size
    masked = faces.background.reshape(len(faces), -1).any(axis=1)
    colour = masked | (faces.margin != 1)
    return np.concatenate(
        [
            upright.reshape(len(faces), -1),
            faces.action,
            np.sqrt(np.clip(faces.action, 0, 1)),
            faces.pose_deg / 30,
            colour[:, None],
        ],
        axis=1,
    ).astype(np.float32)


def _network(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 320),
        nn.GELU(),
        nn.Dropout(0.3),
        nn.Linear(320, 192),
        nn.GELU(),
        nn.Dropout(0.3),
        nn.Linear(192, 7),
    )


def fit_geometry(features: Tensor, target: Tensor, seed: int) -> nn.Sequential:
    """A trained reader of standardised features (N, D) for targets (N, 7)."""
    torch.manual_seed(seed)
    network = _network(features.shape[1])
    steps = len(features) // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), PEAK_LR, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LR, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        network.train()
        for rows in torch.randperm(len(features))[: steps * BATCH].split(BATCH):
            noisy = features[rows] + NOISE * torch.randn(BATCH, features.shape[1])
            loss = F.cross_entropy(network(noisy), target[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def softened(
    faces: Faces, validation: list[tuple[str, Faces]], seed: int = 0
) -> NDArray[np.float32]:
    """Emotion targets (N, 7) of training faces.

    Faces without a label but with the teacher's geometry get what the geometry says.
    """
    began = time.monotonic()
    features = geometry_features(faces)
    labelled = ~np.isnan(faces.emotion[:, 0])
    rows = faces.taught & labelled
    mean, sd = features[rows].mean(axis=0), features[rows].std(axis=0) + 1e-3

    def standard(x: NDArray[np.float32]) -> Tensor:
        return torch.from_numpy(((x - mean) / sd).astype(np.float32))

    network = fit_geometry(standard(features[rows]), torch.from_numpy(faces.emotion[rows]), seed)
    with torch.inference_mode():
        for name, held in validation:
            if held.taught.any() and not np.isnan(held.emotion).any():
                said = network(standard(geometry_features(held)[held.taught])).argmax(1).numpy()
                right = (said == held.emotion[held.taught].argmax(1)).mean()
                print(f"geometry alone on {name}: {right:.3f}", flush=True)
        says = np.full_like(faces.emotion, np.nan)
        says[faces.taught] = F.softmax(network(standard(features[faces.taught])), 1).numpy()
    # Shares of votes leave some emotion without one; smoothed single labels do not.
    voted = labelled & (np.nan_to_num(faces.emotion).min(axis=1) == 0)
    share = np.where(voted, VOTED_SHARE, SINGLE_SHARE)[:, None]
    mixed = (1 - share) * faces.emotion + share * says
    target = np.where(faces.taught[:, None], mixed, faces.emotion)
    target = np.where(labelled[:, None], target, says).astype(np.float32)
    print(f"targets softened in {time.monotonic() - began:.0f} s", flush=True)
    return target
