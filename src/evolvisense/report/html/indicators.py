"""The indicators: score, interval, what made each, and why one is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evolvisense.report.figures import Figure
from evolvisense.report.html.figures import drawn, place_of
from evolvisense.report.html.markup import NONE, Markup, element, percent, section, signed, table
from evolvisense.report.indicator_parts import (
    ContributionPart,
    FeaturePart,
    IndicatorBlock,
    IndicatorPart,
)
from evolvisense.report.parts import ReportData
from evolvisense.report.words import (
    CANNOT_TELL,
    FEATURE_NAMES,
    FEATURE_UNITS,
    INDICATOR_MEANINGS,
    REFERENCES,
    WHY_MISSING,
    WITHHELD,
)

FULL_BAR = 1.5
"""Part of the sum S that fills half of a drawn bar."""
PARTS_HEAD = ("Feature", "Measured", "Reference", "z", "Weight", "Reliability", "Part of the sum")


def indicator_section(report: ReportData, figures: Mapping[str, Figure]) -> Markup:
    """The scores with the limits beside them, and over time where they are told so."""
    block = report.indicators
    limits = element(
        "aside",
        element("h3", "What these numbers are not"),
        element("p", report.limits),
        class_="limits",
    )
    scores = element("div", *(_score(score) for score in block.scores), class_="scores")
    return section(
        "Indicators",
        element("p", _reference(block), class_="muted"),
        element("div", limits, scores, class_="headline"),
        *(element("p", line) for line in _changes(block)),
        *(drawn(place, figures[place]) for place in [place_of("indicators")] if place in figures),
    )


def making_section(report: ReportData) -> Markup:
    """All numbers behind the scores."""
    block = report.indicators
    return section(
        "How the scores were made",
        element(
            "p",
            "z is where the feature stands in the reference, clipped at 3. The parts add up to a "
            f"sum S; the score is 100 Φ({block.shrinkage:g} S).",
            class_="muted",
        ),
        *(
            table(
                PARTS_HEAD, [_part_row(part) for part in _weighty(score)], score.name.capitalize()
            )
            for score in block.scores
            if score.contributions
        ),
        table(
            ("Feature", "Value", "Unit", "Measured on, or why not"),
            [_feature_row(feature) for feature in block.features],
            "All features, used or not",
        ),
        class_="card making",
    )


def _reference(block: IndicatorBlock) -> str:
    baseline = block.baseline
    against = f"a reference set of calm {REFERENCES[block.language]}"
    if baseline is not None and baseline.is_used:
        against = f"this person's own {baseline.recordings} recordings on {baseline.days} days"
    has_bar = any(score.interval_low is not None for score in block.scores)
    bar = " The bar is the 90 % interval." if has_bar else ""
    return (
        f"Ranks from 0 to 100 relative to {against}; 50 is its middle.{bar} No probability, and no "
        "comparison between people."
    )


def _changes(block: IndicatorBlock) -> Iterator[str]:
    baseline = block.baseline
    if baseline is None:
        return
    if not baseline.is_used:
        yield (
            f"The personal baseline is not used yet: it needs {baseline.missing_recordings} more "
            f"recordings and {baseline.missing_days} more days."
        )
        return
    found = [
        f"{FEATURE_NAMES[c.feature]} {signed(c.change)} (from {c.baseline_mean:.2f})"
        for c in baseline.changes
        if c.is_reliable
    ]
    yield f"Against the person's own recordings: {', '.join(found) or 'nothing beyond chance'}."


def _score(score: IndicatorPart) -> Markup:
    return element(
        "article",
        element(
            "header",
            element(
                "h3", score.name.capitalize(), element("small", INDICATOR_MEANINGS[score.name])
            ),
            _value(score),
        ),
        _interval(score),
        element("p", _note(score), class_="muted"),
        element("dl", *(_bar(part) for part in _counting(score)), class_="parts"),
        element("p", _not_counted(score), class_="muted") if score.score is not None else "",
    )


def _value(score: IndicatorPart) -> Markup:
    if score.score is not None:
        return element("b", f"{score.score:.0f}", class_="figure")
    return element(
        "b", "withheld" if score.no_score_reason == "withheld" else CANNOT_TELL, class_="unknown"
    )


def _interval(score: IndicatorPart) -> Markup:
    marks: list[Markup] = []
    low, high = score.interval_low, score.interval_high
    if low is not None and high is not None:
        marks.append(element("i", class_="interval", style=f"left:{low:g}%;width:{high - low:g}%"))
    if score.score is not None:
        marks.append(element("i", class_="point", style=f"left:{score.score:g}%"))
    look = "ruler" if score.score is not None else "ruler nothing"
    ends = (element("span", text) for text in ("0", "50", "100"))
    return element(
        "div",
        element("div", element("i", class_="middle"), *marks, class_=look),
        element("div", *ends, class_="ends"),
        aria_hidden="true",
    )


def _note(score: IndicatorPart) -> str:
    if score.no_score_reason == "withheld":
        return f"{WITHHELD.capitalize()}: it stands on emotion."
    covered = f"{percent(score.coverage)} of the evidence is there"
    if score.score is None:
        return f"{covered}, half is needed. {_not_counted(score)}"
    if score.interval_low is None or score.interval_high is None:
        return f"Too short for an interval; {covered}."
    return f"90 % interval {score.interval_low:.0f} to {score.interval_high:.0f}; {covered}."


def _not_counted(score: IndicatorPart) -> str:
    reasons: dict[str, list[str]] = {}
    for part in _weighty(score):
        if part.missing_reason is not None:
            reasons.setdefault(WHY_MISSING[part.missing_reason], []).append(
                FEATURE_NAMES[part.feature]
            )
    told = (f"{', '.join(names)} ({why})" for why, names in reasons.items())
    return f"Not counted: {'; '.join(told)}." if reasons else "Everything counts."


def _weighty(score: IndicatorPart) -> list[ContributionPart]:
    return [part for part in score.contributions if part.weight]


def _counting(score: IndicatorPart) -> list[ContributionPart]:
    found = [part for part in _weighty(score) if part.contribution is not None]
    return sorted(found, key=lambda part: -abs(part.contribution or 0))


def _bar(part: ContributionPart) -> Markup:
    value = part.contribution or 0.0
    width = min(abs(value) / FULL_BAR, 1) * 50
    left = 50 if value >= 0 else 50 - width
    drawn = element(
        "i", class_="up" if value >= 0 else "down", style=f"left:{left:.1f}%;width:{width:.1f}%"
    )
    middle = element("i", class_="zero")
    return element(
        "div",
        element("dt", FEATURE_NAMES[part.feature]),
        element(
            "dd",
            element("span", drawn, middle, class_="bar", aria_hidden="true"),
            element("b", signed(value)),
        ),
    )


def _part_row(part: ContributionPart) -> tuple[str, ...]:
    name, value = FEATURE_NAMES[part.feature], _number(part.value)
    weight = signed(part.weight, 3)
    if part.missing_reason is not None:
        why = f"not counted: {WHY_MISSING[part.missing_reason]}"
        return (name, value, NONE, NONE, weight, NONE, why)
    return (
        name,
        value,
        f"{_number(part.reference_mean)} ± {_number(part.reference_sd)}",
        NONE if part.z is None else signed(part.z),
        weight,
        _number(part.reliability),
        NONE if part.contribution is None else signed(part.contribution),
    )


def _feature_row(feature: FeaturePart) -> tuple[str, ...]:
    name, unit = FEATURE_NAMES[feature.name], FEATURE_UNITS[feature.name]
    if feature.value is None:
        reason = feature.missing_reason
        why = WITHHELD if reason == "withheld" else WHY_MISSING[reason] if reason else ""
        return (name, NONE, unit, why)
    stands_on = NONE if feature.stands_on_s is None else f"{feature.stands_on_s:.1f} s"
    return (name, _number(feature.value), unit, stands_on)


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}".replace("-", "\u2212")
