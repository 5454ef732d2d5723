"""Export the trained network into the package: `python -m training.expression.export`.

Fits the temperature on the validation sets (Guo et al. 2017), writes the ONNX file with its spec,
and checks ONNX Runtime against PyTorch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch.nn import functional as F

from training.expression import data
from training.expression.augment import center
from training.expression.network import INPUT_PX, ExpressionNet, ProbabilityModel
from training.expression.train import RUNS, logits_of, validation_sets

SPECS = Path(__file__).resolve().parents[2] / "src" / "evolvisense" / "models" / "specs"
VERSION = "1"


def fitted_temperature(network: ExpressionNet) -> float:
    """The temperature of least cross entropy, each validation set counting the same."""
    pairs = [
        (logits_of(network, faces), torch.from_numpy(faces.target).argmax(1))
        for faces in validation_sets()
    ]
    candidates = np.exp(np.linspace(np.log(0.4), np.log(3.0), 200))
    losses = [
        sum(float(F.cross_entropy(logits / t, labels)) for logits, labels in pairs)
        for t in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=RUNS / "checkpoint.pt")
    args = parser.parse_args()
    network = ExpressionNet()
    network.load_state_dict(torch.load(args.checkpoint)["average"])
    network.eval()
    temperature = fitted_temperature(network)
    model = ProbabilityModel(network, temperature).eval()
    path = SPECS / "expression.onnx"
    torch.onnx.export(
        model,
        (torch.zeros(2, 3, INPUT_PX, INPUT_PX),),
        path,
        input_names=["rgb"],
        output_names=["probs"],
        dynamic_shapes={"rgb": {0: torch.export.Dim("faces")}},
        external_data=False,
        dynamo=True,
    )
    session = onnxruntime.InferenceSession(path)
    sample = center(torch.from_numpy(data.load_ferplus_validation().rgb[:32]))
    expected = model(sample).detach().numpy()
    found = session.run(None, {"rgb": sample.numpy()})[0]
    difference = float(np.abs(expected - found).max())
    if difference > 1e-4:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference}")
    spec = {
        "id": "expression",
        "version": VERSION,
        "task": "seven facial expressions of a face crop",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": "rgb float32 (N, 3, 64, 64), 0-255, square crop of 1.12 x the face box",
        "output": "probs float32 (N, 7), rows sum to 1",
        "labels": list(data.EMOTIONS),
        "licence": "MIT (see the card for the training data)",
        "training_data": "FER2013 Training with FER+ votes; AffectNet-style colour pack, 7 classes",
        "url": None,
    }
    (SPECS / "expression.json").write_text(json.dumps(spec, indent=2) + "\n")
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, temperature {temperature:.3f}, ", end="")
    print(f"largest difference to PyTorch {difference:.1e}")


if __name__ == "__main__":
    main()
