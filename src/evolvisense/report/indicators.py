"""The report's part about the indicators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evolvisense.report import indicator_parts as parts
from evolvisense.types.indicators import BaselineUse, Indicator, Indicators, IndicatorWindow

DECIMALS = 4
TIME_DECIMALS = 3
SCORE_DECIMALS = 1


def indicators_part(indicators: Indicators) -> parts.IndicatorBlock:
    """Scores with everything they were made from."""
    return parts.IndicatorBlock(
        language=indicators.language,
        shrinkage=indicators.shrinkage,
        blocks=indicators.blocks,
        scores=[_score(indicator) for indicator in indicators.indicators],
        features=[
            parts.FeaturePart(
                name=reading.feature,
                value=_rounded(reading.value),
                missing_reason=reading.missing_reason,
                stands_on_s=_rounded(reading.stands_on_s),
            )
            for reading in indicators.features
        ],
        baseline=None if indicators.baseline is None else baseline_part(indicators.baseline),
        usual={
            feature: parts.ReferenceRange(low=round(low, DECIMALS), high=round(high, DECIMALS))
            for feature, (low, high) in indicators.usual.items()
        },
        windows=[_window(window) for window in indicators.windows],
    )


def _window(window: IndicatorWindow) -> parts.WindowPart:
    return parts.WindowPart(
        start_s=round(window.start_s, TIME_DECIMALS),
        end_s=round(window.end_s, TIME_DECIMALS),
        scores=[parts.WindowScore(**_headline(indicator)) for indicator in window.indicators],
    )


def _headline(indicator: Indicator) -> dict[str, Any]:
    """What is said of an indicator before its parts."""
    low, high = indicator.interval or (None, None)
    return {
        "name": indicator.name,
        "score": _rounded(indicator.score, SCORE_DECIMALS),
        "no_score_reason": indicator.no_score_reason,
        "interval_low": _rounded(low, SCORE_DECIMALS),
        "interval_high": _rounded(high, SCORE_DECIMALS),
    }


def _score(indicator: Indicator) -> parts.IndicatorPart:
    return parts.IndicatorPart(
        **_headline(indicator),
        coverage=round(indicator.coverage, DECIMALS),
        contributions=[
            parts.ContributionPart(**_all_rounded(asdict(c))) for c in indicator.contributions
        ],
    )


def baseline_part(use: BaselineUse) -> parts.BaselinePart:
    """Which personal baseline was given, and what differs from it."""
    return parts.BaselinePart(
        is_used=use.is_used,
        recordings=use.recordings,
        days=use.days,
        missing_recordings=use.missing_recordings,
        missing_days=use.missing_days,
        changes=[parts.ChangePart(**_all_rounded(asdict(change))) for change in use.changes],
    )


def _all_rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _rounded(value) if isinstance(value, float) else value
        for name, value in values.items()
    }


def _rounded(value: float | None, decimals: int = DECIMALS) -> float | None:
    return None if value is None else round(value, decimals)
