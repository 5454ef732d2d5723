"""A stretch of what a person does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolvisense.types.arrays import Bools
from evolvisense.types.behaviour import Behaviour, Motion
from evolvisense.types.media import MediaExtent


def behaviour_excerpt(behaviour: Behaviour, stretch: MediaExtent) -> Behaviour | None:
    """The frames of the stretch, and the blinks that begin in it; None where there is no frame."""
    mine = stretch.holds(behaviour.pts_s)
    if not mine.any():
        return None
    rows = np.flatnonzero(mine).tolist()
    return replace(
        behaviour,
        index=behaviour.index[mine],
        pts_s=behaviour.pts_s[mine],
        probs=behaviour.probs[mine],
        uncertain=tuple(behaviour.uncertain[row] for row in rows),
        speaking=tuple(behaviour.speaking[row] for row in rows),
        motion=None if behaviour.motion is None else _motion(behaviour.motion, mine, stretch),
    )


def _motion(motion: Motion, mine: Bools, stretch: MediaExtent) -> Motion:
    starts_s = np.array([blink.start_s for blink in motion.blinks or ()], np.float64)
    begins = stretch.holds(starts_s).tolist()
    turning = motion.head_turning_deg_s
    return replace(
        motion,
        action=motion.action[mine],
        pose_deg=motion.pose_deg[mine],
        eye_openness=motion.eye_openness[mine],
        smile=motion.smile[mine],
        mouth_opening=motion.mouth_opening[mine],
        blinks=None
        if motion.blinks is None
        else tuple(b for b, inside in zip(motion.blinks, begins, strict=True) if inside),
        head_turning_deg_s=None if turning is None else turning[mine],
        au=None if motion.au is None else motion.au[mine],
    )
