"""What speaks against comparing two reports."""

from __future__ import annotations

from dataclasses import asdict

from evolvisense.report.parts import Notice, OptionsUsed, ReportData
from evolvisense.thresholds import Thresholds

SAME_OPTIONS = ("frame_skip", "voice", "smoothing")
"""Options that change what is measured."""


def cautions(first: ReportData, second: ReportData) -> list[Notice]:
    """Differences of two reports that come from how they were made, not from the person."""
    found: list[Notice] = []

    def tell(code: str, message: str) -> None:
        found.append(Notice(code=code, message=message))

    languages = first.indicators.language, second.indicators.language
    if languages[0] != languages[1]:
        tell(
            "other_language",
            f"the indicators are relative to the reference sets of two languages ({languages[0]} "
            f"and {languages[1]}) and cannot be compared",
        )
    if _yardstick(first) != _yardstick(second):
        tell(
            "other_baseline",
            "the indicators are not relative to the same recordings of the person and cannot be "
            "compared",
        )
    if changed := _changed_options(first.options, second.options):
        tell("other_options", f"the analyses were made with different options: {changed}")
    if changed := _changed_models(first, second):
        tell("other_models", f"the analyses were made with different models: {changed}")
    if len(first.people) > 1 or len(second.people) > 1:
        tell("several_people", "the comparison is of the main person of each recording")
    return found


def _yardstick(report: ReportData) -> tuple[int, int] | None:
    """What stands for the personal baseline behind the scores; None where none was used."""
    baseline = report.indicators.baseline
    if baseline is None or not baseline.is_used:
        return None
    return baseline.recordings, baseline.days


def _changed_options(first: OptionsUsed, second: OptionsUsed) -> str:
    one, other = first.model_dump(), second.model_dump()
    changed = [
        f"{name} {one[name]} and {other[name]}" for name in SAME_OPTIONS if one[name] != other[name]
    ]
    thresholds = [asdict(options.thresholds or Thresholds()) for options in (first, second)]
    changed += [
        f"{group}.{name} {value} and {thresholds[1][group][name]}"
        for group, values in thresholds[0].items()
        for name, value in values.items()
        if value != thresholds[1][group][name]
    ]
    return ", ".join(changed)


def _changed_models(first: ReportData, second: ReportData) -> str:
    one, other = ({model.id: model.version for model in r.models} for r in (first, second))
    return ", ".join(
        f"{name} {one.get(name, '(none)')} and {other.get(name, '(none)')}"
        for name in sorted({*one, *other})
        if one.get(name) != other.get(name)
    )
