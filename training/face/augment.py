"""Augmentation on whole batches: what a webcam, a codec and a jittering crop do to a face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

REPLACED_BACKGROUND = 0.75
JPEG_SHARE = 0.2
LOW_RESOLUTION_SHARE = 0.3
GREY_SHARE = 0.35
OCCLUDED_SHARE = 0.25
GAMMA_SHARE = 0.5
NOISY_SHARE = 0.3
WIDE_JITTER_SHARE = 0.25
"""Share of crops that are off as when a face is followed over a fast move."""


@dataclass(frozen=True)
class Framing:
    """From crop to stored square, both in -1..1: s = linear u + shift.

    linear (N, 2, 2), shift (N, 2), angle_rad (N,), mirrored (N,) bool.
    """

    linear: Tensor
    shift: Tensor
    angle_rad: Tensor
    mirrored: Tensor

    def grid(self, side_px: int) -> Tensor:
        theta = torch.cat([self.linear, self.shift[:, :, None]], 2)
        return F.affine_grid(theta, [len(theta), 1, side_px, side_px], align_corners=False)

    def points(self, stored_xy: Tensor) -> Tensor:
        """Points (N, P, 2) as shares of the stored square -> shares of the crop; not mirrored
        in order: the caller swaps left and right."""
        centred = (stored_xy * 2 - 1 - self.shift[:, None, :]).transpose(1, 2)
        crop = torch.linalg.solve(self.linear, centred)
        return (crop.transpose(1, 2) + 1) / 2

    def pose(self, pose_deg: Tensor) -> Tensor:
        """Pitch, yaw, roll (N, 3) of the stored face -> of the face in the crop."""
        sign = torch.where(self.mirrored, -1.0, 1.0)
        pitch, yaw, roll = pose_deg.unbind(1)
        return torch.stack(
            [pitch, sign * yaw, sign * (roll - torch.rad2deg(self.angle_rad))], dim=1
        )


def _uniform(rng: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(*shape, generator=rng)


def centred_framing(margin: Tensor) -> Framing:
    """The crop as at inference: the middle 1 / margin of the stored square."""
    count = len(margin)
    linear = torch.eye(2).expand(count, 2, 2) / margin[:, None, None]
    none = torch.zeros(count)
    return Framing(linear, torch.zeros(count, 2), none, none.bool())


def jittered_framing(margin: Tensor, rng: torch.Generator, strength: float = 1.0) -> Framing:
    """Rotation, zoom, shift and mirror around the crop of inference.

    Three quarters within 12 degrees, .86-1.16 and 7 %; the rest within 30 degrees, .72-1.4, 18 %;
    `strength` lowers the share of the rest.
    """
    count = len(margin)
    wide = torch.rand(count, generator=rng) < WIDE_JITTER_SHARE * strength
    angle = _uniform(rng, -1, 1, count) * torch.where(wide, math.radians(30), math.radians(12))
    zoom = torch.exp(_uniform(rng, -1, 1, count) * torch.where(wide, 0.335, 0.15)) / margin
    shift = _uniform(rng, -1, 1, count, 2) * torch.where(wide, 0.36, 0.14)[:, None]
    mirrored = torch.rand(count, generator=rng) < 0.5
    return _framing(angle, zoom, shift / margin[:, None], mirrored)


def missed_framing(margin: Tensor, rng: torch.Generator) -> Framing:
    """Crops that have lost the face: half of it outside, or a third of it filling the crop."""
    count = len(margin)
    close = torch.rand(count, generator=rng) < 0.35
    zoom = torch.where(close, _uniform(rng, 0.25, 0.42, count), _uniform(rng, 0.8, 1.3, count))
    direction = _uniform(rng, 0, 2 * math.pi, count)
    length = torch.where(close, _uniform(rng, 0.2, 0.7, count), _uniform(rng, 1.0, 1.7, count))
    shift = torch.stack([direction.cos(), direction.sin()], 1) * length[:, None]
    angle = _uniform(rng, -0.5, 0.5, count)
    mirrored = torch.rand(count, generator=rng) < 0.5
    return _framing(angle, zoom / margin, shift / margin[:, None], mirrored)


def _framing(angle: Tensor, zoom: Tensor, shift: Tensor, mirrored: Tensor) -> Framing:
    sign = torch.where(mirrored, -1.0, 1.0)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    linear = torch.stack([torch.stack([cos * sign, -sin], 1), torch.stack([sin * sign, cos], 1)], 1)
    return Framing(linear, shift, angle, mirrored)


def _jpeg(rgb: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """A share of uint8 (N, H, W, 3) through JPEG of quality 12-60."""
    pictures = rgb.numpy().copy()
    for row in (
        torch.nonzero(torch.rand(len(rgb), generator=rng) < JPEG_SHARE * strength)
        .flatten()
        .tolist()
    ):
        quality = int(torch.randint(12, 60, (1,), generator=rng))
        _, coded = cv2.imencode(".jpg", pictures[row], [cv2.IMWRITE_JPEG_QUALITY, quality])
        pictures[row] = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return torch.from_numpy(pictures)


def _replacement_background(rgb: Tensor, rng: torch.Generator) -> Tensor:
    """Blurred parts of other pictures of the batch, or a plain tone."""
    count = len(rgb)
    other = rgb[torch.randperm(count, generator=rng)]
    coarse = F.interpolate(other, size=(6, 6), mode="area")
    blurred = F.interpolate(coarse, size=rgb.shape[2:], mode="bilinear", align_corners=False)
    tone = torch.rand(count, 3, 1, 1, generator=rng) * 255
    plain = torch.rand(count, 1, 1, 1, generator=rng) < 0.35
    grain = torch.randn(count, 1, *rgb.shape[2:], generator=rng) * 12
    return torch.where(plain, tone, blurred) + grain


def _low_resolution(rgb: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Part of the batch goes through a low resolution, as small or blurred faces do."""
    side_px = rgb.shape[-1]
    size = int(torch.randint(20, 64, (1,), generator=rng))
    chosen = torch.nonzero(
        torch.rand(len(rgb), generator=rng) < LOW_RESOLUTION_SHARE * strength
    ).flatten()
    low = F.interpolate(rgb[chosen], size=(size, size), mode="area")
    low = F.interpolate(low, size=(side_px, side_px), mode="bilinear", align_corners=False)
    rgb[chosen] = low
    return rgb


def _tone(rgb: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Gamma, gain, offset, colour cast; a share turned grey so that colour carries no label."""
    count = len(rgb)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return _uniform(rng, low, high, count, *shape)

    curved = torch.nonzero(torch.rand(count, generator=rng) < GAMMA_SHARE).flatten()
    gamma = torch.exp(_uniform(rng, -0.5, 0.5, len(curved), 1, 1, 1))
    rgb[curved] = 255 * (rgb[curved].clamp(0, 255) / 255).pow(gamma)
    gain = uniform(0.7, 1.3, 1, 1, 1) * uniform(0.9, 1.1, 3, 1, 1)
    rgb = rgb * gain + uniform(-25, 25, 1, 1, 1)
    grey = (rgb * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    to_grey = torch.rand(count, 1, 1, 1, generator=rng) < GREY_SHARE
    rgb = torch.where(to_grey, grey, rgb)
    noisy = torch.nonzero(torch.rand(count, generator=rng) < NOISY_SHARE * strength).flatten()
    sigma = _uniform(rng, 2, 12, len(noisy), 1, 1, 1)
    rgb[noisy] += torch.randn(len(noisy), 3, *rgb.shape[2:], generator=rng) * sigma
    return rgb.clamp(0, 255)


def _occlude(rgb: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """One rectangle of a quarter of the faces filled with a random tone (Zhong et al. 2020)."""
    side_px = rgb.shape[-1]
    for row in (
        torch.nonzero(torch.rand(len(rgb), generator=rng) < OCCLUDED_SHARE * strength)
        .flatten()
        .tolist()
    ):
        low, high = side_px // 8, side_px * 7 // 16
        height, width = torch.randint(low, high, (2,), generator=rng).tolist()
        top = int(torch.randint(0, side_px - height, (1,), generator=rng))
        left = int(torch.randint(0, side_px - width, (1,), generator=rng))
        rgb[row, :, top : top + height, left : left + width] = (
            torch.rand(3, 1, 1, generator=rng) * 255
        )
    return rgb


def render(
    rgb: Tensor,
    background: Tensor,
    framing: Framing,
    side_px: int,
    rng: torch.Generator,
    strength: float = 1.0,
) -> Tensor:
    """Crops float32 (N, 3, side_px, side_px) in 0..255 of stored squares uint8 (N, H, W, 3).

    `strength` 0-1 scales how many are coded, blurred, noisy and covered.
    """
    picture = _jpeg(rgb, rng, strength).permute(0, 3, 1, 2).float()
    mask = background[:, None].float()
    if side_px * 2 <= picture.shape[-1]:
        # Bilinear sampling alone would skip pixels.
        picture, mask = F.avg_pool2d(picture, 2), F.avg_pool2d(mask, 2)
    grid = framing.grid(side_px)
    warped = F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
    masked = torch.nonzero(mask.amax(dim=(1, 2, 3)) > 0).flatten()
    if len(masked):
        part_grid, part = grid[masked], warped[masked]
        # Outside a masked picture is background too.
        inside = F.grid_sample(1 - mask[masked], part_grid, align_corners=False)
        chosen = torch.rand(len(masked), 1, 1, 1, generator=rng) < REPLACED_BACKGROUND
        behind = torch.where(chosen, _replacement_background(part, rng), torch.zeros(()))
        warped[masked] = part * inside + behind * (1 - inside)
    degraded = _tone(_low_resolution(warped, rng, strength), rng, strength)
    return _occlude(degraded, rng, strength)


def plain(rgb: Tensor, margin: Tensor, side_px: int) -> Tensor:
    """Crops float32 (N, 3, side_px, side_px) as at inference: no augmentation."""
    picture = rgb.permute(0, 3, 1, 2).float()
    if bool((margin == 1).all()):
        return F.interpolate(
            picture, size=(side_px, side_px), mode="bilinear", antialias=True, align_corners=False
        )
    grid = centred_framing(margin).grid(side_px)
    return F.grid_sample(picture, grid, padding_mode="border", align_corners=False)
