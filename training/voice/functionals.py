"""Statistics of a whole clip, computed inside the network: means, spreads, pitch, rhythm.

They are cheap, see the whole clip at once, and transfer between corpora better than trunks of
convolutions trained for minutes (REPORT.md). Every operation exports to ONNX.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from evolvisense.voice import mel
from evolvisense.voice.mel import MELS

SPEECH_DB = -22.0
"""Frames this far under the speech level count half."""
SHARPNESS = 20.0
"""Of the softmax over lags that stands for the pitch of a frame."""
VOICED_FROM = 0.30
"""Autocorrelation at which a frame counts as half voiced."""
STEPS = (1, 2, 4, 8, 16)
"""Frames of 20 ms over which changes of level and pitch are measured."""
LEVEL_EDGES_DB = (-30.0, -24.0, -18.0, -12.0, -8.0, -4.0, 0.0, 4.0)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean over time of (B, T, K), weighted by (B, T, 1)."""
    return (values * weight).sum(dim=1) / (weight.sum(dim=1) + 1e-3)


def _deviation(values: Tensor, mean: Tensor, weight: Tensor) -> Tensor:
    return torch.sqrt(_mean((values - mean[:, None]) ** 2, weight) + 1e-4)


class Functionals(nn.Module):
    """Features (B, T, MELS + LAGS) of `voice.mel` -> statistics (B, COUNT)."""

    def __init__(self) -> None:
        super().__init__()
        semitones = 12 * torch.log2(torch.tensor(mel.pitches_hz()) / 150)
        self.register_buffer("semitones", semitones.float())
        self.register_buffer("edges", torch.tensor(LEVEL_EDGES_DB))

    def forward(self, features: Tensor) -> Tensor:
        db, lags = features[:, :, :MELS], features[:, :, MELS:]
        level = 4.342945 * torch.logsumexp(db * 0.2302585, dim=2, keepdim=True)
        speech = torch.sigmoid((level - SPEECH_DB) / 3)
        peaks = torch.softmax(SHARPNESS * lags, dim=2)
        strength = lags.amax(dim=2, keepdim=True)
        voiced = speech * torch.sigmoid((strength - VOICED_FROM) * 40)
        pitch = (peaks * self.semitones).sum(dim=2, keepdim=True)
        spectrum = _mean(db, speech)
        spread = _deviation(db, spectrum, speech)
        of_voiced = _mean(db, voiced)
        loud = speech * torch.sigmoid((level + 3) / 2)
        of_loud = _mean(db, loud)
        both = speech[:, 2:] * speech[:, :-2]
        change = _mean((db[:, 2:] - db[:, :-2]).abs(), both)
        mean_pitch = _mean(pitch, voiced)
        sd_pitch = _deviation(pitch, mean_pitch, voiced)
        place = torch.cumsum(speech, dim=1) / (speech.sum(dim=1, keepdim=True) + 1e-3)
        place = place - 0.5
        relative = (pitch - mean_pitch[:, None]).clamp(-15, 15)
        slope = _mean(relative * place, voiced)
        bend = _mean(relative * (place * place - 1 / 12), voiced)
        skew = _mean(relative**3, voiced) / (sd_pitch**3 + 1)
        mean_level = _mean(level, speech)
        sd_level = _deviation(level, mean_level, speech)
        off_level = level - mean_level[:, None]
        together = _mean(relative * off_level, voiced)
        fall = _mean(off_level * place, speech)
        arch = _mean(off_level * (place * place - 1 / 12), speech)
        below = torch.sigmoid((self.edges - level) / 1.5)
        steps_of_level: list[Tensor] = []
        steps_of_pitch: list[Tensor] = []
        steps_of_tone: list[Tensor] = []
        tone = torch.stack(
            [
                db[:, :, 24:].mean(dim=2) - db[:, :, :24].mean(dim=2),
                db[:, :, 24:44].mean(dim=2) - db[:, :, 44:].mean(dim=2),
            ],
            dim=2,
        )
        for step in STEPS:
            pair = speech[:, step:] * speech[:, :-step]
            steps_of_level.append(_mean((level[:, step:] - level[:, :-step]).abs(), pair))
            steps_of_tone.append(_mean((tone[:, step:] - tone[:, :-step]).abs(), pair))
            pair = voiced[:, step:] * voiced[:, :-step]
            jump = (pitch[:, step:] - pitch[:, :-step]).abs()
            steps_of_pitch.append(_mean(jump.clamp(max=4.0 * step**0.5), pair))
        mean_strength = _mean(strength, speech)
        parts = [
            spectrum,
            spread,
            of_voiced,
            of_loud - spectrum,
            change,
            _mean(peaks, voiced) * 10,
            mean_pitch,
            sd_pitch,
            slope,
            bend,
            skew,
            sd_level,
            together,
            fall,
            arch,
            _mean(below, speech) * 5,
            *steps_of_level,
            *steps_of_pitch,
            *steps_of_tone,
            mean_strength * 10,
            _deviation(strength, mean_strength, speech) * 10,
            voiced.sum(dim=1) / (speech.sum(dim=1) + 1e-3) * 5,
            _mean(relative.abs(), voiced),
            # Rises from silence to speech in a second of speech: rhythm.
            ((speech[:, 1:] - speech[:, :-1]).clamp(min=0).sum(dim=1) * 50)
            / (speech.sum(dim=1) + 1),
        ]
        return torch.cat(parts, dim=1)


COUNT = 5 * MELS + mel.LAGS + 9 + len(LEVEL_EDGES_DB) + 4 * len(STEPS) + 5
