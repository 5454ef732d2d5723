"""Who speaks (the voice says when, the mouths say who), and expressions of people who talk.

A mouth that forms sounds looks like surprise, happiness or disgust in single frames. The shapes
change several times a second while an expression stays, so the log probabilities of the readable
frames around a frame are averaged while the mouth moves in speech. A label that only some of the
frames support loses: the average of log probabilities is a product of experts (Hinton 2002,
doi:10.1162/089976602760128018).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evolvisense.face.frame_times import around, frame_rate
from evolvisense.types.arrays import F32, F64, Bools
from evolvisense.types.behaviour import AbsentReason, Speaking, Uncertainty
from evolvisense.types.media import TICK_S
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import SpeechSegment

MIN_RATE_HZ = 8.0
"""Mouths open and close 2-7 times a second in speech (Chandrasekaran et al. 2009): at fewer frames
a second their motion cannot be seen."""
WINDOW_S = 0.6
MIN_MOUTH_MOTION = 0.012
"""Standard deviation of the mouth's opening over WINDOW_S, in distances between the eyes. Ours, not
measured against labels: no data set has them."""


def mouth_motion(pts_s: F64, mouth_opening: F32) -> F32:
    """Standard deviation of the opening (K,) over WINDOW_S around each frame."""
    windows = zip(*around(pts_s, WINDOW_S), strict=True)
    return np.array([mouth_opening[first:last].std() for first, last in windows], np.float32)


def voiced_frames(pts_s: F64, segments: Sequence[SpeechSegment]) -> Bools:
    """Whether each time (K,) lies in a speech segment."""
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
    A voice without a moving mouth belongs to someone outside the frame. `segments` is None without
    a voice track.
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


TALKING_WINDOW_S = 1.0
"""Width of the window around a frame: measured on clips, see training/face/REPORT.md."""
NEUTRAL_LOG_ODDS = 1.0
"""Added to the log probability of neutral while a person talks: the network assumes nearly balanced
classes, and talking faces are mostly neutral. Chosen when the figures of
all four clips were known."""
LEAST_PROBABILITY = 1e-3
"""Probabilities below this count as this much: a single frame must not exclude a label."""


def talking_frames(pts_s: F64, mouth_opening: F32, speaking: Sequence[Speaking]) -> Bools:
    """Frames in which the person's mouth moves and it is not known that they are silent.

    Args:
        pts_s: times (K,).
        mouth_opening: gap between the inner lips (K,), in distances between the eyes.
        speaking: K answers of `who_speaks`.

    Returns:
        bool (K,). Motion is measured over WINDOW_S: two frames in it are enough to see that a mouth
        is not still, too few to say who speaks.
    """
    windows = zip(*around(pts_s, TALKING_WINDOW_S), strict=True)
    motion = np.array([mouth_opening[first:last].std() for first, last in windows])
    silent = np.array([answer == "no" for answer in speaking], np.bool_)
    return (motion >= MIN_MOUTH_MOTION) & ~silent


def averaged_over_speech(pts_s: F64, probs: F32, talking: Bools, readable: Bools) -> F32:
    """Probabilities with those of talking frames replaced by an average over WINDOW_S.

    Args:
        pts_s: times (K,).
        probs: (K, 7), rows sum to 1.
        talking: bool (K,), frames to replace.
        readable: bool (K,), frames that count in the average; where none is near, all do.

    Returns:
        float32 (K, 7), rows sum to 1; rows that are not talking are unchanged.
    """
    logs = np.log(np.maximum(probs.astype(np.float64), LEAST_PROBABILITY))
    averaged = probs.copy()
    for k, first, last in zip(range(len(probs)), *around(pts_s, TALKING_WINDOW_S), strict=True):
        if talking[k]:
            near = readable[first:last]
            mean = (logs[first:last][near] if near.any() else logs[first:last]).mean(axis=0)
            mean[EMOTIONS.index("neutral")] += NEUTRAL_LOG_ODDS
            shares = np.exp(mean - mean.max())
            averaged[k] = shares / shares.sum()
    return averaged


def flat_again(
    reasons: Sequence[Uncertainty], probs: F32, talking: Bools, min_top_probability: float
) -> tuple[Uncertainty, ...]:
    """Reasons with `flat` decided by the averaged probabilities where a person talks.

    Args:
        reasons: K reasons of single frames.
        probs: (K, 7), averaged where `talking` (K,) is True.
        talking: bool (K,).
        min_top_probability: Frames whose highest probability is below this are `flat`.

    Returns:
        K reasons; those other than "" and "flat" are unchanged.
    """
    flat = probs.max(axis=1, initial=0.0) < min_top_probability
    return tuple(
        ("flat" if is_flat else "") if talks and reason in ("", "flat") else reason
        for reason, is_flat, talks in zip(reasons, flat.tolist(), talking.tolist(), strict=True)
    )
