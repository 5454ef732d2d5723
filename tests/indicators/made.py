"""Made-up evidence and a made-up reference set, in which every number is easy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from evolvisense.indicators import Norm, Reference
from evolvisense.types.indicators import (
    FACE_FEATURES,
    FEATURES,
    Evidence,
    FaceEvidence,
    Feature,
    Indicator,
    Indicators,
    Measured,
    VoiceEvidence,
)

VOICE = VoiceEvidence(
    speech_s=60.0, voiced_s=30.0, snr_db=30.0, clipped_share=0.0, several_speakers=False
)
FACE = FaceEvidence(
    frames=1800, share_of_frames=1.0, eye_distance_px=80.0, yaw_deg=5.0, rate_hz=30.0, seen_s=60.0
)
VOICE_FEATURES: tuple[Feature, ...] = tuple(f for f in FEATURES if f not in FACE_FEATURES)

NORM = Norm(
    mean=0.0,
    sd=1.0,
    noise_var_s=0.0,
    condition_sd=0.0,
    reliability=1.0,
    session_reliability=1.0,
    retest_icc=0.5,
    is_provisional=False,
    source="made up",
)


def reference(
    rho: Mapping[tuple[Feature, Feature], float] | None = None, **norms: Norm
) -> Reference:
    """Means 0, spreads 1, no noise, all reliable and uncorrelated, but for what is given."""
    table = np.eye(len(FEATURES))
    for (a, b), value in (rho or {}).items():
        i, j = FEATURES.index(a), FEATURES.index(b)
        table[i, j] = table[j, i] = value
    return Reference(
        language="any",
        norms={feature: norms.get(feature, NORM) for feature in FEATURES},
        features=FEATURES,
        rho=table,
    )


def measured(value: float, stands_on_s: float = 30.0, spread: float = 0.0) -> Measured:
    """A value whose resamples lie `spread` around it."""
    return Measured(value, value + spread * np.linspace(-1, 1, 200), stands_on_s)


def evidence(
    values: Mapping[Feature, float],
    *,
    voice: VoiceEvidence | None = VOICE,
    face: FaceEvidence | None = FACE,
    blocks: int = 0,
    spread: float = 0.0,
) -> Evidence:
    return Evidence(
        measured={name: measured(value, spread=spread) for name, value in values.items()},
        missing={},
        voice=voice,
        face=face,
        blocks=blocks,
    )


def everything(value: float = 0.0) -> dict[Feature, float]:
    return dict.fromkeys(FEATURES, value)


def named(indicators: Indicators, name: str) -> Indicator:
    (found,) = (i for i in indicators.indicators if i.name == name)
    return found


def without(given: Evidence, *features: Feature) -> Evidence:
    kept = {f: m for f, m in given.measured.items() if f not in features}
    return replace(given, measured=kept)
