"""The reference set: what neutral and calm speech looks like to our own extractor.

The numbers and where they come from are in `reference.json`, written by
`python -m training.reference.build`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from evolvisense.types.arrays import F64, require_shape
from evolvisense.types.indicators import Feature, Language

FILE = "reference.json"


@dataclass(frozen=True)
class Norm:
    """What one feature is compared with."""

    mean: float
    sd: float
    """Between people (or between the recordings of one), without the noise of chance."""
    noise_var_s: float
    """Variance of chance times seconds: a value that stands on T seconds of speech has the variance
    noise_var_s / T."""
    condition_sd: float
    """How far the same speech strays by another room, noise, microphone and codec and, where a
    network is asked, by another network; 0 against recordings made alike."""
    reliability: float
    """0-1: share of the variance between recordings with 30 s of speech, each made under conditions
    of its own, that is between people."""
    session_reliability: float
    """The same of recordings that were made alike."""
    retest_icc: float
    """0-1, exclusive: share of the variance that a person keeps from day to day."""
    is_provisional: bool
    """Not from the reference set: a published or an assumed figure."""
    source: str
    """Where the numbers come from, for people."""

    def measurement_sd(self, stands_on_s: float) -> float:
        """Standard deviation of a value measured over this many seconds; inf for 0 seconds.

        Chance, which averages out, and the conditions of recording, which do not.
        """
        if stands_on_s <= 0:
            return np.inf
        return float(np.sqrt(self.noise_var_s / stands_on_s + self.condition_sd**2))


@dataclass(frozen=True)
class Reference:
    """The reference set of one language."""

    language: Language
    norms: Mapping[Feature, Norm]
    features: tuple[Feature, ...]
    """Features whose correlations are known."""
    rho: F64
    """(F, F) correlations between people, shrunken toward 0, positive definite."""

    def __post_init__(self) -> None:
        require_shape("rho", self.rho, (len(self.features), len(self.features)))

    def correlations(self, features: Sequence[Feature]) -> F64:
        """(N, N); 0 between features of which no correlation is known, as of face and voice."""
        result = np.eye(len(features))
        known = [i for i, feature in enumerate(features) if feature in self.features]
        rows = [self.features.index(features[i]) for i in known]
        result[np.ix_(known, known)] = self.rho[np.ix_(rows, rows)]
        return result


@cache
def load_reference(language: Language = "any") -> Reference:
    """The shipped reference set of a language; `any` is all of them with equal weights."""
    return parse_reference(_document(), language)


def read_about() -> dict[str, Any]:
    """Where the shipped numbers come from: data, method, engines."""
    return _document()["about"]


def parse_reference(document: Mapping[str, Any], language: Language) -> Reference:
    """The reference set of a language from the parsed file."""
    about: dict[Feature, dict[str, Any]] = document["features"]
    norms: dict[Feature, dict[str, float]] = document["norms"][language]
    return Reference(
        language=language,
        norms={
            feature: Norm(
                mean=norm["mean"],
                sd=norm["sd"],
                noise_var_s=norm["noise_var_s"],
                condition_sd=norm["condition_sd"],
                reliability=about[feature]["reliability"],
                session_reliability=about[feature]["session_reliability"],
                retest_icc=about[feature]["retest_icc"],
                is_provisional=about[feature]["provisional"],
                source=about[feature]["source"],
            )
            for feature, norm in norms.items()
        },
        features=tuple(document["correlations"]["features"]),
        rho=np.array(document["correlations"]["rho"], np.float64),
    )


def _document() -> dict[str, Any]:
    text = (resources.files("evolvisense.indicators") / FILE).read_text(encoding="utf-8")
    return json.loads(text)
