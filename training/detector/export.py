"""Write the shipped detector: `python -m training.detector.export [--run main | --from FILE]`.

Calibrates the score on images set aside (Platt 1999), writes the ONNX file with weights in half
precision and its spec, checks ONNX Runtime against PyTorch, and stores a small checkpoint that a
later run can start from.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from evaluation.detection.figures import match
from evolvisense.face.detect import resized
from evolvisense.face.single_shot import SingleShotDetector
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.face import FaceDetections
from training.detector import dataset
from training.detector.folders import CHECKPOINTS, runs_dir
from training.detector.graph import to_model
from training.detector.measure import ShippedDetector, load
from training.detector.network import DetectorNet

SPECS = Path(__file__).resolve().parents[2] / "src" / "evolvisense" / "models" / "specs"
VERSION = "1.1"
CALIBRATION_SIDES_PX = (128, 320)
"""Sizes at which the product looks first."""
LOWEST_SCORE = 0.02


def calibration(detector: SingleShotDetector) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Logits (D,) of detections in photographs and negatives set aside; whether each is a face.

    Faces are drawn boxes and those of which the teacher is sure; detections in regions that are to
    be ignored do not count.
    """
    _, aside = dataset.split()
    logits: list[float] = []
    right: list[bool] = []
    for picture in dataset.pictures([*aside["photograph"], *aside["negative"]]):
        for side in CALIBRATION_SIDES_PX:
            if side > 2 * max(picture.rgb.shape[:2]):
                continue
            small = resized(picture.rgb, side)
            found = detector.detect_once(small, LOWEST_SCORE)
            scale = small.shape[1] / picture.rgb.shape[1]
            boxes = picture.boxes
            is_face = match(found, boxes.xyxy[boxes.is_face] * scale)
            rest = FaceDetections(found.xyxy[~is_face], found.score[~is_face])
            ignored = np.zeros(len(found), np.bool_)
            ignored[~is_face] = match(rest, boxes.xyxy[~boxes.is_face] * scale)
            score = np.clip(found.score[~ignored].astype(np.float64), 1e-6, 1 - 1e-6)
            logits += np.log(score / (1 - score)).tolist()
            right += is_face[~ignored].tolist()
    return np.array(logits), np.array(right)


def fitted(logits: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of least cross entropy, by Newton's method."""
    design = np.stack([logits, np.ones(len(logits))], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        weights += np.linalg.solve(hessian, design.T @ (right - p))
    return float(weights[0]), float(weights[1])


def largest_difference(path: Path, model: nn.Module) -> float:
    """Largest difference between the file and PyTorch at two sizes."""
    session = onnxruntime.InferenceSession(path)
    worst = 0.0
    for height, width in ((96, 128), (320, 192)):
        rgb = 255 * torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            expected = model(rgb).numpy()
        worst = max(
            worst, float(np.abs(session.run(None, {"rgb": rgb.numpy()})[0] - expected).max())
        )
    return worst


def store_checkpoint(network: DetectorNet, seen: int) -> Path:
    """Weights in half precision for `training.detector.train --start-from`."""
    CHECKPOINTS.mkdir(exist_ok=True)
    path = CHECKPOINTS / "detector.pt"
    average = {
        key: value.half() if value.dtype.is_floating_point and value.ndim > 1 else value
        for key, value in network.state_dict().items()
    }
    torch.save({"average": average, "seen": seen}, path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="main")
    parser.add_argument("--from", dest="file", type=Path, help="a checkpoint instead of a run's")
    args = parser.parse_args()
    torch.set_num_threads(1)
    network, seen = load(args.file or runs_dir() / args.run / "checkpoint.pt")
    path = SPECS / "detector.onnx"
    plain = OnnxSession(to_model(network, 1.0, 0.0).SerializeToString())
    slope, offset = fitted(*calibration(SingleShotDetector(plain)))
    path.write_bytes(to_model(network, slope, offset).SerializeToString())
    model = ShippedDetector(network, slope, offset).eval()
    difference = largest_difference(path, model)
    if difference > 0.05:
        raise SystemExit(f"ONNX Runtime differs from PyTorch by {difference}")
    content = {
        "id": "detector",
        "version": VERSION,
        "task": "face detection with five landmarks",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input": "rgb float32 (1, 3, H, W), 0-255, H and W multiples of 32",
        "output": "values (1, cells, 15) float32 for the cells of 8, 16 and 32 px, row by row: "
        "score 0-1; offset of the box's centre and log of its sides, in strides; five landmarks as "
        "offsets in strides",
        "labels": [],
        "licence": "MIT (see the card for the training data)",
        "training_data": "photographs with hand-drawn boxes, MTFL/AFLW and negatives of the data "
        "folder; faces of muxspace/facial_expressions, CFEE and the AffectNet-style pack pasted; "
        "boxes and landmarks of YuNet",
        "url": None,
        "parameters": {
            "strides": [8, 16, 32],
            "score_slope": round(slope, 4),
            "score_offset": round(offset, 4),
            "parameters": sum(p.numel() for p in network.parameters()),
            "images_seen": seen,
        },
    }
    (SPECS / "detector.json").write_text(json.dumps(content, separators=(",", ": ")) + "\n")
    print(
        f"{path}: {path.stat().st_size / 1e3:.0f} kB, slope {slope:.3f}, offset {offset:.3f}, "
        f"largest difference to PyTorch {difference:.1e}, seen {seen}; "
        f"checkpoint {store_checkpoint(network, seen)}"
    )


if __name__ == "__main__":
    main()
