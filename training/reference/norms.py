"""From what each speaker's clips say to means, spreads, noise, reliability and correlations.

All of it is pure; arrays are (S,) over speakers, (S, F) over features, (S, K, F) over random
splits of a speaker's clips into two halves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolvisense.types.arrays import F64

TYPICAL_S = 30.0
"""Reliability is that of a recording with this much speech (ours)."""
SPREAD_PRIOR = 10.0
"""Degrees of freedom that the spread of all languages counts for in that of one: nine speakers tell
a standard deviation to 25 % (ours)."""
FURTHEST_SD = 3.0
"""A deviation counts up to so many standard deviations between people, as z does in a report: one
voice an octave off in one room would else decide."""
SMALLEST_SHARE = 0.25
"""Of the variance between speakers at least this share is taken to be real, whatever the noise
between halves says (ours)."""


@dataclass(frozen=True)
class Sample:
    """What was measured on the speakers of the reference set."""

    language: NDArray[np.str_]
    sex: NDArray[np.str_]
    value: F64
    """(S, F) of all clips of a speaker; NaN where they cannot say."""
    seconds: F64
    """(S, F) that the value stands on."""
    halves: F64
    """(2, S, K, F)"""
    halves_s: F64
    """(2, S, K, F)"""

    @property
    def languages(self) -> list[str]:
        return sorted(set(self.language.tolist()))


@dataclass(frozen=True)
class Strays:
    """What D draws of conditions did to R recordings."""

    corpus: NDArray[np.str_]
    """(R,)"""
    deviation: F64
    """(R, D, F) from the recording as it is; NaN where a gate or the sound leaves no value."""


@dataclass(frozen=True)
class Spread:
    """Of one language; arrays (F,)."""

    mean: F64
    sd: F64


def noise_var_s(sample: Sample) -> F64:
    """(F,) variance of measuring times seconds.

    Two halves of one speaker's calm clips differ by noise alone: Var(a - b) = v (1/Ta + 1/Tb).
    Languages count equally.
    """
    first, second = sample.halves
    rate = 1 / sample.halves_s[0] + 1 / sample.halves_s[1]
    each = known_mean((first - second) ** 2 / rate, axis=1)
    return np.mean([known_mean(each[sample.language == x]) for x in sample.languages], axis=0)


def known_mean(values: F64, axis: int = 0) -> F64:
    """Mean of what is no NaN; NaN where all is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def spreads(sample: Sample, noise: F64) -> dict[str, Spread]:
    """Mean and standard deviation between speakers of each language, and `any`.

    The noise of measuring is taken out of the spread, which is drawn toward that of all languages.
    `any` speaks for a language that is not here: the variance between the means of the languages
    (of their corpora, really) is added to that within them.
    """
    means, variances, freedom = {}, {}, {}
    for language in sample.languages:
        value = sample.value[sample.language == language]
        seconds = sample.seconds[sample.language == language]
        known = np.isfinite(value)
        error = np.where(known, noise / np.maximum(seconds, 1e-9), np.nan)
        observed = np.nanvar(value, axis=0, ddof=1)
        means[language] = known_mean(value)
        variances[language] = np.maximum(observed - known_mean(error), SMALLEST_SHARE * observed)
        freedom[language] = known.sum(axis=0) - 1
    pooled = np.mean([variances[x] for x in sample.languages], axis=0)
    drawn = {
        x: (freedom[x] * variances[x] + SPREAD_PRIOR * pooled) / (freedom[x] + SPREAD_PRIOR)
        for x in sample.languages
    }
    result = {x: Spread(means[x], np.sqrt(drawn[x])) for x in sample.languages}
    table = np.array([means[x] for x in sample.languages])
    result["any"] = Spread(table.mean(axis=0), np.sqrt(pooled + table.var(axis=0, ddof=1)))
    return result


def condition_var(strays: Strays, sd: F64) -> F64:
    """(F,) mean square of the deviations, up to FURTHEST_SD of sd (F,); corpora count equally.

    About 0 and not about their mean: the means of the reference set stand on the recordings as
    they are, so what conditions do on average is an error as well.
    """
    each = np.clip(strays.deviation, -FURTHEST_SD * sd, FURTHEST_SD * sd) ** 2
    of_corpus = [
        known_mean(each[strays.corpus == x].reshape(-1, each.shape[-1]))
        for x in sorted(set(strays.corpus.tolist()))
    ]
    return known_mean(np.array(of_corpus))


def network_var(strangers: F64) -> F64:
    """(F,) variance between networks that heard the same recordings: (R, networks, F)."""
    return known_mean(strangers.var(axis=1, ddof=1))


def reliability(spread: dict[str, Spread], noise: F64, conditions: F64 | float = 0.0) -> F64:
    """(F,) 0-1: variance between speakers over all variance of a recording of TYPICAL_S.

    The correlation that two such recordings of the same speakers would have (Spearman-Brown),
    within a language, mean over languages; `conditions` (F,) is the variance of conditions that the
    two do not share. The clips of a speaker come from one session: between days it is less.
    """
    error = noise / TYPICAL_S + conditions
    each = [s.sd**2 / (s.sd**2 + error) for x, s in spread.items() if x != "any"]
    return np.clip(np.mean(each, axis=0), 0, 1)


def correlations(sample: Sample, spread: dict[str, Spread]) -> tuple[F64, float]:
    """(F, F) between speakers of one language and sex, and how far it was shrunken toward 0.

    Sexes are centred apart, for F0 level would tie everything that differs between them.
    Languages count equally; shrinkage after Schafer & Strimmer 2005.
    """
    z = np.full_like(sample.value, np.nan)
    weight = np.zeros(len(sample.value))
    for language in sample.languages:
        mine = sample.language == language
        weight[mine] = 1 / mine.sum()
        for sex in set(sample.sex[mine].tolist()):
            group = mine & (sample.sex == sex)
            z[group] = sample.value[group] - known_mean(sample.value[group])
        z[mine] /= spread[language].sd
    z = np.where(np.isfinite(z), z, 0.0)
    weight /= weight.sum()
    z /= np.sqrt((weight[:, None] * z**2).sum(axis=0))
    products = z[:, :, None] * z[:, None, :]
    rho = (weight[:, None, None] * products).sum(axis=0)
    effective = 1 / (weight**2).sum()
    doubt = (weight[:, None, None] * (products - rho) ** 2).sum(axis=0) / (effective - 1)
    off = ~np.eye(len(rho), dtype=bool)
    shrink = float(np.clip(doubt[off].sum() / (rho[off] ** 2).sum(), 0, 1))
    shrunken = np.where(off, (1 - shrink) * rho, 1.0)
    return shrunken, shrink
