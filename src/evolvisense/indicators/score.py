"""Which feature moves which indicator, in which direction and how much: SCIENCE.md section 4.

A row is one marker of the table. Where two features measure the same marker (how much is paused and
how long), each has half of its weight. Voice quality (jitter, shimmer, HNR, CPP, tilt) and heart
rate have the weight 0 and are therefore no features at all.

Indicators v2: shrunken relative ranks that carry their evidence (SCIENCE.md section 4).

    z_i = clip((x_i - mu_i) / sqrt(sigma_i^2 + sigma_measure,i^2), +-3)
    S = sum(w_i r_i z_i) / sqrt(sum_ij w_i w_j r_i r_j rho_ij)      w_i: direction times weight
    score = 100 Phi(lambda S)

over the features that count. If the z were those of a random person of the reference set, S would
be standard normal; lambda < 1 draws the score toward 50 because w and r are not known that well.
With a personal baseline rho is still the one between people: an individual one is not known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from evolvisense.indicators.baseline import Baseline, changes, personal_norms
from evolvisense.indicators.gates import GATES, Gates, unusable
from evolvisense.indicators.reference import Norm, Reference
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import (
    FEATURES,
    INDICATORS,
    Contribution,
    Evidence,
    Feature,
    FeatureReading,
    Indicator,
    IndicatorName,
    Indicators,
    Measured,
    MissingReason,
)

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
"""Across people F0 level depends on sex, and under stress it falls in one person of four (Giddens
2013): it has a weight only against the person's own recordings."""


def weights_for(
    indicator: IndicatorName, missing: Mapping[Feature, MissingReason]
) -> dict[Feature, float]:
    """Weights in this recording, 0 for a feature that has none in it.

    A weight that does not exist without a baseline is not in the denominator of coverage either.
    Without a pause the mean length of pauses is undefined, and the share of pauses, 0, says all
    that the marker can say: it takes both halves.
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


Z_LIMIT = 3.0
"""No single feature decides an indicator."""
CENTRAL_90_SD = 1.645
"""Standard deviations on each side of the mean that hold 90 % of a normal distribution."""
SHRINKAGE = 0.5
"""Lambda against the reference set."""
SHRINKAGE_BASELINE = 0.8
"""Lambda against the person's own recordings."""
MIN_COVERAGE = 0.5
"""Inclusive."""
MIN_BLOCKS = 3
"""Fewer blocks than this have too few different resamples to be an interval (ours)."""
INTERVAL_PCT = (5.0, 95.0)
_EPSILON = 1e-9
"""Weights are decimal fractions: half of them may miss 0.5 in the last bit."""


@dataclass(frozen=True)
class Standing:
    """Where a feature stands among others; z clipped."""

    value: float
    norm: Norm
    measurement_sd: float
    z: float
    z_resampled: F64
    """(R,), NaN where a resample cannot say."""


def score_v2(
    evidence: Evidence,
    reference: Reference,
    *,
    baseline: Baseline | None = None,
    gates: Gates = GATES,
) -> Indicators:
    """All indicators of one recording; a baseline that is too small is reported and not used."""
    personal = {} if baseline is None else personal_norms(baseline, reference)
    norms: dict[Feature, Norm] = {**reference.norms, **personal}
    gated = unusable(evidence, gates)
    usable: dict[Feature, Measured] = {
        feature: evidence.measured[feature] for feature in FEATURES if feature not in gated
    }
    missing: dict[Feature, MissingReason] = {**_incomparable(usable, norms, personal), **gated}
    standings: dict[Feature, Standing] = {
        feature: standing(measured, norms[feature])
        for feature, measured in usable.items()
        if feature not in missing
    }
    shrinkage = SHRINKAGE_BASELINE if personal else SHRINKAGE
    return Indicators(
        indicators=tuple(
            _indicator(name, standings, missing, reference, shrinkage, evidence.blocks)
            for name in INDICATORS
        ),
        features=tuple(_reading(f, usable.get(f), gated.get(f)) for f in FEATURES),
        language=reference.language,
        shrinkage=shrinkage,
        blocks=evidence.blocks,
        baseline=None if baseline is None else baseline.use(changes(usable, personal)),
        usual=usual_ranges(reference),
    )


def usual_ranges(reference: Reference) -> dict[Feature, tuple[float, float]]:
    """Central 90 % of people (mean -+ 1.645 SD) of every feature measured in the reference set."""
    return {
        feature: (norm.mean - CENTRAL_90_SD * norm.sd, norm.mean + CENTRAL_90_SD * norm.sd)
        for feature, norm in reference.norms.items()
        if not norm.is_provisional
    }


def _incomparable(
    usable: Mapping[Feature, Measured],
    norms: Mapping[Feature, Norm],
    personal: Mapping[Feature, Norm],
) -> dict[Feature, MissingReason]:
    """Of every usable feature that there is nothing to compare with, what is missing."""
    reasons: dict[Feature, MissingReason] = {}
    for feature in usable:
        if feature in BASELINE_ONLY and feature not in personal:
            reasons[feature] = "no_baseline"
        elif feature not in norms:
            reasons[feature] = "no_reference"
    return reasons


def _reading(
    feature: Feature, measured: Measured | None, reason: MissingReason | None
) -> FeatureReading:
    if measured is None:
        return FeatureReading(feature, None, reason, None)
    return FeatureReading(feature, measured.value, None, measured.stands_on_s)


def standing(measured: Measured, norm: Norm) -> Standing:
    """Z of a feature; its resamples stand on the same time and have the same denominator."""
    measurement_sd = norm.measurement_sd(measured.stands_on_s)
    spread = math.hypot(norm.sd, measurement_sd)

    def z(values: F64) -> F64:
        return np.clip((values - norm.mean) / spread, -Z_LIMIT, Z_LIMIT)

    return Standing(
        value=measured.value,
        norm=norm,
        measurement_sd=measurement_sd,
        z=float(z(np.array(measured.value))),
        z_resampled=z(measured.resampled),
    )


def score_of(s: float, shrinkage: float) -> float:
    """100 Phi(shrinkage x s), 0-100."""
    return 50 * (1 + math.erf(shrinkage * s / math.sqrt(2)))


def _indicator(
    name: IndicatorName,
    standings: Mapping[Feature, Standing],
    missing: Mapping[Feature, MissingReason],
    reference: Reference,
    shrinkage: float,
    blocks: int,
) -> Indicator:
    weights = weights_for(name, missing)
    counting: list[Feature] = [f for f in weights if f in standings]
    loads = np.array([weights[f] * standings[f].norm.reliability for f in counting])
    rho = reference.correlations(counting)
    coverage = _coverage(weights, counting)
    denominator = float(np.sqrt(loads @ rho @ loads))
    has_score = coverage >= MIN_COVERAGE - _EPSILON and denominator > 0
    parts: dict[Feature, float] = {}
    if has_score:
        z = np.array([standings[f].z for f in counting])
        parts = dict(zip(counting, (loads * z / denominator).tolist(), strict=True))
    resampled = np.array([standings[f].z_resampled for f in counting])
    return Indicator(
        name=name,
        score=score_of(math.fsum(parts.values()), shrinkage) if has_score else None,
        no_score_reason=None if has_score else "too_little_evidence",
        interval=_interval(resampled, loads, rho, shrinkage)
        if has_score and blocks >= MIN_BLOCKS
        else None,
        coverage=coverage,
        contributions=tuple(
            _contribution(f, w, standings.get(f), missing.get(f), parts.get(f))
            for f, w in weights.items()
        ),
    )


def _coverage(weights: Mapping[Feature, float], counting: list[Feature]) -> float:
    there = math.fsum(abs(weights[feature]) for feature in counting)
    return min(there / math.fsum(map(abs, weights.values())), 1.0)


def _interval(z: F64, loads: F64, rho: F64, shrinkage: float) -> tuple[float, float] | None:
    """P5 and P95 of the scores of resamples z (F, R).

    Where a resample holds nothing of a feature, it is scored by the others only, as a recording
    would be.
    """
    there = np.isfinite(z)
    loads_there = np.where(there, loads[:, None], 0.0)
    squared = np.einsum("ir,ij,jr->r", loads_there, rho, loads_there)
    usable = squared > 0
    if not usable.any():
        return None
    total = (loads_there * np.where(there, z, 0.0)).sum(axis=0)
    scores = [score_of(s, shrinkage) for s in total[usable] / np.sqrt(squared[usable])]
    low, high = np.percentile(scores, INTERVAL_PCT)
    return float(low), float(high)


def _contribution(
    feature: Feature,
    weight: float,
    at: Standing | None,
    missing_reason: MissingReason | None,
    part: float | None,
) -> Contribution:
    return Contribution(
        feature=feature,
        missing_reason=missing_reason,
        value=None if at is None else at.value,
        reference_mean=None if at is None else at.norm.mean,
        reference_sd=None if at is None else at.norm.sd,
        measurement_sd=None if at is None else at.measurement_sd,
        z=None if at is None else at.z,
        weight=weight,
        reliability=None if at is None else at.norm.reliability,
        contribution=part,
    )
