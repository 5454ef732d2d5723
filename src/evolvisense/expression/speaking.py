"""Who speaks: the voice says when, the mouths say who."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolvisense.expression.times import around, frame_rate
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.behaviour import AbsentReason, Speaking
from evolvisense.types.media import TICK_S
from evolvisense.types.voice import SpeechSegment

MIN_RATE_HZ = 8.0
"""Mouths open and close 2-7 times a second in speech (Chandrasekaran et al. 2009): at fewer frames
a second their motion cannot be seen."""
WINDOW_S = 0.6
MIN_MOUTH_MOTION = 0.012
"""Standard deviation of the mouth's opening over WINDOW_S, in distances between the eyes. Ours, not
measured against labels: there are none."""


def mouth_motion(pts_s: F64, mouth_opening: F32) -> F32:
    """Standard deviation of the opening (K,) over WINDOW_S around each frame."""
    windows = zip(*around(pts_s, WINDOW_S), strict=True)
    return np.array([mouth_opening[first:last].std() for first, last in windows], np.float32)


def voiced_frames(pts_s: F64, segments: Sequence[SpeechSegment]) -> Bools:
    """Whether each time (K,) lies in a stretch of speech."""
    inside = np.zeros(len(pts_s), np.bool_)
    for segment in segments:
        inside |= (pts_s >= segment.start_s - TICK_S) & (pts_s < segment.end_s - TICK_S)
    return inside


def who_speaks(
    pts_s: Sequence[F64],
    mouth_opening: Sequence[F32 | None],
    segments: Sequence[SpeechSegment] | None,
) -> list[tuple[tuple[Speaking, ...], AbsentReason | None]]:
    """For each person the answer at each of their times, and why some are unknown.

    While there is a voice, of the people whose mouth moves the one whose mouth moves most speaks.
    A voice without a moving mouth belongs to nobody in the picture. `segments` is None without a
    voice track.
    """
    if segments is None:
        nothing: tuple[Speaking, ...] = ("unknown",)
        return [(nothing * len(times), "no_voice") for times in pts_s]
    motions = [
        mouth_motion(times, opening)
        if opening is not None and frame_rate(times) >= MIN_RATE_HZ
        else None
        for times, opening in zip(pts_s, mouth_opening, strict=True)
    ]
    most: dict[float, float] = {}
    for times, motion in zip(pts_s, motions, strict=True):
        if motion is not None:
            for time, amount in zip(times.tolist(), motion.tolist(), strict=True):
                most[time] = max(most.get(time, 0.0), amount)
    answers: list[tuple[tuple[Speaking, ...], AbsentReason | None]] = []
    for times, opening, motion in zip(pts_s, mouth_opening, motions, strict=True):
        voiced = voiced_frames(times, segments)
        if motion is None:
            reason: AbsentReason = (
                "engine_reads_no_actions" if opening is None else "sampled_too_slowly"
            )
            answers.append((tuple("unknown" if v else "no" for v in voiced), reason))
            continue
        mine = [
            v and m >= MIN_MOUTH_MOTION and m >= most[t]
            for v, m, t in zip(voiced, motion.tolist(), times.tolist(), strict=True)
        ]
        answers.append((tuple("yes" if yes else "no" for yes in mine), None))
    return answers
