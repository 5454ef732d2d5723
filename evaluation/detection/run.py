"""One detector on one folder of images with drawn boxes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.detection.boxes import LabelledFolder, LabelledImage, read_folder
from evaluation.detection.figures import (
    AT_SCORE,
    average_precision,
    joined,
    precision_at,
    recall_at,
)
from evaluation.pictures import UnreadableError, decode
from evolvisense.face.detect import resized
from evolvisense.models.engines import create_engine
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import FaceDetector, ModelIdentity, SinglePassDetector
from evolvisense.types.face import FaceDetections

MIN_SCORE = 0.005
"""Average precision ranks detections with lower scores than the product uses."""

Progress = Callable[[Sequence[LabelledImage]], Iterable[LabelledImage]]


@dataclass(frozen=True)
class DetectorResult:
    """Figures of one detector; None where there is nothing to measure it on."""

    model: ModelIdentity
    labels: LabelledFolder
    n: int
    """Images that were read."""
    drawn: int
    ap: float | None
    recall: float | None
    precision: float | None
    images_without_faces: int
    false_boxes: int
    """Detections with a score of at least AT_SCORE in them."""
    ms: float
    """Median time of an image, in the calling thread, decoding and resizing left out."""
    unreadable: dict[str, str]


def evaluate(
    folder: Path, boxes: Path, engine: str, long_side_px: int | None, progress: Progress
) -> DetectorResult:
    """Compare detections with drawn boxes.

    Args:
        folder: of images.
        boxes: JSON file, see `read_folder`.
        engine: name of a detector engine.
        long_side_px: every image is resized so that its longer side has this length, and the
            detector makes one pass at this size. None: the detector chooses its sizes itself, as in
            the product, and detections below its own threshold do not take part.
        progress: passes the images on and may show how far they are.

    Raises:
        EvaluationError: the folder or the boxes cannot be used.
        EvolviSenseError: there is no such engine, or it cannot run here.
    """
    labels = read_folder(folder, boxes)
    detector: FaceDetector = create_engine("detector", engine)
    return measure(detector, labels, long_side_px, progress)


def measure(
    detector: FaceDetector, labels: LabelledFolder, long_side_px: int | None, progress: Progress
) -> DetectorResult:
    """As `evaluate`, of a detector that is there already."""
    answers: list[tuple[FaceDetections, F32]] = []
    unreadable: dict[str, str] = {}
    times_s: list[float] = []
    for image in progress(labels.images):
        try:
            rgb = decode(image.path.read_bytes())
        except (OSError, UnreadableError) as error:
            unreadable[image.name] = str(error)
            continue
        found, took_s = _detected(detector, rgb, long_side_px)
        times_s.append(took_s)
        answers.append((found, image.xyxy))
    matched = joined(answers)
    empty = [found for found, drawn in answers if not len(drawn)]
    return DetectorResult(
        model=detector.model,
        labels=labels,
        n=len(answers),
        drawn=matched.drawn,
        ap=average_precision(matched),
        recall=recall_at(matched),
        precision=precision_at(matched),
        images_without_faces=len(empty),
        false_boxes=sum(int((found.score >= AT_SCORE).sum()) for found in empty),
        ms=1e3 * float(np.median(times_s)) if times_s else 0.0,
        unreadable=unreadable,
    )


def _detected(
    detector: FaceDetector, rgb: U8, long_side_px: int | None
) -> tuple[FaceDetections, float]:
    """Detections in pixels of `rgb` and how long they took in seconds."""
    if long_side_px is None:
        start = time.perf_counter()
        found = detector.detect(rgb)
        return found, time.perf_counter() - start
    small = resized(rgb, long_side_px)
    start = time.perf_counter()
    if isinstance(detector, SinglePassDetector):
        found = detector.detect_once(small, MIN_SCORE)
    else:
        found = detector.detect(small)
    took_s = time.perf_counter() - start
    scale = np.array([rgb.shape[1] / small.shape[1], rgb.shape[0] / small.shape[0]] * 2, np.float32)
    order = np.argsort(-found.score, kind="stable")
    return FaceDetections(found.xyxy[order] * scale, found.score[order]), took_s
