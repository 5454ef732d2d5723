"""Indicators of a report as a few lines for a terminal."""

from __future__ import annotations

from evolvisense.report.indicator_parts import BaselinePart, IndicatorBlock, IndicatorPart
from evolvisense.report.words import FEATURE_NAMES, WHY_MISSING, WITHHELD
from evolvisense.types.indicators import MissingReason

SHOWN_CONTRIBUTIONS = 3
SMALL_CONTRIBUTION = 0.05
"""Of S; less than this moves a score by one point at most."""


def indicator_lines(score: IndicatorPart) -> str:
    """Score with its interval and what made it, or how much evidence it lacks."""
    return "\n".join(line for line in (_score(score), _made_of(score)) if line)


def missing_lines(indicators: IndicatorBlock) -> list[str]:
    """What did not count in any indicator, by the reason."""
    missing: dict[MissingReason, dict[str, None]] = {}
    for score in indicators.scores:
        for part in score.contributions:
            if part.missing_reason is not None and part.weight:
                names = missing.setdefault(part.missing_reason, {})
                names[FEATURE_NAMES[part.feature]] = None
    return [f"{', '.join(names)}: {WHY_MISSING[reason]}" for reason, names in missing.items()]


def baseline_lines(baseline: BaselinePart | None) -> list[str]:
    """What differs reliably from the person's own recordings."""
    if baseline is None:
        return []
    if not baseline.is_used:
        wanted = (
            f"{baseline.missing_recordings} more recordings"
            if baseline.missing_recordings
            else (f"recordings on {baseline.missing_days} more days")
        )
        return [f"the baseline is not used yet: it needs {wanted}"]
    changed = [c for c in baseline.changes if c.is_reliable]
    against = f"against {baseline.recordings} recordings on {baseline.days} days"
    if not changed:
        return [f"nothing beyond chance {against}"]
    return [
        f"{FEATURE_NAMES[c.feature]} {c.change:+.2f} (from {c.baseline_mean:.2f}) {against}"
        for c in changed
    ]


def _score(score: IndicatorPart) -> str:
    if score.no_score_reason == "withheld":
        return WITHHELD
    covered = f"{score.coverage:.0%} of the evidence"
    if score.score is None:
        return f"cannot tell: {covered}, half is needed"
    if score.interval_low is None or score.interval_high is None:
        return f"{score.score:.0f}, interval unknown ({covered})"
    return (
        f"{score.score:.0f} (90 %: {score.interval_low:.0f}-{score.interval_high:.0f}; {covered})"
    )


def _made_of(score: IndicatorPart) -> str:
    if score.score is None:
        return ""
    counting = [(c, c.contribution) for c in score.contributions if c.contribution is not None]
    strongest = sorted(counting, key=lambda pair: -abs(pair[1]))[:SHOWN_CONTRIBUTIONS]
    return ", ".join(
        f"{FEATURE_NAMES[c.feature]} {part:+.2f}"
        for c, part in strongest
        if abs(part) >= SMALL_CONTRIBUTION
    )
