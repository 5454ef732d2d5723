"""What a person does, from the faces of the frames."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.face.behaviour import (
    MIN_EYE_DISTANCE_PX,
    both_sides,
    describe_people,
    head_turning_deg_s,
)
from evolvisense.types.arrays import F32, F64
from evolvisense.types.behaviour import MAX_FRAME_S, Behaviour
from evolvisense.types.face import FaceObservations, Person
from evolvisense.types.voice import SpeechSegment
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations, quality

COUNT = 150
TIMES = np.arange(COUNT) / 30
RANDOM = np.random.default_rng(0)
CLOSURE = (0.1 + 0.7 * np.exp(-0.5 * ((TIMES - 2) / 0.06) ** 2)).astype(np.float16)


def describe(faces: FaceObservations, *, smooth: bool = True, voice: bool = True) -> Behaviour:
    """The only person, with a voice from 1 s to 2 s."""
    segments = [SpeechSegment(1.0, 2.0)] if voice else None
    layout = None if faces.geometry is None else LAYOUT
    (behaviour,) = describe_people([MAIN], frame_log(TIMES), faces, layout, segments, smooth=smooth)
    return behaviour


def speed_deg_s(pts_s: F64, pose_deg: F32) -> float | None:
    """Median turning."""
    turning = head_turning_deg_s(pts_s, pose_deg)
    return None if turning is None else float(np.nanmedian(turning))


def moving_face() -> FaceObservations:
    """A face that blinks at 2 s, smiles more and more, nods and talks."""
    noise = RANDOM.normal(0, 2, (COUNT, 3))
    return observations(
        range(COUNT),
        face_geometry=geometry(
            COUNT,
            closure=CLOSURE,
            smile=np.linspace(0, 0.9, COUNT),
            pose_deg=noise + 10 * np.sin(TIMES)[:, None],
            mouth_gap=0.2 + 0.1 * np.sin(2 * np.pi * 5 * TIMES),
        ),
    )


def test_off_gives_every_frame_as_it_was_read() -> None:
    faces = moving_face()
    raw = describe(faces, smooth=False)
    assert faces.geometry is not None
    assert raw.motion is not None
    np.testing.assert_array_equal(raw.probs, faces.probs)
    np.testing.assert_array_equal(raw.motion.action, faces.geometry.action.astype(np.float32))
    np.testing.assert_array_equal(raw.motion.pose_deg, faces.geometry.pose_deg)
    np.testing.assert_array_equal(
        raw.motion.mouth_opening, faces.geometry.mouth_gap.astype(np.float32)
    )


def test_smoothing_calms_everything_that_is_drawn() -> None:
    faces = moving_face()
    raw, smooth = describe(faces, smooth=False), describe(faces)
    assert raw.motion is not None
    assert smooth.motion is not None
    for before, after in (
        (raw.probs, smooth.probs),
        (raw.motion.pose_deg, smooth.motion.pose_deg),
        (raw.motion.mouth_opening, smooth.motion.mouth_opening),
    ):
        assert after.shape == before.shape
        assert np.abs(np.diff(after, axis=0)).mean() < np.abs(np.diff(before, axis=0)).mean()
    assert smooth.probs.sum(axis=1) == pytest.approx(np.ones(COUNT), abs=1e-5)


def test_smoothing_changes_no_event_and_no_answer() -> None:
    faces = moving_face()
    raw, smooth = describe(faces, smooth=False), describe(faces)
    assert raw.motion is not None
    assert smooth.motion is not None
    assert raw.motion.blinks == smooth.motion.blinks
    assert raw.motion.head_speed_deg_s == smooth.motion.head_speed_deg_s
    assert raw.speaking == smooth.speaking
    # `flat` is about the probabilities that are shown: while talking, the averaged ones.
    silent = [k for k, answer in enumerate(raw.speaking) if answer == "no"]
    assert silent
    assert [raw.uncertain[k] for k in silent] == [smooth.uncertain[k] for k in silent]
    assert {*raw.uncertain, *smooth.uncertain} <= {"", "flat"}


def test_eyes_smile_and_blinks_are_those_of_the_actions() -> None:
    behaviour = describe(moving_face(), smooth=False)
    motion = behaviour.motion
    assert motion is not None
    assert motion.eye_openness == pytest.approx(1 - CLOSURE.astype(np.float32))
    assert motion.smile == pytest.approx(np.linspace(0, 0.9, COUNT), abs=1e-3)
    assert motion.blinks is not None
    assert motion.blinks_absent_reason is None
    assert [blink.start_s for blink in motion.blinks] == pytest.approx([1.93], abs=1 / 30)


def test_the_answers_of_the_voice_are_taken_over() -> None:
    behaviour = describe(moving_face())
    voiced = (TIMES >= 1) & (TIMES < 2)
    assert [said == "yes" for said in behaviour.speaking] == voiced.tolist()
    silent = describe(moving_face(), voice=False)
    assert set(silent.speaking) == {"unknown"}
    assert silent.speaking_unknown_reason == "no_voice"


def test_an_engine_that_reads_expressions_only_gives_no_motion() -> None:
    behaviour = describe(observations(range(COUNT)))
    assert behaviour.motion is None
    assert behaviour.speaking_unknown_reason == "engine_reads_no_actions"
    assert len(behaviour.uncertain) == COUNT


def test_each_person_has_their_own_frames() -> None:
    # Two people in turn: rows 0, 0, 1, 1, ...; the second one's face is followed as tracks 2 and 3.
    row = np.repeat(np.arange(40), 2)
    track_id = np.tile([1, 2], 40)
    track_id[41::2] = 3
    smile = np.where(track_id == 1, 0.1, 0.8)
    small = quality(80, size_px=np.where(track_id == 1, 100, 5))
    faces = observations(row, track_id, face_quality=small, face_geometry=geometry(80, smile=smile))
    people = [Person(1, (1,), True), Person(2, (2, 3), False)]
    first, second = describe_people(people, frame_log(TIMES[:40]), faces, LAYOUT, None, smooth=True)
    assert first.index.tolist() == list(range(0, 80, 2))
    assert second.index.tolist() == list(range(1, 80, 2))
    for behaviour, expected in ((first, 0.1), (second, 0.8)):
        assert behaviour.motion is not None
        assert behaviour.motion.smile == pytest.approx(np.full(40, expected), abs=1e-3)
        assert behaviour.pts_s == pytest.approx(TIMES[:40])
    assert "small" not in first.uncertain
    assert set(second.uncertain) == {"small"}


@pytest.mark.parametrize(
    ("eye_distance_px", "reason"),
    [(MIN_EYE_DISTANCE_PX - 1, "face_too_small"), (MIN_EYE_DISTANCE_PX + 1, None)],
)
def test_in_a_small_face_neither_blinks_nor_turns_can_be_seen(
    eye_distance_px: float, reason: str | None
) -> None:
    nodding = np.repeat(10 * np.sin(3 * TIMES)[:, None], 3, axis=1)
    small = geometry(COUNT, closure=CLOSURE, pose_deg=nodding, eye_distance_px=eye_distance_px)
    motion = describe(observations(range(COUNT), face_geometry=small)).motion
    assert motion is not None
    assert motion.blinks_absent_reason == reason
    assert (motion.blinks is None) == (motion.head_speed_deg_s is None) == (reason is not None)


def test_a_person_seen_once_is_described() -> None:
    behaviour = describe(observations([7], face_geometry=geometry(1, smile=0.5)))
    motion = behaviour.motion
    assert motion is not None
    assert motion.blinks is None
    assert motion.blinks_absent_reason == "sampled_too_slowly"
    assert motion.head_speed_deg_s is None
    assert motion.smile == pytest.approx([0.5])
    assert behaviour.pts_s == pytest.approx([TIMES[7]])


def test_nobody_is_described_by_nothing() -> None:
    faces = observations([])
    assert describe_people([], frame_log(TIMES), faces, LAYOUT, None, smooth=True) == []


def test_both_sides_are_averaged() -> None:
    action = np.zeros((2, len(LAYOUT.actions)), np.float32)
    action[0, LAYOUT.action("mouthSmileLeft")] = 1.0
    action[1, LAYOUT.action("mouthSmileRight")] = 0.5
    assert both_sides(action, LAYOUT, "mouthSmile") == pytest.approx([0.5, 0.25])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_head_speed_is_that_of_a_steady_turn(axis: int) -> None:
    pose = np.zeros((COUNT, 3), np.float32)
    pose[:, axis] = 20 * TIMES
    assert speed_deg_s(TIMES, pose) == pytest.approx(20, rel=0.05)


def test_a_still_head_has_no_speed_and_noise_hardly_any() -> None:
    pose = np.full((COUNT, 3), 5.0, np.float32)
    assert speed_deg_s(TIMES, pose) == 0
    noise = RANDOM.normal(0, 0.2, (COUNT, 3)).astype(np.float32)
    speed = speed_deg_s(TIMES, pose + noise)
    raw = np.median(np.linalg.norm(np.diff(noise, axis=0), axis=1) * 30)
    assert speed is not None
    assert speed < raw / 2


def test_head_speed_leaves_gaps_out() -> None:
    # The head turns while it is away.
    times = np.concatenate([TIMES[:30], 10 + TIMES[:30]])
    pose = np.zeros((60, 3), np.float32)
    pose[30:] = 40
    assert speed_deg_s(times, pose) == 0
    assert speed_deg_s(np.concatenate([TIMES[:30]] * 2), pose) == 0
    assert speed_deg_s(np.repeat(TIMES[:60], [2] + [1] * 58 + [0]), pose) == 0


@pytest.mark.parametrize("rate_hz", [1, 5, 7.5])
def test_head_speed_needs_frames_near_each_other(rate_hz: float) -> None:
    assert speed_deg_s(np.arange(30) / rate_hz, np.zeros((30, 3), np.float32)) is None


@pytest.mark.parametrize(
    ("pts_s", "seen_s"),
    [
        ([0.0, 0.04, 0.08], 0.08),
        ([0.0, 0.04, 9.0], 0.04 + MAX_FRAME_S),
        ([3600.0, 3600.04, 0.0, 0.04], 0.08),
        ([1.0], 0.0),
    ],
)
def test_gaps_and_jumps_of_the_clock_are_not_watched(pts_s: list[float], seen_s: float) -> None:
    (behaviour,) = describe_people(
        [MAIN],
        frame_log(pts_s),
        observations(range(len(pts_s))),
        None,
        None,
        smooth=False,
    )
    assert behaviour.seen_s == pytest.approx(seen_s)
