"""Figures of a checkpoint on the images set aside: `python -m training.detector.measure`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from evaluation.detection.figures import (
    average_precision,
    joined,
    precision_at,
    recall_at,
)
from evolvisense.face.detect import resized
from evolvisense.face.single_shot import SingleShotDetector
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.face import FaceDetections
from training.detector import dataset
from training.detector.folders import runs_dir
from training.detector.labels import drawn_boxes
from training.detector.network import DetectorNet

SIDES_PX = (160, 320)
MIN_SCORE = 0.005


class TorchSession:
    """Runs a module where the product runs an ONNX file."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model.eval()

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [self.model(torch.from_numpy(inputs["rgb"])).numpy()]


class ShippedDetector(nn.Module):
    """The network with one row of numbers for each cell and a calibrated score."""

    def __init__(self, network: DetectorNet, slope: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.network, self.slope, self.offset = network, slope, offset

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        maps = [m.flatten(2).transpose(1, 2) for m in self.network(rgb)]
        values = torch.cat(maps, dim=1)
        score = torch.sigmoid(values[..., :1] * self.slope + self.offset)
        return torch.cat([score, values[..., 1:]], dim=2)


def detector_of(model: nn.Module) -> SingleShotDetector:
    """The product's decoding around a module."""
    return SingleShotDetector(cast("OnnxSession", TorchSession(model)))


def load(path: Path) -> tuple[DetectorNet, int]:
    """The averaged network of a checkpoint and how many images it has seen."""
    state = torch.load(path)
    network = DetectorNet()
    network.load_state_dict({key: value.float() for key, value in state["average"].items()})
    return network.eval(), int(state["seen"])


def figures(detector: SingleShotDetector, side: int) -> dict[str, float | None]:
    """Average precision, recall and precision on photographs, false boxes on negatives."""
    _, aside = dataset.split()
    answers = []
    false = 0
    for picture in dataset.pictures([*aside["photograph"], *aside["negative"]]):
        small = resized(picture.rgb, side)
        found = detector.detect_once(small, MIN_SCORE)
        if dataset.kind_of(picture.name) == "photograph":
            scale = picture.rgb.shape[1] / small.shape[1]
            found = FaceDetections(found.xyxy * np.float32(scale), found.score)
            answers.append((found, drawn_boxes(picture.name)))
        elif not len(picture.boxes):
            false += int((found.score >= 0.6).sum())
    matched = joined(answers)
    return {
        "ap": average_precision(matched),
        "recall": recall_at(matched),
        "precision": precision_at(matched),
        "false_boxes": false,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="main")
    args = parser.parse_args()
    torch.set_num_threads(1)
    network, seen = load(runs_dir() / args.run / "checkpoint.pt")
    detector = detector_of(ShippedDetector(network))
    for side in SIDES_PX:
        print(seen, side, figures(detector, side), flush=True)


if __name__ == "__main__":
    main()
