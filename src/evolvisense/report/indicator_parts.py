"""Parts of the report about the indicators: how each was made, and why one is not there."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evolvisense.report.columns import Part
from evolvisense.types.indicators import (
    Feature,
    IndicatorName,
    Language,
    MissingReason,
    NoScoreReason,
)

Withheld = Literal["withheld"]
"""Left out of the report on request (`report.withheld`)."""


class ContributionPart(Part):
    """One feature's part in an indicator; null where the feature does not count."""

    feature: Feature = Field(description="Its name, with its unit; logarithms are natural.")
    missing_reason: MissingReason | None = Field(description="Why it does not count.")
    value: float | None = Field(description="Measured in this recording.")
    reference_mean: float | None = Field(
        description="Mean of the reference set, or of the personal baseline drawn towards it."
    )
    reference_sd: float | None = Field(description="Standard deviation there.")
    measurement_sd: float | None = Field(
        description="How far such a recording strays by chance and by how it was made."
    )
    z: float | None = Field(
        description="(value - reference_mean) / sqrt(reference_sd^2 + measurement_sd^2), clipped "
        "to +-3."
    )
    weight: float = Field(description="Weight with its direction.")
    reliability: float | None = Field(description="How repeatable the feature is, 0-1.")
    contribution: float | None = Field(description="Its part of the sum behind the score.")


class IndicatorPart(Part):
    """A shrunken relative rank, 0-100, of what was seen and heard; 50 is the middle of the
    reference set. Not a probability, and not a condition of a person.
    """

    name: IndicatorName = Field(
        description="activation, tension, slowing (low expressivity and slowing) or assertiveness "
        "(perceived vocal confidence)."
    )
    score: float | None = Field(description="0-100; null without enough evidence.")
    no_score_reason: NoScoreReason | Withheld | None = Field(
        description="Why `score` is null; the contributions say what is missing."
    )
    interval_low: float | None = Field(
        description="Lower end of the 90 % interval (block bootstrap over 5 s)."
    )
    interval_high: float | None = Field(description="Upper end.")
    coverage: float = Field(
        description="Weight of the features that count over the weight of all, 0-1; under 0.5 "
        "there is no score."
    )
    contributions: list[ContributionPart] = Field(
        description="Every feature of the indicator; none where it is withheld."
    )


class FeaturePart(Part):
    """A feature of the recording."""

    name: Feature = Field(description="Its name, with its unit; logarithms are natural.")
    value: float | None = Field(description="null where it could not be measured well enough.")
    missing_reason: MissingReason | Withheld | None = Field(description="Why it is null.")
    stands_on_s: float | None = Field(
        description="Seconds of speech, voiced speech or face that it was measured on."
    )


class ChangePart(Part):
    """A feature against the person's own recordings."""

    feature: Feature = Field(description="Its name, with its unit; logarithms are natural.")
    value: float = Field(description="Of this recording.")
    baseline_mean: float = Field(description="Mean of the person's recordings.")
    change: float = Field(description="value - baseline_mean.")
    is_reliable: bool = Field(
        description="Whether the change exceeds 1.96 sqrt(2) standard errors of measurement "
        "(Jacobson & Truax 1991)."
    )


class BaselinePart(Part):
    """The personal baseline that was given."""

    is_used: bool = Field(
        description="Whether the indicators are relative to it: from 3 recordings on 2 days on."
    )
    recordings: int = Field(description="Recordings in it.")
    days: int = Field(description="Days on which they were made.")
    missing_recordings: int = Field(description="How many more it needs before it is used.")
    missing_days: int = Field(description="Over how many more days they must be spread.")
    changes: list[ChangePart] = Field(description="Features of which both sides are known.")


class WindowScore(Part):
    """One indicator of one window; what it is made of is told for the whole recording only."""

    name: IndicatorName = Field(description="Its name.")
    score: float | None = Field(description="0-100; null without enough evidence in the window.")
    no_score_reason: NoScoreReason | Withheld | None = Field(description="Why `score` is null.")
    interval_low: float | None = Field(description="Lower end of the 90 % interval.")
    interval_high: float | None = Field(description="Upper end.")


class WindowPart(Part):
    """A stretch of a long recording, scored as if it had been recorded alone."""

    start_s: float = Field(description="Begin on the file's clock.")
    end_s: float = Field(description="End on the file's clock.")
    scores: list[WindowScore] = Field(description="The four indicators.")


class ReferenceRange(Part):
    """What is usual for a feature, in its own unit."""

    low: float = Field(description="5th percentile of people in the reference set.")
    high: float = Field(description="95th percentile.")


class IndicatorBlock(Part):
    """Indicators v2: the headline of a report, to be shown with `limits` beside it."""

    language: Language = Field(description="Language of the reference set.")
    shrinkage: float = Field(
        description="Lambda in score = 100 Phi(lambda S): 0.5, or 0.8 with a personal baseline."
    )
    blocks: int = Field(description="Blocks of 5 s that intervals are drawn from.")
    scores: list[IndicatorPart] = Field(description="The four indicators.")
    features: list[FeaturePart] = Field(description="All features, used or not.")
    baseline: BaselinePart | None = Field(description="null without a personal baseline.")
    usual: dict[Feature, ReferenceRange] = Field(
        default_factory=dict[Feature, ReferenceRange],
        description="Range of the central 90 % of people in the reference set, in the feature's "
        "unit; only of features that were measured there.",
    )
    windows: list[WindowPart] = Field(
        description="Windows of 60 s every 30 s, of recordings of 120 s and more; else empty."
    )
