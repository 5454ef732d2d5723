"""The detector's network: plain 3x3 convolutions, a feature pyramid, one head for each stride."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (8, 16, 32)
VALUES = 15
"""Per cell: score logit, box (4), five landmarks as x and y (10)."""
MAX_LOG_SIZE = 3.0
"""Limit of a box's log side over the stride, so that exp() stays finite early in training."""


@dataclass(frozen=True)
class Widths:
    """Channels after the stem, at strides 4, 8, 16 and 32, and of the pyramid."""

    stem: int = 16
    c2: int = 24
    c3: int = 48
    c4: int = 56
    c5: int = 56
    pyramid: int = 48


def conv(inputs: int, outputs: int, stride: int = 1, side: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Module):
    """x + conv(x)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class Head(nn.Module):
    """Depthwise 3x3 and pointwise convolutions to VALUES numbers for each cell."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            conv(channels, channels, side=1),
        )
        self.out = nn.Conv2d(channels, VALUES, 1)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)
        with torch.no_grad():
            self.out.bias[0] = -4.0  # faces are rare: starts the focal loss at its prior

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.mix(x))


class DetectorNet(nn.Module):
    """RGB float32 (N, 3, H, W), 0-255, H and W multiples of 32 -> three maps (N, 15, H/s, W/s)."""

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        w = widths or Widths()
        self.to_4 = nn.Sequential(conv(3, w.stem, 2), conv(w.stem, w.c2, 2), Residual(w.c2))
        self.to_8 = nn.Sequential(conv(w.c2, w.c3, 2), Residual(w.c3), Residual(w.c3))
        self.to_16 = nn.Sequential(conv(w.c3, w.c4, 2), Residual(w.c4))
        self.to_32 = nn.Sequential(conv(w.c4, w.c5, 2), Residual(w.c5))
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, w.pyramid, 1) for channels in (w.c3, w.c4, w.c5)
        )
        self.heads = nn.ModuleList(Head(w.pyramid) for _ in STRIDES)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        x8 = self.to_8(self.to_4((rgb - 127.5) / 64.0))
        x16 = self.to_16(x8)
        x32 = self.to_32(x16)
        p32 = self.lateral[2](x32)
        p16 = self.lateral[1](x16) + F.interpolate(p32, scale_factor=2.0, mode="nearest")
        p8 = self.lateral[0](x8) + F.interpolate(p16, scale_factor=2.0, mode="nearest")
        return [head(torch.relu(p)) for head, p in zip(self.heads, (p8, p16, p32), strict=True)]


def flat(maps: list[Tensor]) -> Tensor:
    """Maps (N, 15, h, w) of all strides -> (N, cells, 15), row by row, smallest stride first."""
    return torch.cat([m.flatten(2).transpose(1, 2) for m in maps], dim=1)


def cells(height: int, width: int) -> Tensor:
    """Centre x, centre y and stride (cells, 3) in pixels, in the order of `flat`."""
    rows: list[Tensor] = []
    for stride in STRIDES:
        y, x = torch.meshgrid(
            torch.arange(height // stride), torch.arange(width // stride), indexing="ij"
        )
        xy = (torch.stack([x, y], dim=-1).reshape(-1, 2).float() + 0.5) * stride
        rows.append(torch.cat([xy, torch.full((len(xy), 1), float(stride))], dim=1))
    return torch.cat(rows)


def decoded(values: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Values (..., cells, 15) -> boxes (..., cells, 4), landmarks (..., cells, 5, 2), pixels."""
    xy, stride = grid[:, :2], grid[:, 2:]
    center = xy + values[..., 1:3] * stride
    side = stride * values[..., 3:5].clamp(-MAX_LOG_SIZE, MAX_LOG_SIZE).exp()
    box = torch.cat([center - side / 2, center + side / 2], dim=-1)
    points = values[..., 5:].unflatten(-1, (5, 2)) * stride[:, None] + xy[:, None]
    return box, points
