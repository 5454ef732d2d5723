"""The frames of each person become behaviour over time; an excerpt of it for a time window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evolvisense.face.blinks import find_blinks
from evolvisense.face.frame_times import frame_rate, gaps_s
from evolvisense.face.smoothing import DEGREES, OneEuro, one_euro
from evolvisense.face.speaking import averaged_over_speech, flat_again, talking_frames, who_speaks
from evolvisense.face.uncertainty import is_still, uncertain
from evolvisense.thresholds import DEFAULT_THRESHOLDS, Thresholds
from evolvisense.types.arrays import F32, F64, I64, Bools
from evolvisense.types.behaviour import AbsentReason, Behaviour, Motion, Speaking, Uncertainty
from evolvisense.types.face import FaceGeometry, FaceLayout, FaceObservations, FrameLog, Person
from evolvisense.types.media import MediaExtent
from evolvisense.types.voice import SpeechSegment

MIN_EYE_DISTANCE_PX = 16.0
"""Of smaller faces the crop is enlarged more than twice: movements of the lids and
turns of the head cannot be told from noise (ours)."""
MAX_INTENSITY = 5.0
"""FACS intensity E."""
MIN_COVERED_SHARE = 0.5
"""Of a person's frames: what is seen in the others is too little for the recording (ours)."""
MIN_HEAD_RATE_HZ = 8.0
"""At fewer frames a second a head may turn and return unseen."""


def describe_people(
    people: Sequence[Person],
    frames: FrameLog,
    faces: FaceObservations,
    layout: FaceLayout | None,
    segments: Sequence[SpeechSegment] | None,
    *,
    smooth: bool,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> list[Behaviour]:
    """What each person does.

    Args:
        people: The persons of the recording.
        frames: Its analysed frames.
        faces: Every face of every frame.
        layout: Of the face network; None where the engine reads expressions only.
        segments: Speech; None without a voice track.
        smooth: Whether timelines are smoothed with the 1-euro filter.
        thresholds: Of blinks, uncertainty and smoothing.

    Returns:
        One for each of `people`.
    """
    fractions = OneEuro.of_fractions(thresholds.smoothing)
    indices = [np.flatnonzero(np.isin(faces.track_id, p.track_ids)) for p in people]
    times = [frames.pts_s[faces.row[index]] for index in indices]
    speaking = who_speaks(
        times,
        [None if faces.geometry is None else _f32(faces.geometry.mouth_gap[i]) for i in indices],
        segments,
    )
    reasons = uncertain(
        faces.probs, faces.score, faces.quality, faces.geometry, thresholds.uncertainty
    )
    behaviours: list[Behaviour] = []
    for index, pts_s, (heard, why) in zip(indices, times, speaking, strict=True):
        probs = faces.probs[index]
        mine: tuple[Uncertainty, ...] = tuple(reasons[i] for i in index)
        motion = _motion(faces.geometry, layout, index, pts_s, thresholds, smooth=smooth)
        answers, unknown = _with_mouth_seen(heard, why, motion)
        if smooth and faces.geometry is not None:
            opening = _f32(faces.geometry.mouth_gap[index])
            readable = np.array([reason == "" for reason in mine], np.bool_)
            talking = talking_frames(pts_s, opening, answers)
            probs = averaged_over_speech(pts_s, probs, talking, readable)
            mine = flat_again(mine, probs, talking, thresholds.uncertainty.min_top_probability)
        behaviours.append(
            Behaviour(
                index=index,
                pts_s=pts_s,
                probs=one_euro(pts_s, probs, fractions, together=True) if smooth else probs,
                uncertain=mine,
                speaking=answers,
                speaking_unknown_reason=unknown,
                motion=motion,
            )
        )
    return behaviours


def _with_mouth_seen(
    answers: tuple[Speaking, ...], unknown: AbsentReason | None, motion: Motion | None
) -> tuple[tuple[Speaking, ...], AbsentReason | None]:
    """The answers of `who_speaks`; all unknown where the mouth cannot be seen."""
    if unknown is not None or motion is None or motion.smile_absent_reason is None:
        return answers, unknown
    hidden: tuple[Speaking, ...] = ("unknown",) * len(answers)
    return hidden, motion.smile_absent_reason


def _motion(
    geometry: FaceGeometry | None,
    layout: FaceLayout | None,
    index: I64,
    pts_s: F64,
    thresholds: Thresholds,
    *,
    smooth: bool,
) -> Motion | None:
    if geometry is None or layout is None:
        return None
    action, pose = _f32(geometry.action[index]), geometry.pose_deg[index]
    gap = _f32(geometry.mouth_gap[index])
    au = None if geometry.au is None else _f32(geometry.au[index])
    # Blinks are shorter than any smoothing: they are looked for in the raw signal.
    closure = both_sides(action, layout, "eyeBlink")
    blinks = find_blinks(pts_s, closure, thresholds.blinks)
    fractions = OneEuro.of_fractions(thresholds.smoothing)
    degrees = OneEuro.of_degrees(thresholds.smoothing)
    turning = head_turning_deg_s(pts_s, pose, degrees)
    is_small = bool(np.median(geometry.eye_distance_px[index]) < MIN_EYE_DISTANCE_PX)
    small: AbsentReason | None = "face_too_small" if is_small else None
    still: AbsentReason | None = "still_image" if is_still(pts_s, pose, closure, gap) else None
    slow: AbsentReason = "sampled_too_slowly"
    no_blinks = small or (slow if blinks is None else still)
    no_blinks = no_blinks or mostly(geometry.eyes_covered, index, "eyes_covered")
    no_head = small or (slow if turning is None else still)
    no_smile = still or mostly(geometry.mouth_covered, index, "mouth_covered")
    if smooth:
        action = one_euro(pts_s, action, fractions, together=False)
        pose = one_euro(pts_s, pose, degrees, together=False)
        gap = one_euro(pts_s, gap[:, None], fractions, together=False)[:, 0]
        if au is not None:
            au = MAX_INTENSITY * one_euro(pts_s, au / MAX_INTENSITY, fractions, together=False)
    return Motion(
        action=action,
        pose_deg=pose,
        eye_openness=1 - both_sides(action, layout, "eyeBlink"),
        smile=both_sides(action, layout, "mouthSmile"),
        mouth_opening=gap,
        blinks=None if no_blinks else blinks,
        blinks_absent_reason=no_blinks,
        head_turning_deg_s=None if no_head else turning,
        head_absent_reason=no_head,
        smile_absent_reason=no_smile,
        au=au,
    )


def mostly(hidden: Bools | None, index: I64, reason: AbsentReason) -> AbsentReason | None:
    """The reason where at least MIN_COVERED_SHARE of the person's frames hide the organ."""
    if hidden is None or not len(index):
        return None
    return reason if hidden[index].mean() >= MIN_COVERED_SHARE else None


def both_sides(action: F32, layout: FaceLayout, name: str) -> F32:
    """Mean (K,) of the left and the right action of that name."""
    return action[:, [layout.action(f"{name}{side}") for side in ("Left", "Right")]].mean(axis=1)


def head_turning_deg_s(pts_s: F64, pose_deg: F32, filter_: OneEuro = DEGREES) -> F32 | None:
    """Speed (K,) of pitch, yaw and roll together since the frame before, NaN after a gap.

    None below MIN_HEAD_RATE_HZ. Measured on the smoothed pose, for the noise of single frames
    would be speed too.
    """
    if frame_rate(pts_s) < MIN_HEAD_RATE_HZ:
        return None
    steady = one_euro(pts_s, pose_deg, filter_, together=False)
    dt = gaps_s(pts_s)
    moved = np.linalg.norm(np.diff(steady, axis=0), axis=1)
    turning = np.where(dt <= filter_.restart_gap_s, moved / dt, np.nan)
    return np.concatenate([[np.nan], turning]).astype(np.float32)


def _f32(values: np.ndarray[tuple[int, ...], np.dtype[np.float16]]) -> F32:
    return values.astype(np.float32)


def behaviour_excerpt(behaviour: Behaviour, window: MediaExtent) -> Behaviour | None:
    """The frames in the window, and the blinks that begin in it; None where there is no frame."""
    mine = window.holds(behaviour.pts_s)
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
        motion=None if behaviour.motion is None else _motion_in(behaviour.motion, mine, window),
    )


def _motion_in(motion: Motion, mine: Bools, window: MediaExtent) -> Motion:
    starts_s = np.array([blink.start_s for blink in motion.blinks or ()], np.float64)
    begins = window.holds(starts_s).tolist()
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
