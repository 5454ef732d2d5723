"""Detector `evolvisense`: a single-shot network of our own, inside the package on every platform.

The network gives 15 numbers for each cell of three grids: a score, a box, and five landmarks.

    image (H, W)  -> padded on the right and below to multiples of 32
                  -> cells of 8 x 8, 16 x 16 and 32 x 32 px, row by row, smallest first
    cell (x, y, s): box centre = (x, y) + s * offset, box side = s * exp(log side),
                    landmark   = (x, y) + s * offset

Cells above the score threshold are decoded; of boxes that overlap the best one is kept.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from evolvisense.face.detect import detect_small_first
from evolvisense.models.registry import spec
from evolvisense.models.sessions import OnnxSession
from evolvisense.types.arrays import F32, U8
from evolvisense.types.engines import Effort, ModelIdentity
from evolvisense.types.face import FaceDetections

MIN_SCORE = 0.6
"""Scores are calibrated when the network is exported: a detection with this score is a face in six
of ten cases on photographs that were set aside (models/specs/detector.md)."""
MIN_SIDE_PX = 9.5
"""Faces with a shorter side in the scaled frame are left to the next larger size: dots and letters
look like faces of eight pixels."""
NMS_IOU = 0.4
"""Of two boxes that overlap more the one with the lower score is dropped."""
STRIDES = (8, 16, 32)
MULTIPLE = STRIDES[-1]
PADDING = 114
"""Grey level beyond the image, as in training."""
MAX_LOG_SIZE = 3.0
"""Limit of the log of a box's side over its stride, as in training."""
MAX_CANDIDATES = 400
"""Cells that are decoded at most, best score first."""


class SingleShotDetector:
    """Face boxes and five landmarks by the network of the spec `detector`.

    Example:
        >>> import numpy as np
        >>> len(SingleShotDetector().detect(np.full((120, 160, 3), 90, np.uint8)))
        0
    """

    def __init__(self, session: OnnxSession | None = None) -> None:
        """Args: session: another network of the same contract; by default that of the package."""
        self.model: ModelIdentity = spec("detector").identity
        self._session = session or OnnxSession.of(spec("detector"))

    def detect(self, rgb: U8, effort: Effort = "full") -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) with score >= MIN_SCORE, best first."""
        return detect_small_first(rgb, self._detect_large_enough, effort)

    def _detect_large_enough(self, rgb: U8) -> FaceDetections:
        found = self.detect_once(rgb)
        sides = (found.xyxy[:, 2:] - found.xyxy[:, :2]).min(axis=1, initial=np.inf)
        kept = sides >= MIN_SIDE_PX
        return FaceDetections(found.xyxy[kept], found.score[kept])

    def detect_once(self, rgb: U8, min_score: float = MIN_SCORE) -> FaceDetections:
        """Faces in rgb uint8 (H, W, 3) at the size it has: one pass of the network, best first."""
        return self.detect_with_landmarks(rgb, min_score)[0]

    def detect_with_landmarks(
        self, rgb: U8, min_score: float = MIN_SCORE
    ) -> tuple[FaceDetections, F32]:
        """One pass of the network at the size of the image.

        Args:
            rgb: uint8 (H, W, 3).
            min_score: detections with a lower score are left out.

        Returns:
            The faces, best score first, and their landmarks float32 (F, 5, 2) in pixels: the eye
            on the left of an upright face, the other eye, the nose, the corner of the mouth on the
            left, the other corner.
        """
        height, width = rgb.shape[:2]
        padded_hw = tuple(-(-side // MULTIPLE) * MULTIPLE for side in (height, width))
        padded = np.full((1, 3, *padded_hw), PADDING, np.float32)
        padded[0, :, :height, :width] = rgb.transpose(2, 0, 1)
        (values,) = self._session.run({"rgb": padded})
        xyxy, points, score = decode(values[0], _grid(padded_hw[0], padded_hw[1]), min_score)
        kept = suppress(xyxy, score, NMS_IOU)
        return FaceDetections(xyxy[kept], score[kept]), points[kept]


def decode(values: F32, grid: F32, min_score: float) -> tuple[F32, F32, F32]:
    """Boxes, landmarks and scores of the cells with at least `min_score`, best first.

    Args:
        values: float32 (cells, 15): score 0-1, box centre offset and log side, landmarks.
        grid: float32 (cells, 3): centre x, y and stride of each cell in pixels.
        min_score: 0-1.

    Returns:
        xyxy float32 (C, 4), landmarks float32 (C, 5, 2), scores float32 (C,), in pixels.
    """
    rows = np.flatnonzero(values[:, 0] >= min_score)
    rows = rows[np.argsort(-values[rows, 0], kind="stable")][:MAX_CANDIDATES]
    chosen, xy, stride = values[rows], grid[rows, :2], grid[rows, 2:]
    center = xy + chosen[:, 1:3] * stride
    half = stride * np.exp(np.clip(chosen[:, 3:5], -MAX_LOG_SIZE, MAX_LOG_SIZE)) / 2
    points = chosen[:, 5:].reshape(-1, 5, 2) * stride[:, None] + xy[:, None]
    xyxy = np.hstack([center - half, center + half]).astype(np.float32)
    return xyxy, points.astype(np.float32), chosen[:, 0]


def suppress(xyxy: F32, score: F32, max_iou: float) -> list[int]:
    """Non-maximum suppression.

    Args:
        xyxy: float32 (C, 4), sorted by score, best first.
        score: float32 (C,).
        max_iou: boxes that overlap a better one by more are dropped.

    Returns:
        Rows that are kept, best first.
    """
    area = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    is_left = np.ones(len(score), np.bool_)
    kept: list[int] = []
    for row in range(len(score)):
        if not is_left[row]:
            continue
        kept.append(row)
        low = np.maximum(xyxy[row, :2], xyxy[row + 1 :, :2])
        high = np.minimum(xyxy[row, 2:], xyxy[row + 1 :, 2:])
        both = np.maximum(high - low, 0).prod(axis=1)
        iou = both / np.maximum(area[row] + area[row + 1 :] - both, 1e-6)
        is_left[row + 1 :] &= iou <= max_iou
    return kept


@lru_cache(maxsize=16)
def _grid(height: int, width: int) -> F32:
    """Cells float32 (cells, 3) of an image of this padded size: centre x, centre y, stride."""
    parts: list[F32] = []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        xy = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride
        parts.append(np.column_stack([xy, np.full(len(xy), stride)]).astype(np.float32))
    return np.concatenate(parts)
