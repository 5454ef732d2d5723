"""Batches for training: faces, near misses and pictures without a face, with their targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.face.augment import Framing, jittered_framing, missed_framing, render
from training.face.dataset import Faces
from training.face.landmarks import LANDMARK_MIRROR, action_mirror
from training.face.losses import Targets
from training.face.negatives import load_negatives, shuffled_tiles

MISSED_SHARE = 0.05
NEGATIVE_SHARE = 0.05
NEGATIVES = 1500
ONE_CLASS = ("speaking",)
"""Packs with one expression: their labels are taken as they are."""
SHUFFLED = 600
CLASS_BALANCE = 0.5
"""0 draws a pack as it is, 1 every class equally often. In between the rare are seen often enough
and not over and over; the loss knows the shares that result (`losses.task_losses`)."""


@dataclass(frozen=True)
class Batch:
    crops: Tensor
    """float32 (N, 3, S, S) in 0..255, channels last."""
    targets: Targets


class TrainingData:
    """Everything in memory; `batch` makes an augmented batch of some rows."""

    def __init__(
        self, faces: Faces, names: tuple[str, ...], seed: int, shares: dict[str, float]
    ) -> None:
        self.rgb = torch.from_numpy(faces.rgb)
        self.background = torch.from_numpy(faces.background)
        self.emotion = torch.from_numpy(faces.emotion)
        self.taught = torch.from_numpy(faces.taught)
        self.action = torch.from_numpy(faces.action).nan_to_num()
        self.landmark_xy = torch.from_numpy(faces.landmark_xy).nan_to_num()
        self.pose_deg = torch.from_numpy(faces.pose_deg).nan_to_num()
        self.margin = torch.from_numpy(faces.margin)
        self.au = torch.from_numpy(faces.au)
        self._chance = torch.from_numpy(chances(faces, shares)).cumsum(0)
        self.log_prior = torch.from_numpy(log_priors(faces, shares))
        self.action_sd = torch.from_numpy(faces.action[faces.taught].std(axis=0))
        self._landmark_mirror = torch.from_numpy(LANDMARK_MIRROR)
        self._action_mirror = torch.from_numpy(action_mirror(names))
        chosen = np.random.default_rng(seed).permutation(len(faces))[:SHUFFLED]
        shuffled = shuffled_tiles(faces.rgb[chosen], seed)
        negatives = np.concatenate([load_negatives(NEGATIVES, seed), shuffled])
        self.negative = torch.from_numpy(negatives)

    def __len__(self) -> int:
        return len(self.rgb)

    def batch(
        self, rows: Tensor, side_px: int, rng: torch.Generator, strength: float = 1.0
    ) -> Batch:
        """An augmented batch of some rows; `strength` 0-1 is that of the augmentation."""
        margin = self.margin[rows]
        missed = torch.rand(len(rows), generator=rng) < MISSED_SHARE * strength
        framing = _choose(
            missed, missed_framing(margin, rng), jittered_framing(margin, rng, strength)
        )
        rgb, background = self.rgb[rows], self.background[rows]
        absent = torch.rand(len(rows), generator=rng) < NEGATIVE_SHARE * strength
        other = torch.randint(0, len(self.negative), (int(absent.sum()),), generator=rng)
        rgb[absent], background[absent] = self.negative[other], False
        crops = render(rgb, background, framing, side_px, rng, strength)
        mirrored = framing.mirrored
        points = framing.points(self.landmark_xy[rows])
        action = self.action[rows]
        targets = Targets(
            emotion=self.emotion[rows],
            taught=self.taught[rows],
            action=torch.where(mirrored[:, None], action[:, self._action_mirror], action),
            landmark_xy=torch.where(
                mirrored[:, None, None], points[:, self._landmark_mirror], points
            ),
            pose_deg=framing.pose(self.pose_deg[rows]),
            present=~(missed | absent),
            log_prior=self.log_prior[rows],
            au=self.au[rows],
        )
        return Batch(crops.contiguous(memory_format=torch.channels_last), targets)

    def draw(self, count: int, rng: torch.Generator) -> Tensor:
        """Rows of `count` random faces: packs by their shares, within a pack by class."""
        at = torch.rand(count, generator=rng, dtype=torch.float64)
        return torch.searchsorted(self._chance, at).clamp(max=len(self) - 1)


def chances(faces: Faces, shares: dict[str, float]) -> NDArray[np.float64]:
    """Chance (N,) of each face to be drawn; rows of a pack sum to the share of the pack.

    Within a pack a class that is k times rarer is drawn CLASS_BALANCE-rooted as often: FER2013
    holds seventeen times as many happy as disgusted faces.
    """
    chance = np.zeros(len(faces))
    total = sum(shares.values())
    for name, share in shares.items():
        rows = np.flatnonzero(faces.pack == name)
        target = faces.emotion[rows]
        labelled = ~np.isnan(target[:, 0])
        weight = np.ones(len(rows))
        if labelled.any():
            prior = target[labelled].mean(axis=0) + 1e-6
            weight[labelled] = target[labelled] @ prior**-CLASS_BALANCE
            weight[~labelled] = weight[labelled].mean()
        chance[rows] = share / total * weight / weight.sum()
    return chance


def log_priors(faces: Faces, shares: dict[str, float]) -> NDArray[np.float32]:
    """Log of the class shares (N, 7) among the faces drawn from the pack of each face.

    Nothing for ONE_CLASS: a pack of neutral faces alone would teach, with its shares taken out,
    that a talking face says nothing of its expression (version 2.3 before its last run).
    """
    chance = chances(faces, shares)
    logs = np.zeros((len(faces), faces.emotion.shape[1]), np.float32)
    for name, share in shares.items():
        rows = (faces.pack == name) & ~np.isnan(faces.emotion[:, 0])
        if name in ONE_CLASS:
            continue
        if share and rows.any():
            prior = np.average(faces.emotion[rows], axis=0, weights=chance[rows])
            logs[rows] = np.log(prior + 1e-4)
    return logs


def _choose(first: Tensor, a: Framing, b: Framing) -> Framing:
    return Framing(
        torch.where(first[:, None, None], a.linear, b.linear),
        torch.where(first[:, None], a.shift, b.shift),
        torch.where(first, a.angle_rad, b.angle_rad),
        torch.where(first, a.mirrored, b.mirrored),
    )
