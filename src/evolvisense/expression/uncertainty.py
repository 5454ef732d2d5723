"""When the expression of a face should not be read, and why.

Each limit is where the network is wrong as often as right on single labels of colour faces: see
"Poor crops" in the model card, written by `python -m training.face.card`.
"""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32
from evolvisense.types.behaviour import Uncertainty
from evolvisense.types.faces import FaceGeometry, FaceQuality

MIN_TOP_PROBABILITY = 0.45
MIN_SIZE_PX = 20.0
MIN_SHARPNESS = 6.5
"""On crops of 64 px: as blurred as 3.0 on the crops of 96 px of version 2.1."""
MIN_BRIGHTNESS = 0.05
MIN_PRESENCE = 0.9
"""Median presence is 1.00 for whole faces, .94 with the lower half hidden, .23 with two thirds."""
MAX_YAW_DEG = 30.0
MAX_PITCH_DEG = 30.0
"""By analogy with yaw: the training sets hold too few such faces to measure it."""


def uncertain(
    probs: F32, score: F32, quality: FaceQuality, geometry: FaceGeometry | None
) -> tuple[Uncertainty, ...]:
    """The first reason that applies to each of M faces; empty where none does."""
    reason = np.full(len(probs), "", dtype="U16")

    def mark(code: Uncertainty, applies: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        reason[(reason == "") & applies] = code

    mark("small", quality.size_px < MIN_SIZE_PX)
    mark("dark", quality.brightness < MIN_BRIGHTNESS)
    mark("blurred", quality.sharpness < MIN_SHARPNESS)
    if geometry is not None:
        mark("covered", score < MIN_PRESENCE)
        for hidden in (geometry.eyes_covered, geometry.mouth_covered):
            if hidden is not None:
                mark("covered", hidden)
        pitch, yaw = np.abs(geometry.pose_deg[:, 0]), np.abs(geometry.pose_deg[:, 1])
        mark("turned", (yaw > MAX_YAW_DEG) | (pitch > MAX_PITCH_DEG))
    mark("flat", probs.max(axis=1, initial=0.0) < MIN_TOP_PROBABILITY)
    return tuple(reason.tolist())
