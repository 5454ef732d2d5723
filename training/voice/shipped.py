"""Weights of a network that is shipped, read back from its ONNX file, to go on from.

The networks of version 1.1 were trained for twenty-four minutes on RAVDESS, nEMO and ASED; their
checkpoints are gone, the file has every weight under its name (half precision where large).
`--start-from shipped:0` begins a run with the first of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from training.voice.network import VoiceNet

PREFIX = "shipped:"
START = Path(__file__).parents[2] / "src" / "evolvisense" / "models" / "specs" / "voice.onnx"
"""Version 1.1; a later version has other names, then take this file from the history."""
MOVED = (
    ("mel.", "trunk.mel."),
    ("pitch.", "trunk.pitch."),
    ("mel_join.", "trunk.mel_join."),
    ("pitch_join.", "trunk.pitch_join."),
    ("embed.0.", "pool_norm."),
    ("embed.2.", "embed.1."),
)
"""Names of version 1.1 and of today."""


def stored_weights(path: Path, member: int) -> dict[str, Tensor]:
    """Name -> weight of one of the networks in the file."""
    start = f"networks.{member}.network."
    found: dict[str, Tensor] = {}
    for tensor in onnx.load(path).graph.initializer:
        if tensor.name.startswith(start):
            name = tensor.name.removeprefix(start).removesuffix("_half")
            found[name] = torch.from_numpy(
                np.array(numpy_helper.to_array(tensor), dtype=np.float32, copy=True)
            )
    return found


def load_shipped(network: VoiceNet, source: str) -> None:
    """Fill a network with the weights of `shipped:MEMBER`; what is new in it starts at nothing.

    Columns that look at the functionals begin at zero, so that the network answers at first as
    the shipped one does.
    """
    stored = stored_weights(START, int(source.removeprefix(PREFIX)))
    ours = network.state_dict()
    for name, weight in stored.items():
        moved = [new + name.removeprefix(old) for old, new in MOVED if name.startswith(old)]
        today = moved[0] if moved else name
        target = ours[today]
        if today == "embed.1.weight" and target.shape != weight.shape:
            target.zero_()
            target[:, : weight.shape[1]] = weight
        else:
            target.copy_(weight.reshape(target.shape))
    network.load_state_dict(ours)
