"""One person's part of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from evolvisense.report import parts
from evolvisense.report.landmarks import Landmarks
from evolvisense.types.arrays import F32, I64
from evolvisense.types.behaviour import AbsentReason, Behaviour, Speaking
from evolvisense.types.face import FaceLayout, FaceObservations, FrameLog, Person
from evolvisense.types.scores import EMOTIONS, Emotion

NO_MOTION: AbsentReason = "engine_reads_no_actions"
MIN_BLINK_RATE_S = 30.0
"""Fewer seconds hold too few blinks for a rate: at 17 a minute two or three in ten (Bentivoglio et
al. 1997)."""


def person_part(
    person: Person,
    behaviour: Behaviour,
    frames: FrameLog,
    faces: FaceObservations,
    layout: FaceLayout | None,
) -> parts.Person:
    """The person with their tracks, timeline, blinks and measures."""
    mine, motion = behaviour.index, behaviour.motion
    raw = faces.probs[mine]
    readable = np.array([reason == "" for reason in behaviour.uncertain], bool)
    blinks = None if motion is None else motion.blinks
    return parts.Person(
        id=person.id,
        is_main=person.is_main,
        frames=len(mine),
        share_of_frames=round(len(mine) / len(frames.number), 4),
        mean_probabilities=_means(raw[readable]),
        mean_probabilities_all_frames=_means(raw),
        tracks=[_track(track, mine, frames, faces) for track in person.track_ids],
        measures=_measures(behaviour),
        blinks=None if blinks is None else [parts.BlinkEvent(**asdict(b)) for b in blinks],
        blinks_absent_reason=NO_MOTION if motion is None else motion.blinks_absent_reason,
        smile_absent_reason=NO_MOTION if motion is None else motion.smile_absent_reason,
        head_absent_reason=NO_MOTION if motion is None else motion.head_absent_reason,
        speaking_unknown_reason=behaviour.speaking_unknown_reason,
        timeline=_timeline(behaviour, frames, faces, layout),
    )


def _means(probabilities: F32) -> dict[Emotion, float] | None:
    """Of (N, 7) probabilities; None where N is 0."""
    if not len(probabilities):
        return None
    return {e: round(float(probabilities[:, i].mean()), 4) for i, e in enumerate(EMOTIONS)}


def _timeline(
    behaviour: Behaviour, frames: FrameLog, faces: FaceObservations, layout: FaceLayout | None
) -> parts.FaceTimeline:
    mine, motion = behaviour.index, behaviour.motion
    rows, boxes, geometry = faces.row[mine], faces.xyxy[mine], faces.geometry
    return parts.FaceTimeline(
        frame_number=frames.number[rows],
        time_s=behaviour.pts_s,
        track_id=faces.track_id[mine],
        left_px=boxes[:, 0],
        top_px=boxes[:, 1],
        right_px=boxes[:, 2],
        bottom_px=boxes[:, 3],
        score=faces.score[mine],
        detected=faces.detected[mine],
        size_px=faces.quality.size_px[mine],
        sharpness=faces.quality.sharpness[mine],
        brightness=faces.quality.brightness[mine],
        probabilities={emotion: behaviour.probs[:, i] for i, emotion in enumerate(EMOTIONS)},
        uncertain=list(behaviour.uncertain),
        speaking=list(behaviour.speaking),
        eye_openness=None if motion is None else motion.eye_openness,
        smile=None if motion is None else motion.smile,
        mouth_opening=None if motion is None else motion.mouth_opening,
        pitch_deg=None if motion is None else motion.pose_deg[:, 0],
        yaw_deg=None if motion is None else motion.pose_deg[:, 1],
        roll_deg=None if motion is None else motion.pose_deg[:, 2],
        eye_distance_px=None if geometry is None else geometry.eye_distance_px[mine],
        actions=None
        if motion is None or layout is None
        else {name: motion.action[:, i] for i, name in enumerate(layout.actions)},
        action_units=None
        if motion is None or motion.au is None or layout is None
        else {name: motion.au[:, i] for i, name in enumerate(layout.action_units)},
        landmarks=None
        if geometry is None or geometry.landmark is None or layout is None
        else Landmarks(points=list(layout.mesh_points), values=geometry.landmark[mine]),
    )


def _track(track_id: int, mine: I64, frames: FrameLog, faces: FaceObservations) -> parts.Track:
    seen = mine[faces.track_id[mine] == track_id]
    times = frames.pts_s[faces.row[seen]]
    return parts.Track(
        id=track_id, start_s=float(times[0]), end_s=float(times[-1]), frames=len(seen)
    )


def _measures(behaviour: Behaviour) -> parts.BehaviourMeasures:
    motion = behaviour.motion
    certain = sum(reason == "" for reason in behaviour.uncertain) / len(behaviour.uncertain)
    blinks = None if motion is None else motion.blinks
    watched_s = behaviour.seen_s
    speed = None if motion is None else motion.head_speed_deg_s
    return parts.BehaviourMeasures(
        certain_share=round(certain, 4),
        smile_mean=None
        if motion is None or motion.smile_absent_reason is not None
        else round(float(motion.smile.mean()), 4),
        blinks_per_min=None
        if blinks is None or watched_s < MIN_BLINK_RATE_S
        else round(60 * len(blinks) / watched_s, 2),
        head_speed_deg_s=None if speed is None else round(speed, 2),
        speaking_share=_speaking_share(behaviour.speaking),
    )


def _speaking_share(speaking: Sequence[Speaking]) -> float | None:
    if "unknown" in speaking:
        return None
    return round(sum(answer == "yes" for answer in speaking) / len(speaking), 4)
