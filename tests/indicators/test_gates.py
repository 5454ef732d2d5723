"""Each gate at its boundary."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evolvisense.indicators import GATES, LIFTED
from evolvisense.indicators.features import assemble
from evolvisense.indicators.gates import unusable
from evolvisense.types import indicators
from evolvisense.types.indicators import FEATURES, Evidence, Feature, MissingReason
from tests.indicators.made import FACE, VOICE, everything, evidence, measured, without

FULL = evidence(everything())
FACE_FEATURES = frozenset(indicators.FACE_FEATURES)
SPEECH_FEATURES = frozenset(indicators.SPEECH_FEATURES)
VOICED_FEATURES = frozenset((*indicators.VOICED_FEATURES, *indicators.EMOTION_FEATURES))


def changed(side: str, **values: Any) -> Evidence:
    if side == "voice":
        return replace(FULL, voice=replace(VOICE, **values))
    return replace(FULL, face=replace(FACE, **values))


def test_every_feature_has_gates() -> None:
    assert set(FEATURES) == VOICED_FEATURES | SPEECH_FEATURES | FACE_FEATURES
    assert unusable(FULL, GATES) == {}


@pytest.mark.parametrize(
    ("side", "field", "passes", "fails", "reason", "features"),
    [
        ("voice", "voiced_s", 10.0, 9.99, "too_little_voiced_speech", VOICED_FEATURES),
        ("voice", "speech_s", 20.0, 19.99, "too_little_speech", SPEECH_FEATURES),
        ("voice", "snr_db", 15.0, 14.99, "too_noisy", VOICED_FEATURES | SPEECH_FEATURES),
        ("voice", "clipped_share", 0.0099, 0.01, "clipped", VOICED_FEATURES | SPEECH_FEATURES),
        (
            "voice",
            "several_speakers",
            False,
            True,
            "several_speakers",
            VOICED_FEATURES | SPEECH_FEATURES,
        ),
        ("face", "frames", 150, 149, "too_few_face_frames", FACE_FEATURES),
        ("face", "share_of_frames", 0.6, 0.599, "face_seen_too_rarely", FACE_FEATURES),
        ("face", "eye_distance_px", 40.0, 39.9, "face_too_small", FACE_FEATURES),
        ("face", "yaw_deg", 30.0, 30.1, "face_turned_away", FACE_FEATURES),
        ("face", "rate_hz", 14.985, 14.8, "too_few_frames_per_second", FACE_FEATURES),
        ("face", "rate_hz", 23.976, 23.7, "too_few_frames_per_second", {"blinks_log_per_min"}),
        ("face", "seen_s", 30.0, 29.9, "seen_too_short_for_blinks", {"blinks_log_per_min"}),
    ],
)
def test_boundary(
    side: str,
    field: str,
    passes: Any,
    fails: Any,
    reason: MissingReason,
    features: set[Feature],
) -> None:
    others = {"blinks_log_per_min"}
    good = unusable(changed(side, **{field: passes}), GATES)
    assert set(good) <= others
    bad = unusable(changed(side, **{field: fails}), GATES)
    assert {f for f, why in bad.items() if why == reason} >= features
    assert set(bad) <= features | others


def test_noise_and_eyes_that_could_not_be_measured_fail_no_gate() -> None:
    assert unusable(changed("voice", snr_db=None), GATES) == {}
    assert unusable(changed("face", eye_distance_px=None, yaw_deg=None), GATES) == {}


def test_no_voice_and_no_face() -> None:
    reasons = unusable(assemble(None, None, None, None), GATES)
    assert set(reasons) == set(FEATURES)
    assert {reasons[f] for f in FACE_FEATURES} == {"no_face"}
    assert {reasons[f] for f in VOICED_FEATURES | SPEECH_FEATURES} == {"no_voice"}


def test_what_could_not_be_measured_says_why() -> None:
    half = without(FULL, "f0_sd_st", "syllable_rate_hz", "head_speed_log_deg_s")
    assert unusable(half, GATES) == {
        "f0_sd_st": "too_little_voiced_speech",
        "syllable_rate_hz": "too_little_speech",
        "head_speed_log_deg_s": "engine_reads_no_actions",
    }
    told = replace(half, missing={"head_speed_log_deg_s": "face_too_small"})
    assert unusable(told, GATES)["head_speed_log_deg_s"] == "face_too_small"


@pytest.mark.parametrize("bad", [measured(np.nan), measured(1.0, stands_on_s=0.0)])
def test_a_value_that_is_none_is_not_there(bad: Any) -> None:
    broken = replace(FULL, measured={**FULL.measured, "f0_sd_st": bad})
    assert unusable(broken, GATES) == {"f0_sd_st": "too_little_voiced_speech"}


def test_lifted_gates_let_short_clips_through_and_keep_the_rest() -> None:
    short = replace(
        FULL,
        voice=replace(VOICE, speech_s=1.5, voiced_s=0.8, several_speakers=True),
        face=replace(FACE, frames=60, seen_s=2.0),
    )
    assert unusable(short, LIFTED) == {}
    assert len(unusable(short, GATES)) == len(FEATURES)
    for side, field, value in (
        ("voice", "snr_db", 10.0),
        ("voice", "clipped_share", 0.5),
        ("face", "yaw_deg", 50.0),
        ("face", "eye_distance_px", 20.0),
        ("face", "share_of_frames", 0.3),
        ("face", "rate_hz", 5.0),
    ):
        assert unusable(changed(side, **{field: value}), LIFTED)


def test_assemble_tells_speech_without_pauses() -> None:
    voice = {f: measured(0.0) for f in ("f0_sd_st", "pause_share")}
    found = assemble(voice, VOICE, blocks=4)  # type: ignore[arg-type]
    assert found.missing == {"pause_mean_log_s": "no_pause"}
    assert found.blocks == 4
    assert found.face is None


def test_assemble_takes_reasons_but_not_against_a_measurement() -> None:
    face = {"smile_share_silent": measured(0.2)}
    found = assemble(
        None,
        None,
        face,  # type: ignore[arg-type]
        FACE,
        missing={"smile_share_silent": "never_silent", "blinks_log_per_min": "face_too_small"},
    )
    assert found.missing == {"blinks_log_per_min": "face_too_small"}
    assert set(found.measured) == {"smile_share_silent"}


def test_little_speech_goes_before_no_pause() -> None:
    voice = {f: measured(0.0) for f in ("pause_share", "syllable_rate_hz")}
    fluent = assemble(voice, replace(VOICE, speech_s=5.0))  # type: ignore[arg-type]
    assert unusable(fluent, GATES)["pause_mean_log_s"] == "too_little_speech"
    assert unusable(fluent, LIFTED)["pause_mean_log_s"] == "no_pause"
