"""Faces that are hard to find: turned, very large, cut at the border, dark, masked, small."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evaluation.detection.figures import iou
from evolvisense.types.engines import SinglePassDetector
from training.detector import dataset
from training.detector.augment import Sample, affine, covered, moved, warped
from training.detector.dataset import Picture
from training.detector.labels import Boxes, raw_labels

SIDE_PX = 160
MIN_FACE_PX = 40
"""Faces of the originals that are large enough to be placed at any size."""
MAX_FACES = 160
"""So many are measured, large photographs first."""
MIN_SCORE, MIN_IOU = 0.6, 0.35


@dataclass(frozen=True)
class Condition:
    """What is done to the largest face of an image of SIDE_PX x SIDE_PX."""

    name: str
    face_px: float = 60.0
    """Geometric mean side of the face."""
    turn_deg: float = 0.0
    at: tuple[float, float] = (0.5, 0.5)
    """Where its centre lies, as shares of the image."""
    gain: float = 1.0
    blur_px: float = 0.0
    jpeg: int | None = None
    masked: bool = False


CONDITIONS = (
    Condition("upright, 60 px"),
    Condition("12 px", face_px=12),
    Condition("20 px", face_px=20),
    Condition("fills the frame (150 px)", face_px=150),
    Condition("larger than the frame (190 px)", face_px=190),
    Condition("cut at the left border, half visible", at=(0.0, 0.5)),
    Condition("cut at the lower border, 60 % visible", at=(0.5, 0.96)),
    Condition("turned by 30 deg", turn_deg=30),
    Condition("turned by 45 deg", turn_deg=45),
    Condition("turned by 90 deg", turn_deg=90),
    Condition("turned by 180 deg", turn_deg=180),
    Condition("light x 0.15", gain=0.15),
    Condition("light x 0.05", gain=0.05),
    Condition("blur of 3 px", blur_px=3.0),
    Condition("JPEG quality 10", jpeg=10),
    Condition("mouth and nose covered", masked=True),
)


def largest_face(picture: Picture) -> int | None:
    """Row of the largest face with known landmarks, of at least MIN_FACE_PX."""
    boxes = picture.boxes
    size = np.sqrt((boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]).prod(axis=1))
    good = boxes.is_face & np.isfinite(boxes.landmark).all(axis=(1, 2)) & (size >= MIN_FACE_PX)
    return int(np.where(good, size, 0).argmax()) if good.any() else None


def placed(picture: Picture, row: int, condition: Condition) -> Sample:
    """The image under a condition; its only box is that of the face."""
    box = picture.boxes.xyxy[row]
    size = float(np.sqrt((box[2:] - box[:2]).prod()))
    matrix = affine(
        condition.face_px / size,
        condition.turn_deg,
        False,
        tuple((box[:2] + box[2:]) / 2),
        tuple(np.array(condition.at) * SIDE_PX),
    )
    one = Boxes(
        picture.boxes.xyxy[row : row + 1],
        picture.boxes.landmark[row : row + 1],
        picture.boxes.is_face[row : row + 1],
    )
    rgb = warped(picture, matrix, SIDE_PX, cv2.BORDER_REPLICATE)
    sample = Sample(rgb, moved(one, matrix))
    if condition.masked:
        seed = int(hashlib.sha256(picture.name.encode()).hexdigest()[:8], 16)
        sample = covered(sample, np.random.default_rng(seed), kind="mask")
    return Sample(_worse(sample.rgb, condition), sample.boxes)


def _worse(rgb: NDArray[np.uint8], condition: Condition) -> NDArray[np.uint8]:
    if condition.gain != 1:
        rgb = (rgb * condition.gain).astype(np.uint8)
    if condition.blur_px:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), condition.blur_px), np.uint8)
    if condition.jpeg is not None:
        raw = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, condition.jpeg])[1]
        rgb = np.asarray(cv2.imdecode(raw, cv2.IMREAD_COLOR), np.uint8)
    return rgb


def is_found(detector: SinglePassDetector, sample: Sample) -> bool:
    """Whether a detection overlaps the visible part of the face enough."""
    found = detector.detect_once(sample.rgb, MIN_SCORE)
    visible = np.clip(sample.boxes.xyxy, 0, SIDE_PX)
    inside = np.clip(found.xyxy, 0, SIDE_PX).astype(np.float32)
    return bool(len(found) and iou(inside, visible).max() >= MIN_IOU)


def faces_aside() -> list[tuple[Picture, int]]:
    """Images set aside with a face that is large enough, and its row."""
    _, aside = dataset.split()
    pictures = dataset.pictures([*aside["photograph"], *aside["small"]])
    pictures.sort(key=lambda picture: dataset.kind_of(picture.name))
    rows = [(picture, largest_face(picture)) for picture in pictures]
    return [(picture, row) for picture, row in rows if row is not None][:MAX_FACES]


def shares(
    detectors: dict[str, SinglePassDetector],
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Name of each condition, faces, and the share of them that each detector finds."""
    faces = faces_aside()
    for condition in CONDITIONS:
        samples = [placed(picture, row, condition) for picture, row in faces]
        found = {
            name: sum(is_found(detector, sample) for sample in samples) / len(samples)
            for name, detector in detectors.items()
        }
        progress(condition.name)
        yield condition.name, len(samples), found


def masked_recall(detectors: dict[str, SinglePassDetector], side: int) -> dict[str, float]:
    """Share of the faces drawn as wearing a mask, in photographs set aside, that are found."""
    from evolvisense.face.detect import resized

    _, aside = dataset.split()
    count, hits = 0, dict.fromkeys(detectors, 0)
    for picture in dataset.pictures(aside["photograph"]):
        rows = [row[:4] for row in raw_labels()[picture.name]["gt"] if row[4] == "with_mask"]
        if not rows:
            continue
        count += len(rows)
        small = resized(picture.rgb, side)
        drawn = np.array(rows, np.float32) * np.float32(small.shape[1] / picture.rgb.shape[1])
        for name, detector in detectors.items():
            overlap = iou(drawn, detector.detect_once(small, MIN_SCORE).xyxy)
            hits[name] += int((overlap.max(axis=1, initial=0) >= MIN_IOU).sum())
    return {name: value / count for name, value in hits.items()}
