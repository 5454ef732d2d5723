"""Faces whose expression is uncertain, with the reason; still images.

The limits are `UncertaintyOptions`. In a photograph or with a frozen camera time passes and nothing
in the face moves.
"""

from __future__ import annotations

import numpy as np

from evolvisense.thresholds import UncertaintyOptions
from evolvisense.types.arrays import F32, F64
from evolvisense.types.behaviour import Uncertainty
from evolvisense.types.face import FaceGeometry, FaceQuality

DEFAULT_UNCERTAINTY = UncertaintyOptions()


def uncertain(
    probs: F32,
    score: F32,
    quality: FaceQuality,
    geometry: FaceGeometry | None,
    options: UncertaintyOptions = DEFAULT_UNCERTAINTY,
) -> tuple[Uncertainty, ...]:
    """Reasons why the expressions of M faces are uncertain.

    Args:
        probs: (M, 7), rows sum to 1.
        score: (M,) presence, or the detector's score.
        quality: Size, sharpness and brightness of the M faces.
        geometry: Head pose and occlusion; None where the engine reads expressions only.
        options: The limits.

    Returns:
        For each face the first reason that applies; "" where none does.
    """
    reason = np.full(len(probs), "", dtype="U16")

    def mark(code: Uncertainty, applies: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        reason[(reason == "") & applies] = code

    mark("small", quality.size_px < options.min_size_px)
    mark("dark", quality.brightness < options.min_brightness)
    mark("blurred", quality.sharpness < options.min_sharpness)
    if geometry is not None:
        mark("covered", score < options.min_presence)
        for hidden in (geometry.eyes_covered, geometry.mouth_covered):
            if hidden is not None:
                mark("covered", hidden)
        pitch, yaw = np.abs(geometry.pose_deg[:, 0]), np.abs(geometry.pose_deg[:, 1])
        mark("turned", (yaw > options.max_yaw_deg) | (pitch > options.max_pitch_deg))
    mark("flat", probs.max(axis=1, initial=0.0) < options.min_top_probability)
    return tuple(reason.tolist())


TOLERANCE = np.array([1.0, 1.0, 1.0, 0.03, 0.02], np.float32)
"""Of pitch, yaw and roll in degrees, closure of the lids, opening of the mouth. A photograph stays
within it for 3-6 s (H.264, MPEG-4, VP8 at low rates); the longest such time of the data folder's
people is 0.5 s."""
MIN_STILL_S = 2.0
MIN_STILL_SHARE = 0.5
"""Of the time from the first to the last frame."""


def is_still(pts_s: F64, pose_deg: F32, closure: F32, mouth_gap: F32) -> bool:
    """Whether the face stays within TOLERANCE for most of the time.

    Args:
        pts_s: (K,) times of the frames.
        pose_deg: (K, 3) pitch, yaw, roll, not smoothed.
        closure: (K,) of the lids, 0-1.
        mouth_gap: (K,) in distances between the eyes.
    """
    longest_s = longest_still_s(pts_s, np.column_stack([pose_deg, closure, mouth_gap]))
    if longest_s < MIN_STILL_S:
        return False
    return longest_s >= MIN_STILL_SHARE * float(pts_s[-1] - pts_s[0])


def longest_still_s(pts_s: F64, signals: F32) -> float:
    """Seconds of the longest time in which signals (K, 5) stay within TOLERANCE."""
    longest_s, first = 0.0, 0
    if not len(signals):
        return 0.0
    low = high = signals[0]
    for frame, values in enumerate(signals):
        wider_low, wider_high = np.minimum(low, values), np.maximum(high, values)
        if (wider_high - wider_low > TOLERANCE).any():
            first, low, high = frame, values, values
        else:
            low, high = wider_low, wider_high
            longest_s = max(longest_s, float(pts_s[frame] - pts_s[first]))
    return longest_s
