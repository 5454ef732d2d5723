"""Features of the face for the indicators."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.face.behaviour import describe_people
from evolvisense.indicators.features import face_evidence, face_samples
from evolvisense.types.behaviour import SMILE, Behaviour
from evolvisense.types.face import FaceObservations
from evolvisense.types.indicators import FACE_FEATURES, Blocks
from evolvisense.types.voice import SpeechSegment
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations

RATE_HZ = 30
COUNT = 40 * RATE_HZ
TIMES = np.arange(COUNT) / RATE_HZ
BLINK_S = (3.0, 8.0, 17.0, 31.0, 36.0)


def blocks(count: int = 8, draws: int = 50) -> Blocks:
    """Blocks of 5 s from 0 on."""
    rng = np.random.default_rng(1)
    return Blocks(np.arange(count + 1) * 5.0, rng.integers(count, size=(draws, count)))


def face(count: int = COUNT) -> FaceObservations:
    """Smiles from 10 s to 20 s, blinks five times, turns to and fro until 20 s."""
    times = TIMES[:count]
    closure = sum(np.exp(-0.5 * ((times - middle) / 0.06) ** 2) for middle in BLINK_S)
    yaw = np.abs(8 * np.minimum(times, 20.0) % 80 - 40) - 20
    return observations(
        range(count),
        face_geometry=geometry(
            count,
            closure=0.05 + 0.85 * closure,
            smile=np.where((times >= 10) & (times < 20), SMILE + 0.1, SMILE - 0.1),
            pose_deg=np.stack([0 * times, yaw, 0 * times], axis=1),
            eye_distance_px=70.0,
        ),
    )


def behaviour(
    faces: FaceObservations, *, voice: bool = True, times: np.ndarray = TIMES
) -> Behaviour:
    """Raw, with a voice from 30 s on that no mouth moves to."""
    segments = [SpeechSegment(30.0, 40.0)] if voice else None
    layout = None if faces.geometry is None else LAYOUT
    (found,) = describe_people([MAIN], frame_log(times), faces, layout, segments, smooth=False)
    return found


def test_values_are_those_of_the_signals() -> None:
    measured, missing = face_samples(behaviour(face()), blocks())
    assert not missing
    assert measured["smile_share_silent"].value == pytest.approx(10 / 40, abs=0.01)
    per_minute = (len(BLINK_S) + 0.5) / (40 / 60)
    assert measured["blinks_log_per_min"].value == pytest.approx(np.log(per_minute), abs=0.01)
    assert measured["blinks_log_per_min"].stands_on_s == pytest.approx(40, abs=0.1)
    halves = measured["head_speed_log_deg_s"].value
    assert np.log(0.1) <= halves <= np.log(8.5)


def test_the_blocks_as_they_are_give_the_value_itself() -> None:
    whole = Blocks(np.arange(9) * 5.0, np.arange(8)[None].repeat(3, axis=0))
    measured, _ = face_samples(behaviour(face()), whole)
    for feature in measured.values():
        np.testing.assert_allclose(feature.resampled, feature.value)


def test_resamples_spread_around_the_value() -> None:
    measured, _ = face_samples(behaviour(face()), blocks(draws=400))
    for feature in measured.values():
        low, high = np.nanpercentile(feature.resampled, [1, 99])
        assert low <= feature.value <= high
        assert high > low


def test_shifting_the_clock_changes_nothing() -> None:
    faces, late = face(), 3600.0
    shifted = Blocks(blocks().edges_s + late, blocks().draws)
    frames = frame_log(TIMES + late)
    segments = [SpeechSegment(30.0 + late, 40.0 + late)]
    (other,) = describe_people([MAIN], frames, faces, LAYOUT, segments, smooth=False)
    ours, _ = face_samples(behaviour(faces), blocks())
    theirs, _ = face_samples(other, shifted)
    for name, feature in ours.items():
        assert theirs[name].value == pytest.approx(feature.value, abs=1e-6)
        np.testing.assert_allclose(theirs[name].resampled, feature.resampled, atol=1e-6)


def test_absence_has_its_reason() -> None:
    assert face_samples(None, blocks()) == ({}, dict.fromkeys(FACE_FEATURES, "no_face"))
    without_actions = behaviour(observations(range(COUNT)))
    _, missing = face_samples(without_actions, blocks())
    assert missing == dict.fromkeys(FACE_FEATURES, "engine_reads_no_actions")
    _, missing = face_samples(behaviour(face(), voice=False), blocks())
    assert missing == {"smile_share_silent": "no_voice"}


def test_few_frames_a_second_show_neither_blinks_nor_turns() -> None:
    slow = np.arange(60) / 1.5
    faces = observations(range(60), face_geometry=geometry(60, smile=0.8))
    _, missing = face_samples(behaviour(faces, times=slow), blocks())
    assert missing["blinks_log_per_min"] == "too_few_frames_per_second"
    assert missing["head_speed_log_deg_s"] == "too_few_frames_per_second"


def test_a_small_face_says_that_it_is_small() -> None:
    small = observations(range(COUNT), face_geometry=geometry(COUNT, eye_distance_px=8.0))
    _, missing = face_samples(behaviour(small), blocks())
    assert missing["blinks_log_per_min"] == "face_too_small"
    assert missing["head_speed_log_deg_s"] == "face_too_small"


def test_evidence_counts_frames_and_measures_the_face() -> None:
    faces = face(COUNT // 2)
    found = face_evidence(behaviour(faces, times=TIMES[: COUNT // 2]), frame_log(TIMES), faces)
    assert found is not None
    assert (found.frames, found.share_of_frames) == (COUNT // 2, 0.5)
    assert found.eye_distance_px == pytest.approx(70)
    assert found.yaw_deg == pytest.approx(10, abs=1)
    assert found.rate_hz == pytest.approx(RATE_HZ)
    assert face_evidence(None, frame_log(TIMES), faces) is None
