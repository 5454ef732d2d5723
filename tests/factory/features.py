"""Reports with chosen feature values."""

from __future__ import annotations

from evolvisense.report import Report
from evolvisense.types.indicators import Feature

STANDS_ON_S = 60.0


def with_features(report: Report, **values: float) -> Report:
    """The report with these features alone, each on a minute."""
    known: dict[Feature, float] = dict(values)  # type: ignore[arg-type]
    features = [
        part.model_copy(
            update={
                "value": known.get(part.name),
                "missing_reason": None if part.name in known else "no_voice",
                "stands_on_s": STANDS_ON_S if part.name in known else None,
            }
        )
        for part in report.indicators.features
    ]
    block = report.indicators.model_copy(update={"features": features})
    return report.model_copy(update={"indicators": block})
