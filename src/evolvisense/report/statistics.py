"""Each person of a report in numbers: mean, SD, percentiles and time share of every column.

`Report.to_pandas(level="person")` and the table `people` of a batch are made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evolvisense.report.columns import Part
from evolvisense.report.parts import BehaviourMeasures, FaceTimeline, Person, ReportData
from evolvisense.report.recording import Cell, Kind
from evolvisense.report.stretches import Mask, frame_weights_s, usual_gap_s
from evolvisense.report.summary_face import most_probable, readable_frames
from evolvisense.report.words import clock_of
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import SMILE
from evolvisense.types.scores import EMOTIONS

Statistic = Literal["mean", "sd", "p5", "p50", "p95", "time_share"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
MEANINGS: dict[Statistic, str] = {
    "mean": "Mean",
    "sd": "Standard deviation (n - 1)",
    "p5": "5th percentile",
    "p50": "Median",
    "p95": "95th percentile",
    "time_share": "Share of the time",
}

Condition = Literal["", "speaking", "silent"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)
"""Frames that are used: all readable ones, those in which the person speaks, and the others."""

HEAD_TURNED_DEG = 15.0
"""As of the moment `head_turn`: an angle of this much is a turned head (ours)."""
OPEN_EYES = 0.5
"""As of blinks, which last from half closed to half open."""
ACTIVE = 0.5
"""A blendshape of this much is called active (ours)."""
AU_PRESENT = 1.0
"""FACS intensity A (trace) or more."""
ACTION_UNIT = re.compile(r"AU\d+")


@dataclass(frozen=True)
class Quantity:
    """A column of the timeline whose statistics are taken."""

    name: str
    decimals: int
    """As in the JSON, so that a report that was read back has the same statistics."""
    threshold: float | None
    """`time_share` counts values from here on; None for an expression, which counts where it is
    the most probable one."""

    @property
    def is_angle(self) -> bool:
        """Whether `time_share` looks at the absolute value."""
        return self.name.endswith("_deg")

    def counts(self, values: F64) -> Mask:
        """(K,) where `time_share` counts a frame; nowhere for an expression."""
        if self.threshold is None:
            return np.zeros(len(values), bool)
        return (np.abs(values) if self.is_angle else values) >= self.threshold

    def meaning(self, statistic: Statistic, condition: Condition) -> str:
        """A sentence for the codebook.

        >>> quantity("yaw_deg").meaning("time_share", "silent")
        'Share of the readable time in which the person is silent with absolute yaw_deg >= 15, 0-1.'
        """
        who = f" in which the person {CONDITION_WORDS[condition]}" if condition else ""
        if statistic != "time_share":
            return f"{MEANINGS[statistic]} of {self.name} over the readable frames{who}."
        if self.threshold is None:
            what = f"{self.name} as the most probable expression"
        else:
            what = f"{'absolute ' * self.is_angle}{self.name} >= {self.threshold:g}"
        return f"Share of the readable time{who} with {what}, 0-1."


FACTS: tuple[tuple[str, Kind, tuple[type[Part], str]], ...] = (
    ("person_id", "integer", (Person, "id")),
    ("is_main", "boolean", (Person, "is_main")),
    ("frames", "integer", (Person, "frames")),
    ("share_of_frames", "number", (Person, "share_of_frames")),
    ("blinks_per_min", "number", (BehaviourMeasures, "blinks_per_min")),
    ("head_speed_deg_s", "number", (BehaviourMeasures, "head_speed_deg_s")),
    ("speaking_share", "number", (BehaviourMeasures, "speaking_share")),
    ("blinks_absent_reason", "text", (Person, "blinks_absent_reason")),
)
"""Columns of a person that repeat fields of the report: name, kind, field."""
SECONDS = {
    "seen_s": "the face was found",
    "readable_s": "the expression can be read",
    "speaking_s": "it can be read and the person speaks",
    "silent_s": "it can be read and the person is silent",
}

CONDITION_WORDS = {"": "", "speaking": "speaks", "silent": "is silent"}


def quantity(name: str) -> Quantity:
    """How the statistics of a column of the timeline are taken."""
    if name in EMOTIONS:
        return Quantity(name, 4, None)
    if name.endswith("_deg"):
        return Quantity(name, 1, HEAD_TURNED_DEG)
    if ACTION_UNIT.fullmatch(name):
        return Quantity(name, 2, AU_PRESENT)
    return Quantity(name, 4, {"smile": SMILE, "eye_openness": OPEN_EYES}.get(name, ACTIVE))


MOTION = ("eye_openness", "smile", "pitch_deg", "yaw_deg", "roll_deg")


def quantity_names(people: Sequence[Person]) -> tuple[str, ...]:
    """Columns whose statistics are taken: those of any of the people."""
    lines = [person.timeline for person in people]
    actions = next((line.actions for line in lines if line.actions), None)
    units = next((line.action_units for line in lines if line.action_units), None)
    return (*EMOTIONS, *MOTION, *(actions or {}), *(units or {}))


def column_name(name: str, statistic: Statistic, condition: Condition) -> str:
    """Name of the column of a statistic.

    >>> column_name("AU12", "p95", "silent")
    'AU12_p95_silent'
    """
    return "_".join(part for part in (name, statistic, condition) if part)


def person_rows(report: ReportData) -> list[list[Cell]]:
    """One row for each person; all rows have the columns of `person_columns`."""
    names = quantity_names(report.people)
    return [
        [*_facts(person, _seconds(report, person)), *statistics(report, person, names)]
        for person in report.people
    ]


def person_columns(names: Sequence[str]) -> list[Cell]:
    """The columns of `person_rows` without values, also where there is nobody.

    Who it is, seconds seen, readable and spoken, measures of behaviour; then every statistic of
    every quantity over all readable frames, over those in which the person speaks, and over those
    in which the person is silent.

    Args:
        names: of `quantity_names`.
    """
    return [*_facts(None, dict.fromkeys(SECONDS)), *_no_statistics(names)]


def main_statistics(report: ReportData) -> list[Cell]:
    """The statistics of the main person; None where there is nobody."""
    main = next((person for person in report.people if person.is_main), None)
    names = quantity_names(report.people)
    return list(_no_statistics(names) if main is None else statistics(report, main, names))


def statistics(report: ReportData, person: Person, names: Sequence[str]) -> Iterator[Cell]:
    """The statistics of one person.

    Args:
        report: that the person belongs to.
        person: one of its people.
        names: of `quantity_names`.
    """
    timeline = person.timeline
    weight_s = _weights_s(report, timeline)
    masks = _masks(timeline)
    best = np.array(most_probable(timeline))
    for name in names:
        of = quantity(name)
        values = _values(person, of)
        for condition in CONDITIONS:
            found: Sequence[float | None] = (None,) * len(STATISTICS)
            if values is not None:
                counts = best == name if of.threshold is None else of.counts(values)
                found = describe(values, counts, weight_s, masks[condition])
            yield from _cells(of, condition, found)


def describe(
    values: F64, counts: Mask, weight_s: F64, chosen: Mask
) -> tuple[float | None, float | None, float | None, float | None, float | None, float | None]:
    """STATISTICS of a column.

    Args:
        values: (K,) the column, NaN where missing.
        counts: (K,) where the time share is to count.
        weight_s: (K,) seconds that each frame stands for.
        chosen: (K,) frames to use.

    Returns:
        Mean, SD with n - 1, percentiles 5, 50 and 95 (linear interpolation), time share; None
        without a value, the SD with fewer than two.

    Example:
        >>> values = np.array([1.0, 2.0, 3.0, 9.0])
        >>> describe(values, values >= 2, np.ones(4), values < 9)
        (2.0, 1.0, 1.1, 2.0, 2.9, 0.6667)
    """
    chosen = chosen & np.isfinite(values)
    used = values[chosen]
    if not len(used):
        return (None, None, None, None, None, None)
    low, middle, high = np.percentile(used, (5, 50, 95))
    total_s = float(weight_s[chosen].sum())
    return (
        round(float(used.mean()), 4),
        round(float(used.std(ddof=1)), 4) if len(used) > 1 else None,
        round(float(low), 4),
        round(float(middle), 4),
        round(float(high), 4),
        round(float(weight_s[chosen & counts].sum()) / total_s, 4) if total_s else None,
    )


def _no_statistics(names: Sequence[str]) -> Iterator[Cell]:
    for name in names:
        for condition in CONDITIONS:
            yield from _cells(quantity(name), condition, (None,) * len(STATISTICS))


def _cells(of: Quantity, condition: Condition, found: Sequence[float | None]) -> Iterator[Cell]:
    for statistic, value in zip(STATISTICS, found, strict=True):
        name = column_name(of.name, statistic, condition)
        yield Cell(name, "number", value, of.meaning(statistic, condition))


def _facts(person: Person | None, seconds: Mapping[str, float | None]) -> Iterator[Cell]:
    for name, kind, (part, field) in FACTS:
        source = person if part is Person or person is None else person.measures
        value = None if source is None else getattr(source, field)
        yield Cell(name, kind, value, part.model_fields[field].description or "")
    blinks = None if person is None else person.blinks
    count = None if blinks is None else len(blinks)
    yield Cell("blinks", "integer", count, "Blinks that were seen; missing where they cannot be.")
    for name, what in SECONDS.items():
        yield Cell(name, "number", seconds[name], f"Seconds in which {what}.")


def _seconds(report: ReportData, person: Person) -> dict[str, float | None]:
    weight_s, masks = _weights_s(report, person.timeline), _masks(person.timeline)
    used = (np.ones(len(weight_s), bool), *(masks[condition] for condition in CONDITIONS))
    return {
        name: round(float(weight_s[mask].sum()), 3)
        for name, mask in zip(SECONDS, used, strict=True)
    }


def _weights_s(report: ReportData, timeline: FaceTimeline) -> F64:
    clock = clock_of(report)
    gap_s = usual_gap_s(clock.of(report.frames.time_s), report.media.duration_s)
    return frame_weights_s(clock.of(timeline.time_s), gap_s)


def _masks(timeline: FaceTimeline) -> dict[Condition, Mask]:
    readable, speaking = readable_frames(timeline), np.array(timeline.speaking)
    return {
        "": readable,
        "speaking": readable & (speaking == "yes"),
        "silent": readable & (speaking == "no"),
    }


def _values(person: Person, of: Quantity) -> F64 | None:
    """(K,) rounded as in the JSON; None where there is no such column."""
    timeline = person.timeline
    if of.name == "smile" and person.smile_absent_reason is not None:
        return None
    column: NDArray[Any] | None
    if of.name in EMOTIONS:
        column = None if timeline.probabilities is None else timeline.probabilities[of.name]
    elif of.name in FaceTimeline.model_fields:
        column = getattr(timeline, of.name)
    else:
        column = {**(timeline.actions or {}), **(timeline.action_units or {})}.get(of.name)
    return None if column is None else np.round(np.asarray(column, np.float64), of.decimals)
