"""Features of the indicators, from behaviour and voice, with an interval for each.

A recording is cut into blocks of time and resampled (block bootstrap): every feature is computed
for the whole recording and for each resample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from evolvisense.face.frame_times import frame_rate
from evolvisense.types.arrays import F32, F64, I64, Bools
from evolvisense.types.behaviour import SMILE, AbsentReason, Behaviour, Motion
from evolvisense.types.face import FaceObservations, FrameLog, Person
from evolvisense.types.indicators import (
    EMOTION_FEATURES,
    FACE_FEATURES,
    SPEECH_FEATURES,
    VOICED_FEATURES,
    Blocks,
    Evidence,
    FaceEvidence,
    Feature,
    Measured,
    MissingReason,
    VoiceEvidence,
)
from evolvisense.types.media import MediaExtent
from evolvisense.types.voice import VoiceEmotion, VoiceReading
from evolvisense.voice.measures import WHOLE, gather, statistics
from evolvisense.voice.vad import inside

BLOCK_S = 5.0
"""Neighbouring moments of speech resemble each other; blocks of five seconds nearly do not (ours),
so they are drawn whole (Kunsch 1989)."""
SHORTEST_BLOCK_S = BLOCK_S / 2
"""A rest shorter than this joins the last block."""
RESAMPLES = 200
"""Enough for the 5th and the 95th percentile to within about two percentiles (ours)."""


def plan_blocks(start_s: float, duration_s: float, *, seed: int = 0) -> Blocks:
    """Blocks of a recording from `start_s` on the file's clock, and RESAMPLES draws of them.

    The same arguments give the same draws on every machine.
    """
    count = max(int(duration_s // BLOCK_S), 1)
    if duration_s - count * BLOCK_S >= SHORTEST_BLOCK_S:
        count += 1
    edges_s = start_s + np.minimum(np.arange(count + 1) * BLOCK_S, duration_s)
    edges_s[-1] = start_s + duration_s
    draws = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    return Blocks(edges_s=edges_s.astype(np.float64), draws=draws.astype(np.int64))


def assemble(
    voice: Mapping[Feature, Measured] | None,
    voice_evidence: VoiceEvidence | None,
    face: Mapping[Feature, Measured] | None = None,
    face_evidence: FaceEvidence | None = None,
    *,
    missing: Mapping[Feature, MissingReason] | None = None,
    blocks: int = 0,
) -> Evidence:
    """Everything that indicators are made from; None where there is no voice or no face.

    `missing` are reasons that only the one who measured can know; the others follow from the gates.
    A voice with a share of pauses and no mean length of them has none.
    """
    measured: dict[Feature, Measured] = {**(voice or {}), **(face or {})}
    reasons: dict[Feature, MissingReason] = {}
    if "pause_share" in measured and "pause_mean_log_s" not in measured:
        reasons["pause_mean_log_s"] = "no_pause"
    reasons.update(missing or {})
    return Evidence(
        measured=measured,
        missing={feature: why for feature, why in reasons.items() if feature not in measured},
        voice=voice_evidence,
        face=face_evidence,
        blocks=blocks,
    )


HALF_BLINK = 0.5
"""Added to the count, so that no rate is zero, whose logarithm is not a number."""
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
    """What gates need to know of the main person's face; None where no face was found."""
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


def voice_samples(reading: VoiceReading, blocks: Blocks) -> Mapping[Feature, Measured]:
    """Features of the whole recording and of the resamples of its blocks (block bootstrap).

    A resample is its blocks laid end to end: a frame, syllable, pause or window belongs to the
    block of its middle, and a pause stays as long as it is. Features that cannot be computed for
    the whole are left out.
    """
    parts = (reading.frames, reading.segments, reading.syllable_s, reading.emotion)
    whole = statistics(gather(*parts, WHOLE, reading.holes, reading.long_pause_s), _repeats(WHOLE))
    resampled = statistics(
        gather(*parts, blocks, reading.holes, reading.long_pause_s), _repeats(blocks)
    )
    groups = (
        (VOICED_FEATURES, reading.features.voiced_s),
        (SPEECH_FEATURES, reading.features.speech_s),
        (EMOTION_FEATURES, _heard_s(reading, reading.emotion)),
    )
    return {
        feature: Measured(float(value[0]), getattr(resampled, feature), seconds)
        for features, seconds in groups
        for feature in features
        if np.isfinite(value := getattr(whole, feature))[0]
    }


def voice_evidence(reading: VoiceReading) -> VoiceEvidence:
    """What gates need to know of this voice."""
    return VoiceEvidence(
        speech_s=reading.features.speech_s,
        voiced_s=reading.features.voiced_s,
        snr_db=reading.quality.snr_db,
        clipped_share=reading.quality.clipped_share,
        several_speakers=reading.quality.speakers == "several",
    )


def _repeats(blocks: Blocks) -> I64:
    """How often each resample holds each block: (R, B)."""
    count = len(blocks)
    rows = np.arange(len(blocks.draws))[:, None] * count
    flat = np.bincount((rows + blocks.draws).ravel(), minlength=len(blocks.draws) * count)
    return flat.reshape(len(blocks.draws), count).astype(np.int64)


def _heard_s(reading: VoiceReading, emotion: VoiceEmotion | None) -> float:
    """Seconds of speech inside any window of the emotion network."""
    if emotion is None:
        return 0.0
    pts_s = reading.frames.pts_s
    covered = np.zeros(len(pts_s), np.bool_)
    for start_s, end_s in zip(emotion.start_s, emotion.end_s, strict=True):
        first, last = np.searchsorted(pts_s, [start_s, end_s])
        covered[first:last] = True
    frame_s = float(pts_s[1] - pts_s[0]) if len(pts_s) > 1 else 0.0
    return float((covered & inside(pts_s, reading.segments)).sum() * frame_s)


def gather_evidence(
    extent: MediaExtent,
    voice: VoiceReading | None,
    main: Behaviour | None,
    frames: FrameLog,
    faces: FaceObservations,
) -> Evidence:
    """Features of the voice and of the main person's face over the same blocks of time."""
    blocks = plan_blocks(extent.start_s, extent.duration_s)
    face, missing = face_samples(main, blocks)
    return assemble(
        None if voice is None else voice_samples(voice, blocks),
        None if voice is None else voice_evidence(voice),
        face,
        face_evidence(main, frames, faces),
        missing=missing,
        blocks=len(blocks),
    )


def sound_evidence(voice: VoiceReading) -> Evidence:
    """Features of a voice without a face, over blocks of its stream."""
    start_s = float(voice.timeline.pts_s[0]) if len(voice.timeline.pts_s) else 0.0
    blocks = plan_blocks(start_s, voice.features.duration_s)
    return assemble(voice_samples(voice, blocks), voice_evidence(voice), blocks=len(blocks))


def main_of(people: Sequence[Person], behaviours: Sequence[Behaviour]) -> Behaviour | None:
    """Behaviour of the main person; None where no face was found."""
    mains = [b for person, b in zip(people, behaviours, strict=True) if person.is_main]
    return mains[0] if mains else None
