"""A report against the annotations of a person: which tiers belong together, and how they agree.

A tier of the person is compared with the tier of the report of its name (`expression`, `blinks`,
`smiles`, `speaking`, `seen`, `speech`, `pauses`), or, where its labels are numbers, with a column
of the frames (`AU12`, `smile`, `yaw_deg`, `happy`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evolvisense.errors import InvalidOptionError
from evolvisense.report.agreement import (
    NOTHING,
    EventAgreement,
    RatingAgreement,
    cohens_kappa,
    confusion_s,
    icc,
    match_events,
    observed_agreement,
)
from evolvisense.report.annotations import Span, Tier, tiers_of
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.words import CANNOT_TELL, clock_of
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import MAX_FRAME_S
from evolvisense.types.scores import EMOTIONS

Kind = Literal["labels", "presence", "events", "ratings"]
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "expression": ("labels",),
    "smiles": ("presence", "events"),
    "speaking": ("presence", "events"),
    "seen": ("presence", "events"),
    "speech": ("presence", "events"),
    "pauses": ("presence", "events"),
    "blinks": ("events",),
}
"""How a tier of the report is compared."""
ALIASES = {
    "expressions": "expression",
    "emotion": "expression",
    "emotions": "expression",
    "smile": "smiles",
    "smiling": "smiles",
    "blink": "blinks",
    "blinking": "blinks",
    "pause": "pauses",
    "talking": "speaking",
    "speaks": "speaking",
    "face": "seen",
}
"""Other names of tiers that people use -> ours."""
EMOTION_WORDS = {
    **{emotion: emotion for emotion in EMOTIONS},
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}
TOLERANCE_S = 0.25
"""Onsets at most this far apart are of one event (ours: a person's hand on the keys)."""
PRESENT = "present"
RATED = ("eye_openness", "smile", "mouth_opening", "pitch_deg", "yaw_deg", "roll_deg")
"""Columns of the timeline besides expressions, blendshapes and action units."""


@dataclass(frozen=True)
class TierAgreement:
    """One tier of the person against one of the report."""

    tier: str
    """Of the person."""
    compared_with: str
    """Tier or column of the report."""
    compared_s: float
    """Seconds that both know; 0 for ratings."""
    unknown_s: float
    """Seconds left out because the report, or for labels the person, says nothing about them."""
    kappa: float | None = None
    """Of labels, or of presence and absence; None where not asked or not defined."""
    observed: float | None = None
    """Share of the time with equal labels."""
    confusion_s: Mapping[tuple[str, str], float] | None = None
    """Seconds by label of the person and of the report."""
    events: EventAgreement | None = None
    ratings: RatingAgreement | None = None


def compare(
    report: ReportData,
    annotations: Sequence[Tier],
    *,
    pairs: Mapping[str, str] | None = None,
    person_id: int | None = None,
    tolerance_s: float = TOLERANCE_S,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> list[TierAgreement]:
    """How well a report agrees with the annotations of a person.

    Args:
        report: of the recording that was annotated.
        annotations: of `coding.read_annotations`, on the clock of the player.
        pairs: tier of the person -> tier or column of the report; by default those whose names
            correspond.
        person_id: whose face was annotated; the main person by default.
        tolerance_s: largest difference between the onsets of one event.
        start_s: begin of what was annotated, in seconds from the beginning.
        end_s: its end; the end of the recording by default.

    Returns:
        An entry for each pair.

    Raises:
        InvalidOptionError: no tier corresponds, or one that is named is not there.
    """
    person = _person(report, person_id)
    ours = {_short(tier): tier for tier in tiers_of(report) if _is_of(tier, person)}
    columns = {} if person is None else _columns(person)
    end_s = clock_of(report).end_s if end_s is None else end_s
    if not 0 <= start_s < end_s:
        raise InvalidOptionError(f"expected 0 <= start < end, got {start_s} and {end_s} s")
    found: list[TierAgreement] = []
    for tier, name in _pairs(annotations, pairs, {*ours, *columns}):
        if name in ours:
            found.append(_intervals(tier, ours[name], name, tolerance_s, start_s, end_s))
        else:
            assert person is not None  # noqa: S101 - its columns were found
            spans = _within(tier.spans, start_s, end_s)
            times_s = clock_of(report).of(person.timeline.time_s)
            ratings = _ratings(tier.name, spans, times_s, columns[name])
            found.append(TierAgreement(tier.name, name, 0.0, 0.0, ratings=ratings))
    return found


def _person(report: ReportData, person_id: int | None) -> Person | None:
    if person_id is None:
        return next((person for person in report.people if person.is_main), None)
    for person in report.people:
        if person.id == person_id:
            return person
    raise InvalidOptionError(f"there is no person {person_id} in the report")


def _is_of(tier: Tier, person: Person | None) -> bool:
    return tier.person_id is None or (person is not None and tier.person_id == person.id)


def _short(tier: Tier) -> str:
    return tier.name.removeprefix(f"person {tier.person_id} ")


def _columns(person: Person) -> dict[str, F64]:
    """Numeric columns of the frames by name."""
    line = person.timeline
    found: dict[str, F64] = {}
    for group in (line.probabilities, line.actions, line.action_units):
        found |= {str(name): np.asarray(column, float) for name, column in (group or {}).items()}
    for name in RATED:
        column: F64 | None = getattr(line, name)
        if column is not None:
            found[name] = np.asarray(column, float)
    return found


def _pairs(
    annotations: Sequence[Tier], pairs: Mapping[str, str] | None, known: set[str]
) -> Iterator[tuple[Tier, str]]:
    by_name = {tier.name: tier for tier in annotations}
    if pairs is None:
        chosen = {tier.name: found for tier in annotations if (found := _ours(tier, known))}
        if not chosen:
            names = ", ".join(by_name) or "(none)"
            raise InvalidOptionError(
                f"no tier corresponds to one of the report: the annotations have {names}; name "
                f"them {', '.join(KINDS)} or as a column of the frames, or give --tier YOURS=OURS"
            )
    else:
        chosen = {theirs: ALIASES.get(ours, ours) for theirs, ours in pairs.items()}
    for theirs, ours in chosen.items():
        if theirs not in by_name:
            raise InvalidOptionError(
                f"there is no tier {theirs!r} in the annotations; they have {', '.join(by_name)}"
            )
        if ours not in known or (ours not in KINDS and not _is_rating(by_name[theirs])):
            numbers = "" if ours not in known else " (its labels are not numbers)"
            raise InvalidOptionError(
                f"tier {theirs!r} cannot be compared with {ours!r}{numbers}: use one of "
                f"{', '.join(KINDS)}, or a column of the frames for ratings"
            )
        yield by_name[theirs], ours


def _ours(tier: Tier, known: set[str]) -> str | None:
    """The tier or column of the report that a tier of the person is named after."""
    name = tier.name.strip().lower()
    if name.startswith("person ") and len(name.split()) > 2:
        name = name.split(maxsplit=2)[2]
    name = ALIASES.get(name, name)
    if name in KINDS and name in known:
        return name
    column = next((column for column in known if column.lower() == name), None)
    return column if column is not None and _is_rating(tier) else None


def _is_rating(tier: Tier) -> bool:
    try:
        return bool([float(span.label) for span in tier.spans])
    except ValueError:
        return False


def _within(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    return [span for span in spans if start_s <= span.start_s < end_s]


def _intervals(
    theirs: Tier, ours: Tier, name: str, tolerance_s: float, start_s: float, end_s: float
) -> TierAgreement:
    kinds = KINDS[name]
    if "labels" in kinds:
        one = [Span(s.start_s, s.end_s, _emotion(s.label)) for s in theirs.spans]
        other = list(ours.spans)
    else:
        one = [Span(s.start_s, s.end_s, PRESENT) for s in theirs.spans]
        other = [s if _is_unknown(s) else Span(s.start_s, s.end_s, PRESENT) for s in ours.spans]
    whole = confusion_s(one, other, start_s=start_s, end_s=end_s)
    known = {pair: seconds for pair, seconds in whole.items() if _is_known(pair, kinds)}
    compared_s = sum(known.values())
    events = None
    if "events" in kinds:
        unknown = [span for span in other if _is_unknown(span)]
        events = match_events(
            _onsets(one, unknown, start_s, end_s),
            _onsets([span for span in other if not _is_unknown(span)], unknown, start_s, end_s),
            tolerance_s,
        )
    timed = kinds[0] != "events"
    return TierAgreement(
        theirs.name,
        ours.name,
        round(compared_s, 3),
        round(sum(whole.values()) - compared_s, 3),
        kappa=cohens_kappa(known) if timed else None,
        observed=observed_agreement(known) if timed else None,
        confusion_s=known if timed else None,
        events=events,
    )


def _emotion(label: str) -> str:
    word = label.strip().lower()
    return EMOTION_WORDS.get(word, word)


def _is_unknown(span: Span) -> bool:
    return span.label.startswith(CANNOT_TELL)


def _is_known(pair: tuple[str, str], kinds: Sequence[Kind]) -> bool:
    """Whether the time of these labels is compared.

    No label is absence, but for expressions: there the person or the report says nothing.
    """
    if pair[1].startswith(CANNOT_TELL):
        return False
    return "labels" not in kinds or NOTHING not in pair


def _onsets(
    spans: Sequence[Span], unknown: Sequence[Span], start_s: float, end_s: float
) -> list[float]:
    """Begin of the intervals in the time that is compared."""
    return [
        span.start_s
        for span in spans
        if start_s <= span.start_s < end_s
        and not any(gap.start_s <= span.start_s < gap.end_s for gap in unknown)
    ]


def _ratings(name: str, spans: Sequence[Span], times_s: F64, column: F64) -> RatingAgreement:
    """Each rating against the mean of the column over its interval."""
    rows: list[tuple[float, float]] = []
    for span in spans:
        chosen = (times_s >= span.start_s) & (times_s < span.end_s)
        if not chosen.any() and len(times_s):  # a point, or shorter than a frame
            away_s = np.abs(times_s - span.start_s)
            chosen = (away_s == away_s.min()) & (away_s <= MAX_FRAME_S)
        values = column[chosen & np.isfinite(column)]
        if len(values):
            rows.append((float(span.label), float(values.mean())))
    if not rows:
        raise InvalidOptionError(f"no rating of tier {name!r} lies where the face is seen")
    return icc(np.array(rows))
