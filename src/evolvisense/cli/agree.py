"""`evolvisense agree`: a report against the annotations of a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from evolvisense.cli.reports import UNUSABLE, read_report
from evolvisense.errors import EvolviSenseError
from evolvisense.report.agreement import EventAgreement, RatingAgreement
from evolvisense.report.coding import read_annotations
from evolvisense.report.validate import TierAgreement, compare

SHOWN_PAIRS = 5
"""Of labels that differ, the longest first."""


@dataclass(frozen=True)
class AgreeJob:
    """What the command was asked for."""

    tiers: Sequence[str]
    """`THEIRS` or `THEIRS=OURS`."""
    person_id: int | None
    tolerance_s: float
    start_s: float
    end_s: float | None
    as_json: bool


def print_agreement(report_path: Path, annotation_path: Path, job: AgreeJob) -> None:
    """Print the figures. Raises typer.Exit with status 2 where nothing can be compared."""
    report = read_report(report_path)
    try:
        found = compare(
            report,
            read_annotations(annotation_path),
            pairs=_pairs(job.tiers),
            person_id=job.person_id,
            tolerance_s=job.tolerance_s,
            start_s=job.start_s,
            end_s=job.end_s,
        )
    except EvolviSenseError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(UNUSABLE) from error
    if job.as_json:
        typer.echo(json.dumps([as_json(entry) for entry in found], indent=2, ensure_ascii=False))
        return
    for entry in found:
        typer.echo("\n".join(lines_of(entry, job.tolerance_s)))


def as_json(entry: TierAgreement) -> dict[str, Any]:
    """The figures as JSON has them; pairs of labels are rows of `confusion`."""
    events, ratings = entry.events, entry.ratings
    return {
        "tier": entry.tier,
        "compared_with": entry.compared_with,
        "compared_s": entry.compared_s,
        "unknown_s": entry.unknown_s,
        "kappa": entry.kappa,
        "observed_agreement": entry.observed,
        "confusion": None
        if entry.confusion_s is None
        else [
            {"yours": yours, "ours": ours, "seconds": round(seconds, 3)}
            for (yours, ours), seconds in entry.confusion_s.items()
        ],
        "events": None
        if events is None
        else {
            **vars(events),
            "precision": events.precision,
            "recall": events.recall,
            "f1": events.f1,
        },
        "ratings": None if ratings is None else vars(ratings),
    }


def lines_of(entry: TierAgreement, tolerance_s: float) -> Iterator[str]:
    """The figures in words."""
    yield f"{entry.tier} against {entry.compared_with}"
    if entry.confusion_s is not None:
        yield f"  Cohen's kappa {_number(entry.kappa)}, {_share(entry.observed)} of the time agree"
        unknown = f"; {entry.unknown_s:.1f} s are left out" if entry.unknown_s else ""
        yield f"  {entry.compared_s:.1f} s compared{unknown}"
        yield from _differences(entry.confusion_s)
    if entry.events is not None:
        yield from _events(entry.events, tolerance_s)
    if entry.ratings is not None:
        yield _ratings(entry.ratings)


def _pairs(tiers: Sequence[str]) -> dict[str, str] | None:
    if not tiers:
        return None
    parts = [tier.rpartition("=") for tier in tiers]
    return {(theirs or ours): ours for theirs, _, ours in parts}


def _differences(confusion: Mapping[tuple[str, str], float]) -> Iterator[str]:
    differing = {pair: s for pair, s in confusion.items() if pair[0] != pair[1] and s > 0}
    longest = sorted(differing, key=lambda pair: -differing[pair])[:SHOWN_PAIRS]
    for yours, ours in longest:
        seconds = differing[yours, ours]
        yield f"    {seconds:.1f} s {yours or 'nothing'} here, {ours or 'nothing'} in the report"


def _events(events: EventAgreement, tolerance_s: float) -> Iterator[str]:
    yield (
        f"  events within {tolerance_s:g} s: F1 {_number(events.f1)}, precision "
        f"{_number(events.precision)}, recall {_number(events.recall)}"
    )
    offset = "" if events.offset_s is None else f", the report {events.offset_s:+.2f} s on average"
    yield (
        f"  {events.reference} events here, {events.found} in the report, {events.matched} "
        f"matched{offset}"
    )


def _ratings(ratings: RatingAgreement) -> str:
    return (
        f"  {ratings.targets} ratings: ICC(2,1) {_number(ratings.agreement)} (agreement), ICC(3,1) "
        f"{_number(ratings.consistency)} (consistency)"
    )


def _number(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.0%}"
