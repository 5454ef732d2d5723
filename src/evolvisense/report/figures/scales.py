"""Scales of measures, so that a difference is drawn as large as it is in usual speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evolvisense.report.words import FEATURE_NAMES, FEATURE_UNITS
from evolvisense.types.indicators import Feature


@dataclass(frozen=True)
class Scale:
    """A measure with its unit and the ends of its ruler: round numbers about what is usual, ours.
    They judge nothing.
    """

    label: str
    unit: str
    low: float
    high: float
    decimals: int


_ENDS: Mapping[Feature, tuple[float, float, int]] = {
    "f0_level_st": (-6, 24, 1),
    "f0_sd_st": (0, 8, 1),
    "f0_range_st": (0, 24, 1),
    "syllable_rate_hz": (0, 8, 1),
    "pause_share": (0, 1, 2),
    "pause_mean_log_s": (-2, 2, 2),
    "level_sd_db": (0, 15, 1),
    "level_range_db": (0, 40, 1),
    "voice_anger_or_fear": (0, 1, 2),
    "voice_fear": (0, 1, 2),
    "smile_share_silent": (0, 1, 2),
    "blinks_log_per_min": (0, 4.5, 2),
    "head_speed_log_deg_s": (0, 5, 2),
}

FEATURE_SCALES: Mapping[Feature, Scale] = {
    name: Scale(FEATURE_NAMES[name].capitalize(), FEATURE_UNITS[name], *ends)
    for name, ends in _ENDS.items()
}

VOICE_SCALES: Mapping[str, Scale] = {
    "f0_median_hz": Scale("Pitch, median (F0)", "Hz", 50, 400, 0),
    **{
        name: FEATURE_SCALES[name]
        for name in (
            "f0_sd_st",
            "f0_range_st",
            "syllable_rate_hz",
            "pause_share",
            "pause_mean_log_s",
            "level_sd_db",
            "level_range_db",
        )
    },
}
"""Fields of the voice's measures that two recordings are compared by."""


def widened(scale: Scale, values: Sequence[float]) -> tuple[float, float]:
    """The ends of the scale, moved out so far that the values are inside."""
    return min([scale.low, *values]), max([scale.high, *values])


def shown_unit(scale: Scale) -> str:
    """The unit beside a value; a range such as `0-1` is told by the ruler."""
    return "" if scale.unit.startswith("0-") else scale.unit
