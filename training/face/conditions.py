"""How accuracy falls on poor crops: where the limits of `uncertain` come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from evolvisense.face import measure_quality
from evolvisense.face.network import FaceReader
from evolvisense.types.arrays import U8
from training.face.validation import ValidationSet

SIZES_PX = (8, 12, 16, 20, 24, 32, 48, 64)
BLURS_PX = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
GAINS = (1.0, 0.4, 0.2, 0.1, 0.05, 0.025)
COVERED = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8)
YAW_EDGES_DEG = (0, 10, 20, 30, 40, 90)
CONFIDENCE_EDGES = (0.0, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.001)


@dataclass(frozen=True)
class Condition:
    """Accuracy on crops of one kind; `measured` is what the product sees of it (a median)."""

    kind: str
    level: str
    n: int
    accuracy: float
    measured: float


def _shrunk(crop: U8, side_px: float) -> U8:
    small = cv2.resize(crop, (int(side_px), int(side_px)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, crop.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _blurred(crop: U8, sigma_px: float) -> U8:
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma_px), np.uint8) if sigma_px else crop


def _darkened(crop: U8, gain: float) -> U8:
    return np.rint(crop * gain).astype(np.uint8)


def _covered(crop: U8, share: float) -> U8:
    """The lower part of the face behind a plain, skin-dark tone, as a hand or scarf covers it."""
    covered = crop.copy()
    covered[round(len(crop) * (1 - share)) :] = (110, 80, 65)
    return covered


def _series(
    kind: str,
    unit: str,
    levels: Sequence[float],
    change: Callable[[U8, float], U8],
    crops: U8,
    label: np.ndarray[tuple[int], np.dtype[np.int64]],
    reader: FaceReader,
) -> list[Condition]:
    conditions: list[Condition] = []
    for level in levels:
        changed = np.stack([change(crop, level) for crop in crops])
        read = reader.read_crops(changed)
        boxes = np.tile(np.array([0, 0, *crops.shape[1:3]], np.float32), (len(changed), 1))
        quality = measure_quality(changed, boxes)
        measured = {
            "size": np.array([level]),
            "blur": quality.sharpness,
            "light": quality.brightness,
            "covered": read.presence,
        }[kind]
        right = (read.probs.argmax(axis=1) == label).mean()
        conditions.append(
            Condition(
                kind, f"{level:g} {unit}", len(label), float(right), float(np.median(measured))
            )
        )
    return conditions


def degraded(faces: ValidationSet, reader: FaceReader, most: int = 200) -> list[Condition]:
    """Accuracy on `most` crops made small, blurred, dark and covered."""
    chosen = np.random.default_rng(0).permutation(len(faces.label))[:most]
    crops, label = faces.crops(reader.input_px)[chosen], faces.label[chosen]
    return [
        *_series("size", "px", SIZES_PX, _shrunk, crops, label, reader),
        *_series("blur", "px", BLURS_PX, _blurred, crops, label, reader),
        *_series("light", "x", GAINS, _darkened, crops, label, reader),
        *_series("covered", "of the crop", COVERED, _covered, crops, label, reader),
    ]


def binned(
    kind: str,
    values: np.ndarray[tuple[int], np.dtype[np.floating]],
    edges: Sequence[float],
    right: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> list[Condition]:
    """Accuracy in bins of a value of each face."""
    conditions: list[Condition] = []
    for low, high in pairwise(edges):
        rows = (values >= low) & (values < high)
        if rows.sum() >= 10:
            level = f"{low:g}-{min(high, 1) if high < 2 else high:g}"
            conditions.append(
                Condition(
                    kind,
                    level,
                    int(rows.sum()),
                    float(right[rows].mean()),
                    float(np.median(values[rows])),
                )
            )
    return conditions
