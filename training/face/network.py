"""The face network: one trunk, six heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from training.face.action_units import ACTION_UNITS
from training.face.landmarks import MESH_POINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

INPUT_PX = 64
EMOTION_COUNT = 7
ACTION_COUNT = 52
GEOMETRY_CELLS = 6
POSE_UNIT_DEG = 15.0


@dataclass(frozen=True)
class Heads:
    """What the network says of N crops.

    emotion_logit (N, 7). action_logit (N, 52), sigmoid gives 0-1. landmark_xy (N, 73, 2), shares
    of the crop. pose_deg (N, 3) pitch, yaw, roll. presence_logit (N,). au_logit (N, 16): five times
    its sigmoid is the intensity of each of ACTION_UNITS.
    """

    emotion_logit: Tensor
    action_logit: Tensor
    landmark_xy: Tensor
    pose_deg: Tensor
    presence_logit: Tensor
    au_logit: Tensor

    def single_precision(self) -> Heads:
        """The same as float32, for losses."""
        return Heads(**{name: value.float() for name, value in vars(self).items()})


@dataclass(frozen=True)
class Widths:
    """Channels after the first two convolutions and of the three stages, blocks of each stage."""

    stem: int = 16
    channels: tuple[int, int, int] = (32, 96, 224)
    blocks: tuple[int, int, int] = (1, 2, 2)


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut (He et al. 2016), pooled where it strides."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        same = stride == 1 and channels_in == channels_out
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(channels_in, channels_out, 1, bias=False),
                nn.BatchNorm2d(channels_out),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = F.relu(self.norm1(self.conv1(x)), inplace=True)
        return F.relu(self.norm2(self.conv2(inner)) + self.shortcut(x), inplace=True)


def _convolution(channels_in: int, channels_out: int, size: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )


class FaceNet(nn.Module):
    """RGB crops float32 (N, 3, S, S) in 0..255 -> Heads; S is 64, in training also less.

    Emotion and presence are read from the mean over the crop; blendshapes, action units,
    landmarks and pose from a 6 x 6 map, for where something is matters to them.
    """

    def __init__(self, widths: Widths | None = None) -> None:
        super().__init__()
        widths = widths or Widths()
        first, second, third = widths.channels
        self.stem = nn.Sequential(
            _convolution(3, widths.stem, 3, 2), _convolution(widths.stem, first, 3, 2)
        )
        stages: list[nn.Module] = []
        for before, after, blocks in zip(
            (first, first, second), (first, second, third), widths.blocks, strict=True
        ):
            strides: Sequence[int] = (1 if before == after else 2, *[1] * (blocks - 1))
            for index, stride in enumerate(strides):
                stages.append(ResidualBlock(before if index == 0 else after, after, stride))
        self.stages = nn.Sequential(*stages)
        self.emotion = nn.Sequential(nn.Dropout(0.2), nn.Linear(third, EMOTION_COUNT))
        self.presence = nn.Linear(third, 1)
        self.map = _convolution(third, 40, 1, 1)
        outputs = ACTION_COUNT + 2 * len(MESH_POINTS) + 3 + len(ACTION_UNITS)
        self.geometry = nn.Linear(40 * GEOMETRY_CELLS**2, outputs)

    def forward(self, rgb: Tensor) -> Heads:
        trunk = self.stages(self.stem((rgb - 127.5) / 64.0))
        mean = trunk.mean(dim=(2, 3))
        cells = self.map(trunk)
        if cells.shape[-1] != GEOMETRY_CELLS:
            cells = F.interpolate(
                cells, size=(GEOMETRY_CELLS, GEOMETRY_CELLS), mode="bilinear", align_corners=False
            )
        geometry = self.geometry(cells.flatten(1))
        points = 2 * len(MESH_POINTS)
        return Heads(
            emotion_logit=self.emotion(mean),
            action_logit=geometry[:, :ACTION_COUNT],
            landmark_xy=geometry[:, ACTION_COUNT : ACTION_COUNT + points].unflatten(
                1, (len(MESH_POINTS), 2)
            )
            + 0.5,
            pose_deg=geometry[:, ACTION_COUNT + points :][:, :3] * POSE_UNIT_DEG,
            presence_logit=self.presence(mean)[:, 0],
            au_logit=geometry[:, ACTION_COUNT + points + 3 :],
        )
