"""Which feature moves which indicator, in which direction and how much: SCIENCE.md section 4.

A row is one marker of the table. Where two features tell the same marker (how much is paused and
how long), each has half of its weight. Voice quality (jitter, shimmer, HNR, CPP, tilt) and heart
rate have the weight 0 and are therefore no features at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evolvisense.types.indicators import Feature, IndicatorName, MissingReason

Row = Mapping[Feature, float]

WEIGHTS: Mapping[IndicatorName, Row] = MappingProxyType(
    {
        "activation": {
            "f0_level_st": +0.25,
            "f0_sd_st": +0.10,
            "syllable_rate_hz": +0.10,
            "level_sd_db": +0.10,
            "voice_anger_or_fear": +0.15,
            "smile_share_silent": -0.10,
            "blinks_log_per_min": +0.10,
            "head_speed_log_deg_s": +0.10,
        },
        "tension": {
            "f0_level_st": +0.25,
            "pause_share": +0.05,
            "pause_mean_log_s": +0.05,
            "voice_fear": +0.20,
            "smile_share_silent": -0.10,
            "blinks_log_per_min": +0.15,
            "head_speed_log_deg_s": +0.05,
        },
        "slowing": {
            "f0_sd_st": -0.15,
            "syllable_rate_hz": -0.20,
            "pause_share": +0.125,
            "pause_mean_log_s": +0.125,
            "level_sd_db": -0.10,
            "smile_share_silent": -0.10,
            "head_speed_log_deg_s": -0.15,
        },
        # Confident voices have the widest F0 and loudness, unconfident ones are slow and pause
        # (Jiang & Pell 2017).
        "assertiveness": {
            "f0_range_st": +0.30,
            "level_range_db": +0.30,
            "syllable_rate_hz": +0.20,
            "pause_share": -0.10,
            "pause_mean_log_s": -0.10,
        },
    }
)
"""Direction times weight of every feature of an indicator."""

BASELINE_ONLY: frozenset[Feature] = frozenset({"f0_level_st"})
"""Across people F0 level tells the sex, and under stress it falls in one person of four (Giddens
2013): it has a weight only against the person's own recordings."""


def weights_for(
    indicator: IndicatorName, missing: Mapping[Feature, MissingReason]
) -> dict[Feature, float]:
    """Weights in this recording, 0 for a feature that has none in it.

    A weight that does not exist without a baseline is not in the denominator of coverage either.
    Speech without a pause has no mean length of pauses, and the share of pauses, 0, says all that
    the marker can say: it takes both halves.
    """
    row = WEIGHTS[indicator]
    weights: dict[Feature, float] = {
        feature: 0.0 if feature in BASELINE_ONLY and feature in missing else weight
        for feature, weight in row.items()
    }
    is_fluent = missing.get("pause_mean_log_s") == "no_pause" and "pause_share" not in missing
    if is_fluent and "pause_mean_log_s" in row:
        weights["pause_share"] += weights["pause_mean_log_s"]
        weights["pause_mean_log_s"] = 0.0
    return weights
