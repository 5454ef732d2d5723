"""Batches: balanced sampling, random crops, and what is done to mel power anew every time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.mel import FLOOR_DB, LAGS, MELS
from training.voice.copies import ALREADY_REPITCHED, PERIODICITY_STEPS, Copy
from training.voice.dataset import CORPORA, NO_TARGET, Clips
from training.voice.network import PITCH_STEPS

CORPUS_SHARES = {
    "ravdess": 0.21,
    "nemo": 0.19,
    "ased": 0.16,
    "casia": 0.14,
    "emovo": 0.15,
    "savee": 0.07,
    "turev": 0.08,
}
"""Corpora nearly alike: few clips and few speakers count more than their number, single words and
clips that were altered before we had them (SAVEE) less."""
FRAMES = (50, 150)
"""Crops of 1 to 3 s."""
DB = math.log(10) / 10
"""exp(DB x) is the power of x dB, sooner than a power of ten."""
ACTIVE_DB = 30.0
"""Frames this far under the level of the clip are its silent ends."""
MARGIN_FRAMES = 12
PLAIN_SHARE = 0.35
"""Crops from the clips as they are; the others come from altered copies."""


@dataclass(frozen=True)
class Batch:
    """B crops."""

    features: Tensor
    """(B, T, MELS + LAGS)"""
    emotion: Tensor
    """(B, 7), rows sum to 1."""
    counted: Tensor
    """(B, 7), 0 for emotions that the clip's corpus does not have, 1 otherwise."""
    aroused: Tensor
    """(B,) 0-1."""
    arousal_weight: Tensor
    """(B,) 0 where there is no target."""
    pleasant: Tensor
    """(B,) 0-1."""
    valence_weight: Tensor
    """(B,) 0 where there is no target."""


def active_bounds(copy: Copy) -> NDArray[np.intp]:
    """(N, 2) first and last active frame of each clip, a margin included."""
    power_db = 10 * np.log10((10 ** (copy.mel_db.astype(np.float32) / 10)).sum(axis=1))
    bounds = np.zeros((len(copy.count), 2), np.intp)
    for row, (start, count) in enumerate(zip(copy.start, copy.count, strict=True)):
        own = power_db[start : start + count]
        loud = np.flatnonzero(own > np.quantile(own, 0.9) - ACTIVE_DB)
        bounds[row] = max(loud[0] - MARGIN_FRAMES, 0), min(loud[-1] + MARGIN_FRAMES, count - 1)
    return bounds


def sampling_weights(clips: Clips, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weight of each row: corpora by CORPUS_SHARES, emotions alike in each, then speakers."""
    weights = np.zeros(len(rows))
    for corpus in CORPORA:
        for label in np.unique(clips.emotion[rows]):
            here = (clips.corpus[rows] == corpus) & (clips.emotion[rows] == label)
            if not here.any():
                continue
            _, speaker, count = np.unique(
                clips.speaker[rows][here], return_inverse=True, return_counts=True
            )
            # Between alike for clips and alike for speakers: some have four clips in all.
            own = 1 / np.sqrt(count[speaker])
            weights[here] = own / own.sum() * CORPUS_SHARES[corpus]
    for corpus in CORPORA:
        here = clips.corpus[rows] == corpus
        if here.any():
            weights[here] *= CORPUS_SHARES[corpus] / weights[here].sum()
    return weights / weights.sum()


class TrainingData:
    """Clips of the training speakers and all their copies."""

    def __init__(
        self, clips: Clips, copies: list[Copy], rows: NDArray[np.intp], mask_weight: float
    ) -> None:
        self.clips, self.copies, self.rows = clips, copies, rows
        self.bounds = [active_bounds(copy) for copy in copies]
        self.weights = sampling_weights(clips, rows)
        self.may_move = clips.corpus != ALREADY_REPITCHED
        self.counted = np.ones((len(clips), len(EMOTIONS)), np.float32)
        for corpus in CORPORA:
            here = clips.corpus == corpus
            missing = np.setdiff1d(np.arange(len(EMOTIONS)), clips.emotion[here])
            self.counted[np.ix_(here, missing)] = 1 - mask_weight

    def batch(
        self,
        size: int,
        rng: np.random.Generator,
        strength: float,
        mixup: float,
        equaliser: float = 1.0,
    ) -> Batch:
        rows = rng.choice(self.rows, size, p=self.weights)
        count = int(rng.integers(*FRAMES))
        db = np.empty((size, count, MELS), np.float32)
        lags = np.empty((size, count, LAGS), np.float32)
        plain = rng.random(size) < PLAIN_SHARE
        others = rng.integers(min(1, len(self.copies) - 1), len(self.copies), size)
        which = np.where(plain, 0, others)
        for place, (row, number) in enumerate(zip(rows, which, strict=True)):
            copy = self.copies[number]
            first, last = self.bounds[number][row]
            own = last + 1 - first
            start = rng.integers(max(own - count, 0) + 1)
            # A clip that is too short begins again: silence would tell its corpus.
            index = copy.start[row] + first + (start + np.arange(count)) % own
            db[place] = copy.mel_db[index]
            lags[place] = copy.periodicity[index]
        emotion = np.full((size, len(EMOTIONS)), 0, np.float32)
        emotion[np.arange(size), self.clips.emotion[rows]] = 1
        aroused, pleasant = self.clips.aroused[rows], self.clips.pleasant[rows]
        seed = torch.Generator().manual_seed(int(rng.integers(2**62)))
        made = Batch(
            altered(
                torch.from_numpy(db),
                torch.from_numpy(lags) / PERIODICITY_STEPS,
                torch.from_numpy(self.may_move[rows]),
                seed,
                strength,
                equaliser,
            ),
            torch.from_numpy(emotion),
            torch.from_numpy(self.counted[rows]),
            torch.from_numpy((aroused == 1).astype(np.float32)),
            torch.from_numpy((aroused != NO_TARGET).astype(np.float32)),
            torch.from_numpy((pleasant == 1).astype(np.float32)),
            torch.from_numpy((pleasant != NO_TARGET).astype(np.float32)),
        )
        return mixed(made, mixup, rng) if mixup > 0 else made


def mixed(batch: Batch, alpha: float, rng: np.random.Generator) -> Batch:
    """Each crop with some of another one (Zhang et al. 2018, arXiv:1710.09412)."""
    share = rng.beta(alpha, alpha, len(batch.emotion)).astype(np.float32)
    share = torch.from_numpy(np.maximum(share, 1 - share))
    other = torch.from_numpy(rng.permutation(len(batch.emotion)))

    def blend(values: Tensor) -> Tensor:
        part = share.reshape(-1, *[1] * (values.ndim - 1))
        return part * values + (1 - part) * values[other]

    return Batch(
        blend(batch.features),
        blend(batch.emotion),
        torch.maximum(batch.counted, batch.counted[other]),
        blend(batch.aroused),
        batch.arousal_weight * batch.arousal_weight[other],
        blend(batch.pleasant),
        batch.valence_weight * batch.valence_weight[other],
    )


def altered(
    db: Tensor,
    lags: Tensor,
    may_move: Tensor,
    seed: torch.Generator,
    strength: float,
    equaliser: float = 1.0,
) -> Tensor:
    """Power in dB (B, T, MELS) and periodicity (B, T, LAGS) -> features, equalised and noisy.

    Pitch and formants move only where `may_move` (B,).
    """
    size, count, _ = db.shape

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape or (size, 1, 1), generator=seed)

    def chosen(share: float) -> Tensor:
        return (torch.rand(size, 1, 1, generator=seed) < share * strength).float()

    db = torch.where(may_move[:, None, None], moved(db, 2, seed), db)
    lags = torch.where(may_move[:, None, None], moved(lags, PITCH_STEPS, seed), lags)
    band = torch.linspace(0, 1, MELS)
    tilt = uniform(-7, 7) * (band - 0.5)
    waves = sum(
        uniform(-2.5, 2.5) * torch.cos(torch.pi * (order * band + uniform(0, 2)))
        for order in (2, 3, 5)
    )
    db = db + chosen(0.8) * equaliser * (tilt + waves)
    # A channel that ends early, as a telephone or a low bit rate does, or begins late.
    lowpass = (band > uniform(0.62, 1.0)).float() * uniform(25, 60) * chosen(0.25)
    highpass = (band < uniform(0.02, 0.09)).float() * uniform(10, 30) * chosen(0.2)
    db = db - lowpass - highpass
    power = torch.exp(DB * db)
    frame_power = power.sum(dim=2, keepdim=True)
    level = (frame_power**2).sum(dim=1, keepdim=True) / frame_power.sum(dim=1, keepdim=True)
    shape = 10 ** ((uniform(-12, 6) * band + uniform(-4, 4) * torch.cos(torch.pi * 3 * band)) / 10)
    shape = shape / shape.sum(dim=2, keepdim=True)
    grain = torch.exp(torch.randn(size, count, MELS, generator=seed) * 0.7)
    noise = level * 10 ** (-uniform(3, 35) / 10) * shape * grain * chosen(0.5)
    noise_power = noise.sum(dim=2, keepdim=True)
    lags = lags * (frame_power / (frame_power + noise_power)) ** (1 / 3)
    power = power + noise
    frame_power = frame_power + noise_power
    level = (frame_power**2).sum(dim=1, keepdim=True) / frame_power.sum(dim=1, keepdim=True)
    relative = torch.log(power / level + 10 ** (FLOOR_DB / 10)) / DB
    return hidden(torch.cat([relative, lags], dim=2), seed, strength)


def moved(columns: Tensor, furthest: int, seed: torch.Generator) -> Tensor:
    """Every other example some columns higher or lower, the outermost column repeated.

    A lag is .8 semitones: pitch goes up or down by three without the formants, and the spectrum
    by two bands without the pitch. A voice that is high because of who speaks is not aroused.
    """
    size, count, width = columns.shape
    steps = torch.randint(-furthest, furthest + 1, (size, 1), generator=seed)
    steps = steps * torch.randint(0, 2, (size, 1), generator=seed)
    index = (torch.arange(width)[None] + steps).clamp(0, width - 1)
    return torch.gather(columns, 2, index[:, None].expand(size, count, width))


def hidden(features: Tensor, seed: torch.Generator, strength: float) -> Tensor:
    """SpecAugment (Park et al. 2019, arXiv:1904.08779): a stretch of time and one of bands."""
    size, count, width = features.shape

    def stretch(of: int, longest: int) -> Tensor:
        length = torch.rand(size, 1, generator=seed) * longest * strength
        begin = torch.rand(size, 1, generator=seed) * (of - length)
        place = torch.arange(of)[None]
        return (place >= begin) & (place < begin + length)

    mel_gone = torch.zeros(size, 1, width, dtype=torch.bool)
    mel_gone[:, 0, :MELS] = stretch(MELS, 12)
    mel_gone[:, 0, MELS:] = stretch(LAGS, 6)
    time_gone = stretch(count, 20)[:, :, None]
    fill = features.mean(dim=1, keepdim=True)
    return torch.where(mel_gone | time_gone, fill, features)
