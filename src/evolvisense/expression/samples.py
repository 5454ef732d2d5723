"""Features of the face for the indicators, whole and for resamples of blocks of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from evolvisense.expression.times import frame_rate
from evolvisense.types.arrays import F32, F64, I64, Bools
from evolvisense.types.behaviour import AbsentReason, Behaviour, Motion
from evolvisense.types.faces import FaceObservations, FrameLog
from evolvisense.types.indicators import (
    FACE_FEATURES,
    Blocks,
    FaceEvidence,
    Feature,
    Measured,
    MissingReason,
)

SMILE = 0.4
"""A smile action of this much is a smile that people see (ours)."""
HALF_BLINK = 0.5
"""Added to the count, so that nobody's rate is zero, whose logarithm is not a number."""
SLOWEST_DEG_S = 0.1
"""A head on a stand still has a logarithm."""

WHY: Mapping[AbsentReason, MissingReason] = {
    "engine_reads_no_actions": "engine_reads_no_actions",
    "sampled_too_slowly": "too_few_frames_per_second",
    "face_too_small": "face_too_small",
    "still_image": "still_image",
    "eyes_covered": "eyes_covered",
    "mouth_covered": "mouth_covered",
    "no_voice": "no_voice",
}
"""Why an organ could not be observed -> why its feature does not count."""

Samples = tuple[Mapping[Feature, Measured], Mapping[Feature, MissingReason]]


def face_samples(behaviour: Behaviour | None, blocks: Blocks) -> Samples:
    """What can be measured of the main person's face, and why the rest cannot."""
    if behaviour is None:
        return {}, dict.fromkeys(FACE_FEATURES, "no_face")
    motion = behaviour.motion
    if motion is None:
        return {}, dict.fromkeys(FACE_FEATURES, "engine_reads_no_actions")
    found: dict[Feature, Measured | MissingReason] = {
        "smile_share_silent": _smile_share(behaviour, motion, blocks),
        "blinks_log_per_min": _blinks(behaviour, motion, blocks),
        "head_speed_log_deg_s": _head_speed(behaviour, motion, blocks),
    }
    return (
        {name: value for name, value in found.items() if isinstance(value, Measured)},
        {name: value for name, value in found.items() if not isinstance(value, Measured)},
    )


def face_evidence(
    behaviour: Behaviour | None, frames: FrameLog, faces: FaceObservations
) -> FaceEvidence | None:
    """What gates ask of the main person's face; None where nobody was found."""
    if behaviour is None or not len(behaviour.index):
        return None
    geometry = faces.geometry
    mine = behaviour.index
    return FaceEvidence(
        frames=len(mine),
        share_of_frames=len(mine) / len(frames.number),
        eye_distance_px=None if geometry is None else _median(geometry.eye_distance_px[mine]),
        yaw_deg=None if geometry is None else _median(np.abs(geometry.pose_deg[mine, 1])),
        rate_hz=frame_rate(frames.pts_s),
        seen_s=behaviour.seen_s,
    )


def _median(values: F32) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _smile_share(behaviour: Behaviour, motion: Motion, blocks: Blocks) -> Measured | MissingReason:
    """Share of the readable frames in which the person is silent that show a smile."""
    if behaviour.speaking_unknown_reason == "no_voice":
        return "no_voice"
    if behaviour.speaking_unknown_reason == "sampled_too_slowly":
        return "too_few_frames_per_second"
    if motion.smile_absent_reason is not None:
        return WHY[motion.smile_absent_reason]
    readable = np.array([reason in ("", "flat") for reason in behaviour.uncertain])
    silent = readable & np.array([answer == "no" for answer in behaviour.speaking])
    if not silent.any():
        return "never_silent"
    block = blocks.of(behaviour.pts_s)
    silences = _per_block(block, silent, blocks)
    smiles = _per_block(block, silent & (motion.smile >= SMILE), blocks)

    def share(draws: I64) -> F64:
        total = silences[draws].sum(axis=-1)
        return np.where(total > 0, smiles[draws].sum(axis=-1) / np.maximum(total, 1), np.nan)

    return _measured(share, blocks, float(behaviour.frame_s[silent].sum()))


def _blinks(behaviour: Behaviour, motion: Motion, blocks: Blocks) -> Measured | MissingReason:
    """Logarithm of blinks per minute in which the eyes were seen."""
    if motion.blinks is None:
        return WHY[motion.blinks_absent_reason or "sampled_too_slowly"]
    seen_s = _per_block(blocks.of(behaviour.pts_s), behaviour.frame_s, blocks)
    if not seen_s.sum():
        return "too_few_face_frames"
    starts_s = np.array([blink.start_s for blink in motion.blinks], np.float64)
    blinks = _per_block(blocks.of(starts_s), np.ones(len(starts_s)), blocks)

    def log_rate(draws: I64) -> F64:
        minutes = seen_s[draws].sum(axis=-1) / 60
        count = blinks[draws].sum(axis=-1) + HALF_BLINK
        return np.where(minutes > 0, np.log(count / np.maximum(minutes, 1e-9)), np.nan)

    return _measured(log_rate, blocks, float(seen_s.sum()))


def _head_speed(behaviour: Behaviour, motion: Motion, blocks: Blocks) -> Measured | MissingReason:
    """Logarithm of the median speed of the head's turning."""
    turning = motion.head_turning_deg_s
    if turning is None:
        return WHY[motion.head_absent_reason or "sampled_too_slowly"]
    known = np.isfinite(turning)
    if not known.any():
        return "too_few_face_frames"
    block = blocks.of(behaviour.pts_s)
    parts: list[F32] = [turning[known & (block == b)] for b in range(len(blocks))]

    def log_speed(draws: I64) -> F64:
        rows: list[list[int]] = draws.tolist()
        median = [_median(np.concatenate([parts[b] for b in row])) for row in rows]
        return np.log(np.maximum(median, SLOWEST_DEG_S))

    return _measured(log_speed, blocks, float(behaviour.frame_s[known].sum()))


def _per_block(block: I64, values: Bools | F64, blocks: Blocks) -> F64:
    """Sum (B,) of values (K,) by the block of each."""
    sums = np.bincount(block, values.astype(np.float64), len(blocks))
    return sums.astype(np.float64)


def _measured(statistic: Callable[[I64], F64], blocks: Blocks, stands_on_s: float) -> Measured:
    """`statistic` gets numbers of blocks (R, B) and returns (R,) values."""
    whole = np.arange(len(blocks))[None]
    return Measured(float(statistic(whole)[0]), statistic(blocks.draws), stands_on_s)
