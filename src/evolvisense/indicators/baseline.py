"""A person's own recordings as the thing to compare with.

Leave-one-speaker-out accuracy of speech emotion rises from 0.66 to 0.80 (EMO-DB) with normalisation
by speaker: the largest single gain there is (SCIENCE.md section 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evolvisense.indicators.reference import Norm, Reference
from evolvisense.types.arrays import F64
from evolvisense.types.indicators import BaselineChange, BaselineUse, Feature, Measured

MIN_RECORDINGS = 3
MIN_DAYS = 2
"""One day is one mood, one cold and one room (ours)."""
SPREAD_PRIOR = 4.0
"""Degrees of freedom that the population's spread between days counts for: three recordings
do not suffice to estimate a spread (ours)."""
RELIABLE_CHANGE = 1.96 * float(np.sqrt(2))
"""Standard errors by which two measurements of an unchanged person differ in one case of twenty
(Jacobson & Truax 1991)."""


@dataclass(frozen=True)
class Baseline:
    """Feature values of earlier recordings of one person, one task and one device."""

    recordings: int
    days: int
    values: Mapping[Feature, F64]
    """(n,) for each feature, one for each recording that had it; n <= recordings."""

    def use(self, changes: tuple[BaselineChange, ...] = ()) -> BaselineUse:
        """What the report says of it."""
        return BaselineUse(
            recordings=self.recordings,
            days=self.days,
            changes=changes,
            missing_recordings=max(MIN_RECORDINGS - self.recordings, 0),
            missing_days=max(MIN_DAYS - self.days, 0),
        )


def personal_norms(baseline: Baseline, reference: Reference) -> dict[Feature, Norm]:
    """Norms of the features that enough recordings have; empty where the baseline is too small."""
    if not baseline.use().is_used:
        return {}
    return {
        feature: personal_norm(values, reference.norms[feature])
        for feature, values in baseline.values.items()
        if feature in reference.norms and len(values) >= MIN_RECORDINGS
    }


def personal_norm(values: F64, norm: Norm) -> Norm:
    """Mean and spread of a person's n values, each drawn toward what holds for everybody.

    mean = (n xbar + k mu) / (n + k) with k = variance between days / variance between people, which
    is (1 - ICC) / ICC of the retest; the spread likewise is the person's own and k sd^2, weighted
    by their degrees of freedom, n - 1 and SPREAD_PRIOR. One task and device: what conditions of
    recording and the network do is in the person's mean already and adds nothing.
    """
    n, own = len(values), float(np.mean(values))
    k = (1 - norm.retest_icc) / norm.retest_icc
    squares = float(np.square(values - own).sum())
    variance = (SPREAD_PRIOR * k * norm.sd**2 + squares) / (SPREAD_PRIOR + n - 1)
    return replace(
        norm,
        mean=(n * own + k * norm.mean) / (n + k),
        sd=float(np.sqrt(variance)),
        condition_sd=0.0,
        reliability=norm.session_reliability,
    )


def changes(
    measured: Mapping[Feature, Measured], norms: Mapping[Feature, Norm]
) -> tuple[BaselineChange, ...]:
    """Each value against the personal norm.

    The standard error of measurement is the spread between the person's own days and the noise of
    measuring so short a recording, together.
    """
    found: list[BaselineChange] = []
    for feature, norm in norms.items():
        if feature not in measured:
            continue
        value = measured[feature].value
        error = float(np.hypot(norm.sd, norm.measurement_sd(measured[feature].stands_on_s)))
        change = value - norm.mean
        is_reliable = abs(change) > RELIABLE_CHANGE * error
        found.append(BaselineChange(feature, value, norm.mean, change, is_reliable))
    return tuple(found)
