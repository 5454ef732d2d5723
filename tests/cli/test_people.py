"""A person in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evolvisense.cli.summary import describe
from evolvisense.report.parts import BehaviourMeasures, BlinkEvent, FaceTimeline, Person
from evolvisense.types.behaviour import Uncertainty
from evolvisense.types.scores import EMOTIONS, Emotion

ALL = BehaviourMeasures(
    certain_share=1.0,
    smile_mean=0.25,
    blinks_per_min=12.4,
    head_speed_deg_s=8.6,
    speaking_share=0.5,
)
BLINK = BlinkEvent(start_s=0.1, end_s=0.3, depth=0.9)


def person(
    emotions: Sequence[Emotion] = ("happy", "happy", "happy", "sad"),
    uncertain: Sequence[Uncertainty] = ("", "", "", ""),
    **changes: object,
) -> Person:
    """Someone whose likeliest expression in each frame is given."""
    count = len(emotions)
    column = np.zeros(count)
    probabilities = {e: np.array([0.7 * (e == given) for given in emotions]) for e in EMOTIONS}
    others = {"probabilities", "uncertain", "speaking", "actions", "action_units", "landmarks"}
    columns = set(FaceTimeline.model_fields) - others
    timeline = FaceTimeline.model_validate(
        {
            **dict.fromkeys(columns, column),
            "probabilities": probabilities,
            "uncertain": list(uncertain),
            "speaking": ["yes"] * count,
            "actions": None,
        }
    )
    known: dict[str, object] = {
        "id": 1,
        "is_main": True,
        "frames": count,
        "share_of_frames": 1.0,
        "mean_probabilities": dict.fromkeys(EMOTIONS, 1 / 7),
        "tracks": [],
        "measures": ALL,
        "blinks": [BLINK, BLINK],
        "blinks_absent_reason": None,
        "speaking_unknown_reason": None,
        "timeline": timeline,
    }
    return Person.model_validate({**known, **changes})


def without(*names: str) -> BehaviourMeasures:
    return ALL.model_copy(update=dict.fromkeys(names))


def test_all_that_can_be_said() -> None:
    assert describe(person(), 1).splitlines() == [
        "expression certain in 4 of 4 frames: happy 75%, sad 25%",
        "2 blinks (12 a minute), smile 25%, speaking 50%, head turns 9°/s",
    ]


def test_shares_are_those_of_certain_frames_and_the_main_reason_is_said() -> None:
    someone = person(
        ("happy", "sad", "sad", "sad"),
        ("", "flat", "turned", "turned"),
        measures=ALL.model_copy(update={"certain_share": 0.25}),
    )
    assert describe(someone, 1).splitlines()[:2] == [
        "expression certain in 1 of 4 frames: happy 100%",
        "uncertain in 75%, mostly because the head is turned away",
    ]


def test_no_certain_frame_has_no_expression() -> None:
    someone = person(
        uncertain=("small",) * 4, measures=ALL.model_copy(update={"certain_share": 0.0})
    )
    assert describe(someone, 1).splitlines()[0] == "expression certain in 0 of 4 frames"


def test_no_blink_is_not_a_rate() -> None:
    still = ALL.model_copy(update={"blinks_per_min": 0.0})
    assert "no blink seen, smile" in describe(person(blinks=[], measures=still), 1)


@pytest.mark.parametrize(
    ("frame_skip", "why"),
    [
        (5, "frames too far apart to see them, choose --frame-skip 1"),
        (1, "too few frames a second to see them"),
    ],
)
def test_what_cannot_be_seen_is_said_once_with_its_reason(frame_skip: int, why: str) -> None:
    someone = person(
        blinks=None,
        blinks_absent_reason="sampled_too_slowly",
        speaking_unknown_reason="sampled_too_slowly",
        measures=without("blinks_per_min", "speaking_share", "head_speed_deg_s"),
    )
    assert describe(someone, frame_skip).splitlines()[1:] == [
        "smile 25%",
        f"blinks, speaking, head movement: cannot tell ({why})",
    ]


def test_an_engine_without_actions_and_a_file_without_sound() -> None:
    someone = person(
        blinks=None,
        blinks_absent_reason="engine_reads_no_actions",
        speaking_unknown_reason="no_voice",
        measures=without("blinks_per_min", "smile_mean", "speaking_share", "head_speed_deg_s"),
    )
    assert describe(someone, 1).splitlines()[1:] == [
        "blinks, smile, head movement: cannot tell (the expression engine does not read them)",
        "speaking: cannot tell (no voice was read)",
    ]


def test_a_small_face_has_no_blinks_and_no_head_speed() -> None:
    someone = person(
        blinks=None,
        blinks_absent_reason="face_too_small",
        measures=without("blinks_per_min", "head_speed_deg_s"),
    )
    assert describe(someone, 5).splitlines()[1:] == [
        "smile 25%, speaking 50%",
        "blinks, head movement: cannot tell (the face is too small)",
    ]


def test_withheld_expressions_are_left_out_and_the_rest_is_told() -> None:
    someone = person()
    hidden = someone.model_copy(
        update={
            "mean_probabilities": None,
            "timeline": someone.timeline.model_copy(update={"probabilities": None}),
        }
    )
    assert describe(hidden, 1).splitlines() == [
        "expression certain in 4 of 4 frames",
        "2 blinks (12 a minute), smile 25%, speaking 50%, head turns 9°/s",
    ]
