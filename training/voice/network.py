"""The voice-emotion network: two small residual trunks, one over time, attentive statistics."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from evolvisense.types.scores import EMOTIONS
from evolvisense.voice.mel import LAGS, MELS
from training.voice.functionals import COUNT, Functionals

EMBEDDING = 96
PITCH_STEPS = 4
"""Lags by which training moves pitch at most, and reading in both directions: 3 semitones."""


@dataclass(frozen=True)
class Widths:
    """Channels of the trunks' stages, of what runs over time, and what is looked at.

    views: `level` the spectrum relative to the speech level; `shape` less its mean over the window
    (cepstral mean normalisation, free of the channel and of the long-term tilt); `both`.
    """

    mel: tuple[int, int, int, int] = (8, 16, 32, 64)
    pitch: tuple[int, int, int] | None = (8, 16, 24)
    """None leaves periodicity out."""
    time: int = 96
    views: str = "both"
    dropout: float = 0.15
    trunk: str = "residual"
    """`residual`: the two trunks; `tdnn`: convolutions over time alone; `none`: no trunk."""
    functionals: int = 0
    """Units that look at the statistics of the clip; 0 leaves these out."""


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016), pooled where it strides."""

    def __init__(self, channels_in: int, channels_out: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False),
            nn.Conv2d(channels_in, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.norm1(self.conv1(x)), inplace=True)
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(x), inplace=True)


def _stem(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 5, 2, 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class TimeBlock(nn.Module):
    """A convolution over five steps of 160 ms with a shortcut."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 5, 1, 2, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.dropout(F.relu(self.norm(self.conv(x)), inplace=True))


class AttentiveStatistics(nn.Module):
    """Mean and deviation over time, weighted by attention (Okabe et al. 2018, arXiv:1803.10963)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.Conv1d(channels, 32, 1), nn.Tanh(), nn.Conv1d(32, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.softmax(self.attention(x), dim=2)
        mean = (weight * x).sum(dim=2)
        variance = (weight * x * x).sum(dim=2) - mean * mean
        return torch.cat([mean, torch.sqrt(variance.clamp(min=1e-4))], dim=1)


class Trunks(nn.Module):
    """Two residual trunks, over the spectrum and over periodicity: (B, T, ...) -> (B, C, T / 8)."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        first, second, third, fourth = widths.mel
        self.mel = nn.Sequential(
            _stem(2 if widths.views == "both" else 1, first),
            ResidualBlock(first, second, (2, 2)),
            ResidualBlock(second, third, (2, 2)),
            ResidualBlock(third, fourth, (1, 2)),
        )
        self.pitch = None
        if widths.pitch:
            low, middle, high = widths.pitch
            self.pitch = nn.Sequential(
                _stem(1, low),
                ResidualBlock(low, middle, (2, 2)),
                ResidualBlock(middle, high, (2, 2)),
            )
            self.pitch_join = nn.Conv1d(high * LAGS // 8, widths.time, 1, bias=False)
        self.mel_join = nn.Conv1d(fourth * MELS // 16, widths.time, 1, bias=False)

    def forward(self, views: list[Tensor], periodicity: Tensor) -> Tensor:
        mel = self.mel(torch.stack(views, dim=1))
        # (B, C, T, bins) -> (B, C * bins, T)
        joined = self.mel_join(mel.transpose(2, 3).flatten(1, 2))
        if self.pitch is not None:
            pitch = self.pitch(3 * periodicity[:, None])
            joined = joined + self.pitch_join(pitch.transpose(2, 3).flatten(1, 2))
        return joined


class OverTime(nn.Module):
    """Convolutions over time alone, bands and lags as channels: -> (B, C, T / 4)."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        views = 2 if widths.views == "both" else 1
        inner = widths.time
        self.layers = nn.Sequential(
            nn.Conv1d(views * MELS + LAGS, inner, 5, 2, 2, bias=False),
            nn.BatchNorm1d(inner),
            nn.ReLU(inplace=True),
            TimeBlock(inner, 0.1),
            nn.Conv1d(inner, inner, 3, 2, 1, bias=False),
        )

    def forward(self, views: list[Tensor], periodicity: Tensor) -> Tensor:
        return self.layers(torch.cat([*views, 3 * periodicity], dim=2).transpose(1, 2))


class VoiceNet(nn.Module):
    """Features (B, T, MELS + LAGS) of `voice.mel` -> logits (B, 7), (B,) arousal, (B,) valence."""

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        widths = widths or Widths()
        self.views = widths.views
        self.trunk = None
        count = 0
        if widths.trunk != "none":
            self.trunk = Trunks(widths) if widths.trunk == "residual" else OverTime(widths)
            self.join_norm = nn.BatchNorm1d(widths.time)
            self.over_time = nn.Sequential(TimeBlock(widths.time, 0.1), TimeBlock(widths.time, 0.1))
            self.pool = AttentiveStatistics(widths.time)
            self.pool_norm = nn.BatchNorm1d(2 * widths.time)
            count += 2 * widths.time
        self.functionals = None
        if widths.functionals:
            self.functionals = Functionals()
            self.standard = nn.BatchNorm1d(COUNT, affine=False, momentum=0.02)
            self.look = nn.Sequential(
                nn.Dropout(widths.dropout),
                nn.Linear(COUNT, widths.functionals),
                nn.BatchNorm1d(widths.functionals),
                nn.ReLU(inplace=True),
            )
            count += widths.functionals
        self.embed = nn.Sequential(
            nn.Dropout(widths.dropout),
            nn.Linear(count, EMBEDDING),
            nn.ReLU(inplace=True),
            nn.Dropout(widths.dropout),
        )
        self.emotion = nn.Linear(EMBEDDING, len(EMOTIONS))
        self.arousal = nn.Linear(EMBEDDING, 1)
        self.valence = nn.Linear(EMBEDDING, 1)

    def embedded(self, features: Tensor) -> Tensor:
        """What the heads see, (B, EMBEDDING)."""
        parts: list[Tensor] = []
        if self.trunk is not None:
            db, periodicity = features[:, :, :MELS], features[:, :, MELS:]
            views: list[Tensor] = []
            if self.views != "shape":
                views.append((db + 35) / 15)
            if self.views != "level":
                # Frames of speech count, pauses do not: in those the background would be the mean.
                weight = ((db.amax(dim=2, keepdim=True) + 40) / 20).clamp(0.01, 1.0)
                mean = (db * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True)
                views.append((db - mean) / 12)
            joined = self.trunk(views, periodicity)
            parts.append(self.pool_norm(self.pool(self.over_time(F.relu(self.join_norm(joined))))))
        if self.functionals is not None:
            parts.append(self.look(self.standard(self.functionals(features)).clamp(-6, 6)))
        return self.embed(torch.cat(parts, dim=1))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        embedding = self.embedded(features)
        return self.emotion(embedding), self.arousal(embedding)[:, 0], self.valence(embedding)[:, 0]


class OverPitch(nn.Module):
    """The mean answer of a network to a voice moved up and down in pitch, formants left.

    Training moves pitch as far (`batches.moved`). A voice that is high because of who speaks is
    heard as a lower one too, and the other way around.
    """

    def __init__(self, network: VoiceNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        db, lags = features[:, :, :MELS], features[:, :, MELS:]
        first, last = lags[:, :, :1], lags[:, :, -1:]
        longer = torch.cat([first.expand(-1, -1, PITCH_STEPS), lags[:, :, :-PITCH_STEPS]], dim=2)
        shorter = torch.cat([lags[:, :, PITCH_STEPS:], last.expand(-1, -1, PITCH_STEPS)], dim=2)
        low = self.network(torch.cat([db, longer], dim=2))
        high = self.network(torch.cat([db, shorter], dim=2))
        return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2, (low[2] + high[2]) / 2
