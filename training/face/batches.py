"""Batches for training: faces, near misses and pictures without a face, with their targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.face.augment import Framing, jittered_framing, missed_framing, render
from training.face.dataset import Faces
from training.face.landmarks import LANDMARK_MIRROR, action_mirror
from training.face.losses import Targets
from training.face.negatives import load_negatives, shuffled_tiles

MISSED_SHARE = 0.05
NEGATIVE_SHARE = 0.05
NEGATIVES = 4000
SHUFFLED = 1500


@dataclass(frozen=True)
class Batch:
    crops: Tensor
    """float32 (N, 3, S, S) in 0..255, channels last."""
    targets: Targets


class TrainingData:
    """Everything in memory; `batch` makes an augmented batch of some rows."""

    def __init__(self, faces: Faces, names: tuple[str, ...], seed: int) -> None:
        self.rgb = torch.from_numpy(faces.rgb)
        self.background = torch.from_numpy(faces.background)
        self.emotion = torch.from_numpy(faces.emotion)
        self.taught = torch.from_numpy(faces.taught)
        self.action = torch.from_numpy(faces.action).nan_to_num()
        self.landmark_xy = torch.from_numpy(faces.landmark_xy).nan_to_num()
        self.pose_deg = torch.from_numpy(faces.pose_deg).nan_to_num()
        self.margin = torch.from_numpy(faces.margin)
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
        )
        return Batch(crops.contiguous(memory_format=torch.channels_last), targets)

    def epoch(self, batch: int, rng: torch.Generator) -> Iterator[Tensor]:
        """Rows of the batches of one pass in random order; the last, incomplete one is left."""
        order = torch.randperm(len(self), generator=rng)
        yield from order[: len(order) // batch * batch].split(batch)


def _choose(first: Tensor, a: Framing, b: Framing) -> Framing:
    return Framing(
        torch.where(first[:, None, None], a.linear, b.linear),
        torch.where(first[:, None], a.shift, b.shift),
        torch.where(first, a.angle_rad, b.angle_rad),
        torch.where(first, a.mirrored, b.mirrored),
    )
