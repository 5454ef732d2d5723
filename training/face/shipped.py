"""The shipped ONNX file as a start for training: `python -m training.face.shipped --run shipped`.

The exported convolutions have their batch normalisation folded in. Here it is taken apart again
without changing what the network computes: every normalisation gets the mean and the variance that
its input has on training crops, and the scale and offset that undo both. The checkpoint that is
written holds averaged weights for `python -m training.face.train --start-from`.

`lessons` labels faces that the teacher has not seen yet with the landmarks, blendshapes and pose of
the shipped network: fine-tuning then keeps what it reads, at another size of crop.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from training.face.augment import plain
from training.face.dataset import load_images
from training.face.folders import cache_dir, runs_dir
from training.face.network import FaceNet

SHIPPED = Path(__file__).resolve().parents[2] / "src/evolvisense/models/specs/face.onnx"
CALIBRATION_FACES = 512
LESSON_PX = 96
LESSON_SHARE = {"fer2013": 0.4, "colour": 0.4, "scene": 0.5, "cfee": 1.0}
"""Share of each pack that is labelled: geometry needs fewer faces than expressions do."""


def load_shipped(path: Path) -> FaceNet:
    """The network of an exported file, normalisations being identities; action units untrained."""
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}

    def values(name: str) -> torch.Tensor:
        found = tensors.get(name, tensors.get(f"{name}_half"))
        if found is None:
            raise SystemExit(f"{path} holds no weights named {name}")
        return torch.from_numpy(found.astype(np.float32).copy())

    network = FaceNet()
    with torch.no_grad():
        for convolution, normalisation in _pairs(network):
            network.get_submodule(convolution).weight.copy_(values(f"network.{convolution}.weight"))
            norm = network.get_submodule(normalisation)
            norm.weight.fill_(1.0)
            norm.bias.copy_(values(f"network.{convolution}.weight_bias"))
            norm.running_mean.zero_()
            norm.running_var.fill_(1.0 - norm.eps)
        for name in ("emotion.1", "presence", "geometry"):
            layer = network.get_submodule(name)
            weight, bias = values(f"network.{name}.weight"), values(f"network.{name}.bias")
            layer.weight[: len(weight)].copy_(weight)
            layer.bias[: len(bias)].copy_(bias)
    return network.eval()


def _pairs(network: FaceNet) -> list[tuple[str, str]]:
    """Names of each convolution and the normalisation behind it."""
    names = [n for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d)]
    convolutions = [n for n in names if isinstance(network.get_submodule(n), nn.Conv2d)]

    def behind(name: str) -> str:
        if name.endswith(("conv1", "conv2")):
            return name.replace("conv", "norm")
        head, number = name.rsplit(".", 1)
        return f"{head}.{int(number) + 1}"

    return [(name, behind(name)) for name in convolutions]


@torch.inference_mode()
def restore_normalisation(network: FaceNet, crops: torch.Tensor) -> None:
    """Statistics of `crops` (N, 3, S, S) into the normalisations; the output stays the same."""
    seen: dict[str, torch.Tensor] = {}
    hooks = [
        network.get_submodule(norm).register_forward_pre_hook(
            lambda _m, inputs, norm=norm: seen.__setitem__(norm, inputs[0])
        )
        for _, norm in _pairs(network)
    ]
    network(crops)
    for hook in hooks:
        hook.remove()
    for name, values in seen.items():
        norm = network.get_submodule(name)
        variance, mean = torch.var_mean(values, dim=(0, 2, 3))
        norm.bias.add_(norm.weight * mean / (norm.running_var + norm.eps).sqrt())
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


def lesson_path(pack: str) -> Path:
    return cache_dir() / f"shipped_{pack}.npz"


def make_lessons(pack: str, path: Path, threads: int) -> None:
    """Label a random part of a pack with the shipped network and write the cache file."""
    images = load_images(pack)[0]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options)
    rows = np.random.default_rng(1).permutation(len(images))
    rows = np.sort(rows[: round(len(rows) * LESSON_SHARE[pack])])
    parts: list[list[NDArray[np.float32]]] = []
    for some in np.array_split(rows, max(len(rows) // 64, 1)):
        margin = torch.full((len(some),), images.margin)
        crops = plain(torch.from_numpy(images.rgb[some]), margin, LESSON_PX)
        parts.append(
            session.run(["actions", "landmarks", "pose", "presence"], {"rgb": crops.numpy()})
        )
    action, points, pose, presence = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = presence > 0.9
    stored_points = (points - 0.5) / images.margin + 0.5
    np.savez(
        lesson_path(pack),
        row=rows[kept],
        action=action[kept],
        landmark_xy=stored_points[kept].astype(np.float32),
        pose_deg=pose[kept],
    )
    print(f"{pack}: {kept.sum()} of {len(rows)} faces labelled", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="shipped")
    parser.add_argument("--file", type=Path, default=SHIPPED)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side-px", type=int, default=64)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for pack in LESSON_SHARE:
        if not lesson_path(pack).is_file():
            make_lessons(pack, args.file, args.threads)
    network = load_shipped(args.file)
    parts: list[torch.Tensor] = []
    for pack in LESSON_SHARE:
        images = load_images(pack)[0]
        some = np.random.default_rng(2).permutation(len(images))[: CALIBRATION_FACES // 4]
        margin = torch.full((len(some),), images.margin)
        parts.append(plain(torch.from_numpy(images.rgb[some]), margin, args.side_px))
    crops = torch.cat(parts)
    with torch.inference_mode():
        before = network(crops).landmark_xy
        restore_normalisation(network, crops)
        moved = float((network(crops).landmark_xy - before).abs().max())
    folder = runs_dir() / args.run
    folder.mkdir(exist_ok=True)
    torch.save({"average": network.state_dict()}, folder / "checkpoint.pt")
    print(f"{folder}: landmarks moved by {moved:.1e} at most")


if __name__ == "__main__":
    main()
