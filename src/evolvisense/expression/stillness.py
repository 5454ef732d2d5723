"""A photograph or a frozen camera: time passes and nothing in the face moves."""

from __future__ import annotations

import numpy as np

from evolvisense.types.arrays import F32, F64

TOLERANCE = np.array([1.0, 1.0, 1.0, 0.03, 0.02], np.float32)
"""Of pitch, yaw and roll in degrees, closure of the lids, opening of the mouth. A photograph stays
within it for 3-6 s (H.264, MPEG-4, VP8 at low rates); the longest such stretch of the data folder's
people is .5 s."""
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
    """Seconds of the longest stretch in which signals (K, 5) stay within TOLERANCE."""
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
