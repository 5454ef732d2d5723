"""Figures of the model card: `python -m training.expression.evaluate`.

Runs the shipped ONNX file, not the checkpoint, on the validation sets and prints Markdown.
"""

from __future__ import annotations

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from training.expression import data
from training.expression.augment import center
from training.expression.export import SPECS

BOOTSTRAPS = 1000
CALIBRATION_BINS = 15


def probabilities(faces: data.FaceSet) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(SPECS / "expression.onnx")
    parts = torch.from_numpy(faces.rgb).split(256)
    return np.concatenate([session.run(None, {"rgb": center(p).numpy()})[0] for p in parts])


def interval(correct: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % bootstrap interval of the mean."""
    rng = np.random.default_rng(0)
    means = [rng.choice(correct, len(correct)).mean() for _ in range(BOOTSTRAPS)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(probs: NDArray[np.float32], expected: NDArray[np.intp]) -> float:
    """Expected calibration error of the top label, 15 equal bins (Guo et al. 2017)."""
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == expected
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for index in np.unique(bins):
        inside = bins == index
        error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


def report(faces: data.FaceSet) -> None:
    probs, expected = probabilities(faces), faces.target.argmax(axis=1)
    found = probs.argmax(axis=1)
    confusion = np.zeros((len(data.EMOTIONS),) * 2, int)
    np.add.at(confusion, (expected, found), 1)
    recall = confusion.diagonal() / np.maximum(confusion.sum(axis=1), 1)
    precision = confusion.diagonal() / np.maximum(confusion.sum(axis=0), 1)
    f1 = 2 * recall * precision / np.maximum(recall + precision, 1e-9)
    present = confusion.sum(axis=1) > 0
    low, high = interval(found == expected)
    print(
        f"| {faces.name} | {len(faces)} | {(found == expected).mean():.3f} ({low:.3f}-{high:.3f}) "
        f"| {recall[present].mean():.3f} | {f1[present].mean():.3f} "
        f"| {calibration_error(probs, expected):.3f} | "
        + " ".join(
            f"{emotion} {share:.2f}"
            for emotion, share, is_present in zip(data.EMOTIONS, recall, present, strict=True)
            if is_present
        )
        + " |"
    )


def main() -> None:
    print("| set | faces | accuracy (95 %) | balanced | macro F1 | ECE | recall |")
    print("|---|---|---|---|---|---|---|")
    report(data.load_ferplus_validation())
    report(data.load_colour()[1])
    report(data.load_fer2013_validation_raw())


if __name__ == "__main__":
    main()
