"""Expressions of people who talk."""

from __future__ import annotations

import numpy as np
import pytest

from evolvisense.face.behaviour import describe_people
from evolvisense.face.speaking import (
    TALKING_WINDOW_S,
    averaged_over_speech,
    flat_again,
    talking_frames,
)
from evolvisense.types.arrays import F32, Bools
from evolvisense.types.behaviour import Speaking
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import SpeechSegment
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations

COUNT = 120
TIMES = np.arange(COUNT) / 30
NEUTRAL, SURPRISE = EMOTIONS.index("neutral"), EMOTIONS.index("surprise")
MOVING = (0.2 + 0.1 * np.sin(2 * np.pi * 4 * TIMES)).astype(np.float32)
STILL = np.full(COUNT, 0.2, np.float32)


def speech_probs() -> F32:
    """Neutral, but for short open mouths that are read as surprise by a small margin."""
    probs = np.full((COUNT, len(EMOTIONS)), 0.02, np.float32)
    probs[:, NEUTRAL], probs[:, SURPRISE] = 0.75, 0.15
    open_mouth = np.sin(2 * np.pi * 4 * TIMES) > 0.3
    probs[open_mouth, NEUTRAL], probs[open_mouth, SURPRISE] = 0.4, 0.5
    return probs / probs.sum(axis=1, keepdims=True)


def everywhere(value: bool) -> Bools:
    return np.full(COUNT, value, np.bool_)


@pytest.mark.parametrize(("answer", "talks"), [("yes", True), ("unknown", True), ("no", False)])
def test_a_moving_mouth_talks_unless_the_person_is_silent(answer: Speaking, talks: bool) -> None:
    found = talking_frames(TIMES, MOVING, [answer] * COUNT)
    assert found.all() if talks else not found.any()


def test_a_still_mouth_does_not_talk() -> None:
    assert not talking_frames(TIMES, STILL, ["yes"] * COUNT).any()


def test_three_frames_a_second_show_that_a_mouth_moves_and_one_does_not() -> None:
    few = TIMES[::10]
    assert talking_frames(few, MOVING[::10], ["unknown"] * len(few)).any()
    single = TIMES[::60]
    assert not talking_frames(single, MOVING[::60], ["unknown"] * len(single)).any()


def test_open_mouths_of_neutral_speech_are_no_surprise() -> None:
    probs = speech_probs()
    assert (probs.argmax(axis=1) == SURPRISE).any()
    averaged = averaged_over_speech(TIMES, probs, everywhere(True), everywhere(True))
    assert (averaged.argmax(axis=1) == NEUTRAL).all()
    assert averaged.sum(axis=1) == pytest.approx(np.ones(COUNT), abs=1e-5)


def test_an_expression_that_lasts_stays() -> None:
    probs = speech_probs()
    lasting = (TIMES >= 1) & (TIMES < 3)
    probs[lasting] = 0.02
    probs[lasting, SURPRISE] = 0.88
    averaged = averaged_over_speech(TIMES, probs, everywhere(True), everywhere(True))
    inside = (TIMES >= 1 + TALKING_WINDOW_S / 2) & (TIMES < 3 - TALKING_WINDOW_S / 2)
    assert (averaged[inside].argmax(axis=1) == SURPRISE).all()


def test_silent_frames_stay_as_they_were_read() -> None:
    probs = speech_probs()
    np.testing.assert_array_equal(
        averaged_over_speech(TIMES, probs, everywhere(False), everywhere(True)), probs
    )


def test_frames_that_cannot_be_read_do_not_count() -> None:
    probs = speech_probs()
    readable = everywhere(True)
    readable[50:60] = False
    probs[50:60] = 0.0
    probs[50:60, SURPRISE] = 1.0
    averaged = averaged_over_speech(TIMES, probs, everywhere(True), readable)
    assert (averaged.argmax(axis=1) == NEUTRAL).all()


def test_the_report_of_a_talking_face_is_neutral_and_raw_readings_stay_raw() -> None:
    faces = observations(
        range(COUNT), probs=speech_probs(), face_geometry=geometry(COUNT, mouth_gap=MOVING)
    )
    segments = [SpeechSegment(0.0, float(TIMES[-1]) + 0.1)]
    described = [
        describe_people([MAIN], frame_log(TIMES), faces, LAYOUT, segments, smooth=smooth)[0]
        for smooth in (True, False)
    ]
    assert (described[0].probs.argmax(axis=1) == NEUTRAL).all()
    np.testing.assert_array_equal(described[1].probs, faces.probs)


def test_flat_is_decided_by_the_average_while_talking() -> None:
    flat, sure = np.full(7, 1 / 7, np.float32), np.eye(7, dtype=np.float32)[0]
    probs = np.stack([sure, flat, sure, sure])
    talking = np.array([True, True, True, False])
    found = flat_again(("flat", "", "turned", "flat"), probs, talking, 0.45)
    assert found == ("", "flat", "turned", "flat")
