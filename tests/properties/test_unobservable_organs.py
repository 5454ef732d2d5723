"""A feature whose organ could not be observed is missing with a reason, never a zero or a floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolvisense.face.behaviour import describe_people
from evolvisense.indicators import GATES
from evolvisense.indicators.features import (
    assemble,
    face_evidence,
    face_samples,
    plan_blocks,
    voice_evidence,
    voice_samples,
)
from evolvisense.indicators.gates import unusable
from evolvisense.types.indicators import FEATURES, Evidence, Feature
from evolvisense.types.voice import VoiceReading
from evolvisense.voice.measures import describe_voice
from evolvisense.voice.perturbation import PeriodMarks
from tests.factory.findings import LAYOUT, MAIN, frame_log, geometry, observations
from tests.factory.readings import spoken_reading, voice_reading

Organ = Literal["voice pitch", "speech", "mouth", "eyes", "head"]
ORGANS: tuple[Organ, ...] = get_args(Organ)
STANDS_ON: Mapping[Feature, tuple[Organ, ...]] = {
    "f0_level_st": ("voice pitch", "speech"),
    "f0_sd_st": ("voice pitch", "speech"),
    "f0_range_st": ("voice pitch", "speech"),
    "syllable_rate_hz": ("voice pitch", "speech"),
    "pause_share": ("speech",),
    "pause_mean_log_s": ("speech",),
    "level_sd_db": ("voice pitch", "speech"),
    "level_range_db": ("voice pitch", "speech"),
    "voice_anger_or_fear": ("voice pitch", "speech"),
    "voice_fear": ("voice pitch", "speech"),
    "smile_share_silent": ("mouth", "head"),
    "blinks_log_per_min": ("eyes", "head"),
    "head_speed_log_deg_s": ("head",),
}
"""`head` hidden is a still image: then neither eyes nor mouth are seen to move."""
RATE_HZ = 25
LENGTH_S = 60.0
TIMES = np.arange(0, LENGTH_S, 1 / RATE_HZ)


def voice(hidden: frozenset[Organ], seed: int) -> VoiceReading:
    """A minute with pauses, whispered or without speech where that is hidden."""
    if "speech" in hidden:
        return voice_reading(0.0, LENGTH_S, [])
    spans = [(float(start_s), start_s + 4.0) for start_s in range(0, 60, 5)]
    reading = spoken_reading(0.0, LENGTH_S, spans, seed)
    if "voice pitch" not in hidden:
        return reading
    f0_hz = np.full(len(reading.frames.pts_s), np.nan, np.float32)
    frames, syllables = replace(reading.frames, f0_hz=f0_hz), np.zeros(0)
    features = describe_voice(
        frames, PeriodMarks(np.zeros(0), np.zeros(0)), reading.segments, syllables, LENGTH_S
    )
    return replace(reading, frames=frames, syllable_s=syllables, features=features)


def evidence(hidden: frozenset[Organ], seed: int, covered_share: float) -> Evidence:
    """A face that moves and a voice that speaks, but for the hidden organs."""
    rng = np.random.default_rng(seed)
    count = len(TIMES)
    noise = np.zeros(count) if "head" in hidden else np.cumsum(rng.normal(0, 1, count))
    sway = 8 * np.sin(noise / 5)
    # Behind a cover the network says what it likes.
    closure = 0.1 + 0.7 * (np.abs(np.sin(TIMES)) > 0.999) if "head" not in hidden else 0.1
    covers = rng.random(count) < covered_share
    nothing = np.zeros(count, np.bool_)
    shape = replace(
        geometry(
            count,
            closure=closure,
            smile=0.5 + 0.0 * sway,
            pose_deg=np.stack([sway, sway / 2, 0 * sway], axis=1),
            mouth_gap=np.abs(sway) / 40,
            eye_distance_px=70.0,
        ),
        eyes_covered=covers if "eyes" in hidden else nothing,
        mouth_covered=covers if "mouth" in hidden else nothing,
    )
    faces, log = observations(range(count), face_geometry=shape), frame_log(TIMES)
    reading = voice(hidden, seed)
    (main,) = describe_people([MAIN], log, faces, LAYOUT, reading.segments, smooth=True)
    blocks = plan_blocks(0.0, LENGTH_S)
    measured, missing = face_samples(main, blocks)
    return assemble(
        voice_samples(reading, blocks),
        voice_evidence(reading),
        measured,
        face_evidence(main, log, faces),
        missing=missing,
        blocks=len(blocks),
    )


def test_every_feature_says_which_organs_it_stands_on():
    assert set(STANDS_ON) == set(FEATURES)
    assert {organ for organs in STANDS_ON.values() for organ in organs} == set(ORGANS)


@settings(max_examples=30, deadline=None)
@given(
    st.frozensets(st.sampled_from(ORGANS), min_size=1),
    st.integers(0, 1000),
    st.floats(0.6, 1.0),
)
def test_what_cannot_be_observed_is_missing(
    hidden: frozenset[Organ], seed: int, covered_share: float
):
    reasons = unusable(evidence(hidden, seed, covered_share), GATES)
    for feature, organs in STANDS_ON.items():
        if hidden & set(organs):
            assert feature in reasons, f"{feature} has a value although {hidden} is hidden"
            assert reasons[feature] not in {"no_pause", "never_silent", "no_reference"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_every_organ_in_sight_every_feature_is_measured(seed: int):
    assert unusable(evidence(frozenset(), seed, 0.0), GATES) == {}
