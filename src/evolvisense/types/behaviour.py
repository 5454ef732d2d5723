"""What a person visibly does over time, read from the faces of the frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evolvisense.types.arrays import F32, F64, I64

Uncertainty = Literal["", "flat", "small", "blurred", "dark", "turned", "covered"]
UNCERTAINTIES: tuple[Uncertainty, ...] = get_args(Uncertainty)
"""Why the expression of a frame should not be read; empty where it may."""

Speaking = Literal["yes", "no", "unknown"]

MAX_FRAME_S = 0.2
"""A frame stands for at most this long a time: gaps in which a face was away are not watched."""

SMILE = 0.4
"""A smile blendshape of this much is a smile that people see (ours)."""

AbsentReason = Literal[
    "engine_reads_no_actions",
    "sampled_too_slowly",
    "face_too_small",
    "still_image",
    "eyes_covered",
    "mouth_covered",
    "no_voice",
]


@dataclass(frozen=True)
class Blink:
    """One blink, from half closed to half open again."""

    start_s: float
    end_s: float
    depth: float
    """How far the lids closed, 0-1."""


@dataclass(frozen=True)
class Motion:
    """Actions, pose and what follows from them over the K frames of one person."""

    action: F32
    """(K, 52), 0-1."""
    pose_deg: F32
    """(K, 3) pitch, yaw, roll."""
    eye_openness: F32
    """(K,), 0 closed to 1 open: 1 - mean of both eyes' blink action."""
    smile: F32
    """(K,), 0-1: mean of both sides' smile action."""
    mouth_opening: F32
    """(K,): gap between the inner lips over the distance between the eyes."""
    blinks: tuple[Blink, ...] | None
    """None where frames are too far apart, or the face too small, to see one."""
    blinks_absent_reason: AbsentReason | None
    head_turning_deg_s: F32 | None
    """(K,) speed of the head's turning since the frame before, NaN after a gap; None where
    `head_absent_reason` says why."""
    head_absent_reason: AbsentReason | None = None
    smile_absent_reason: AbsentReason | None = None
    """Why `smile` and `mouth_opening` say nothing about this person."""
    au: F32 | None = None
    """(K, A), FACS intensity 0-5; None where the network reads no action units."""

    @property
    def head_speed_deg_s(self) -> float | None:
        """Median of the turning; None where it cannot be seen."""
        turning = self.head_turning_deg_s
        if turning is None or not np.isfinite(turning).any():
            return None
        return float(np.nanmedian(turning))


@dataclass(frozen=True)
class Behaviour:
    """The K frames of one person; probabilities and motion are smoothed unless raw was wanted."""

    index: I64
    """(K,) rows of FaceObservations."""
    pts_s: F64
    probs: F32
    """(K, 7), rows sum to 1."""
    uncertain: tuple[Uncertainty, ...]
    """K reasons."""
    speaking: tuple[Speaking, ...]
    """K answers."""
    speaking_unknown_reason: AbsentReason | None
    """Why some or all of `speaking` is unknown."""
    motion: Motion | None
    """None where the engine reads expressions only."""

    @property
    def frame_s(self) -> F64:
        """(K,) seconds that each frame stands for: up to the next one, MAX_FRAME_S at most."""
        gaps = np.clip(np.diff(self.pts_s), 0, MAX_FRAME_S)
        return np.append(gaps, 0.0) if len(self.pts_s) else gaps

    @property
    def seen_s(self) -> float:
        """Seconds in which the person was seen."""
        return float(self.frame_s.sum())
