"""Augmentation on whole batches: what a webcam, a codec and a jittering face box do to a crop."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from training.expression.network import INPUT_PX


def _affine_grid(count: int, rng: torch.Generator) -> Tensor:
    """Rotation +-14 degrees, zoom .85-1.2, shift +-9 %, mirror: how a face box jitters."""
    angle = (torch.rand(count, generator=rng) * 2 - 1) * math.radians(14)
    zoom = 0.85 + 0.35 * torch.rand(count, generator=rng)
    mirror = torch.where(torch.rand(count, generator=rng) < 0.5, -1.0, 1.0)
    shift = (torch.rand(count, 2, generator=rng) * 2 - 1) * 0.09
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    theta = torch.stack(
        [
            torch.stack([cos * mirror, -sin, shift[:, 0]], 1),
            torch.stack([sin * mirror, cos, shift[:, 1]], 1),
        ],
        1,
    )
    return F.affine_grid(theta, [count, 3, INPUT_PX, INPUT_PX], align_corners=False)


def _replacement_background(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """Blurred parts of other pictures of the batch, or a plain tone."""
    count = len(rgb)
    other = rgb[torch.randperm(count, generator=rng)]
    coarse = F.interpolate(other, size=(6, 6), mode="area")
    blurred = F.interpolate(coarse, size=rgb.shape[2:], mode="bilinear", align_corners=False)
    tone = torch.rand(count, 3, 1, 1, generator=rng) * 255
    plain = torch.rand(count, 1, 1, 1, generator=rng) < 0.35
    noise = torch.randn(rgb.shape, generator=rng) * 12
    return torch.where(plain, tone, blurred) + noise


def _degrade(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """A third of the batch goes through a low resolution, as small or compressed faces do."""
    size = int(torch.randint(24, 56, (1,), generator=rng))
    low = F.interpolate(rgb, size=(size, size), mode="area")
    low = F.interpolate(low, size=(INPUT_PX, INPUT_PX), mode="bilinear", align_corners=False)
    chosen = torch.rand(len(rgb), 1, 1, 1, generator=rng) < 0.33
    return torch.where(chosen, low, rgb)


def _tone(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """Gamma, gain, offset, colour cast; a share turned grey so that colour carries no label."""
    count = len(rgb)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=rng)

    rgb = 255 * (rgb.clamp(0, 255) / 255).pow(torch.exp(uniform(-0.4, 0.4, 1, 1, 1)))
    rgb = rgb * uniform(0.7, 1.3, 1, 1, 1) + uniform(-25, 25, 1, 1, 1)
    rgb = rgb * uniform(0.9, 1.1, 3, 1, 1)
    grey = (rgb * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    to_grey = torch.rand(count, 1, 1, 1, generator=rng) < 0.35
    return torch.where(to_grey, grey.expand_as(rgb), rgb).clamp(0, 255)


def _occlude(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """One rectangle of a quarter of the faces filled with a random tone (Zhong et al. 2020)."""
    rgb = rgb.clone()
    for row in torch.nonzero(torch.rand(len(rgb), generator=rng) < 0.25).flatten().tolist():
        height, width = torch.randint(8, 28, (2,), generator=rng).tolist()
        top = int(torch.randint(0, INPUT_PX - height, (1,), generator=rng))
        left = int(torch.randint(0, INPUT_PX - width, (1,), generator=rng))
        rgb[row, :, top : top + height, left : left + width] = (
            torch.rand(3, 1, 1, generator=rng) * 255
        )
    return rgb


def augment(rgb: Tensor, background: Tensor, rng: torch.Generator) -> Tensor:
    """Faces uint8 (N, 72, 72, 3) and masks bool (N, 72, 72) -> float32 (N, 3, 64, 64) in 0..255."""
    picture = rgb.permute(0, 3, 1, 2).float()
    mask = background[:, None].float()
    grid = _affine_grid(len(picture), rng)
    warped = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
    # Outside a masked picture is background too: pad the mask with ones where it has any.
    masked = mask.amax(dim=(1, 2, 3), keepdim=True)
    outside = 1 - F.grid_sample(torch.ones_like(mask), grid, align_corners=False)
    soft = F.grid_sample(mask, grid, align_corners=False).maximum(outside * masked)
    replace = (torch.rand(len(picture), 1, 1, 1, generator=rng) < 0.7) & (masked > 0)
    replaced = warped * (1 - soft) + _replacement_background(warped, rng) * soft
    kept = warped * (1 - outside * masked)
    warped = torch.where(replace, replaced, kept)
    return _occlude(_tone(_degrade(warped, rng), rng), rng)


def center(rgb: Tensor) -> Tensor:
    """The plain picture resized to the network's input, as at inference."""
    picture = rgb.permute(0, 3, 1, 2).float()
    return F.interpolate(picture, size=(INPUT_PX, INPUT_PX), mode="bilinear", antialias=True)
