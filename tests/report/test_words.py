"""Every code of a report has words."""

from __future__ import annotations

from typing import get_args

import pytest

from evolvisense.indicators.gates import GATES
from evolvisense.report import words
from evolvisense.report.parts import VoiceAbsentReason
from evolvisense.types.behaviour import UNCERTAINTIES, AbsentReason
from evolvisense.types.indicators import FEATURES, INDICATORS, Language, MissingReason


def test_every_code_has_words() -> None:
    assert set(words.FEATURE_NAMES) == set(words.FEATURE_UNITS) == set(FEATURES)
    assert set(words.INDICATOR_MEANINGS) == set(INDICATORS)
    assert set(words.WHY_MISSING) == set(get_args(MissingReason))
    assert {"", *words.WHY_UNCERTAIN} == set(UNCERTAINTIES)
    assert set(words.WHY_ABSENT) == set(get_args(AbsentReason))
    assert set(words.WHY_NO_VOICE) == set(get_args(VoiceAbsentReason))
    assert set(words.REFERENCES) == set(get_args(Language))


@pytest.mark.parametrize(
    ("reason", "limit"),
    [
        ("too_little_voiced_speech", f"{GATES.min_voiced_s:.0f} s"),
        ("too_little_speech", f"{GATES.min_speech_s:.0f} s"),
        ("too_noisy", f"{GATES.min_snr_db:.0f} dB"),
        ("too_few_face_frames", f"{GATES.min_face_frames} frames"),
        ("face_seen_too_rarely", f"{100 * GATES.min_face_share:.0f} %"),
        ("face_too_small", f"{GATES.min_eye_distance_px:.0f} pixels"),
        ("face_turned_away", f"{GATES.max_yaw_deg:.0f} degrees"),
        ("seen_too_short_for_blinks", f"{GATES.min_blink_seen_s:.0f} s"),
    ],
)
def test_words_name_the_limits_of_the_gates(reason: MissingReason, limit: str) -> None:
    assert limit in words.WHY_MISSING[reason]
