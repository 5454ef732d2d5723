"""People: what was seen of each, in numbers and over time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from evolvisense.report.html import svg
from evolvisense.report.html.charts import Band, Row, chart
from evolvisense.report.html.markup import CANNOT_TELL, Markup, element, percent, section, tiles
from evolvisense.report.html.series import Cells, Clock, along, cells_of, rows_of
from evolvisense.report.schema import Person, Report
from evolvisense.report.words import WHY_ABSENT, WHY_UNCERTAIN, WITHHELD
from evolvisense.types.arrays import F64, I64, Bools
from evolvisense.types.behaviour import AbsentReason, Uncertainty
from evolvisense.types.scores import EMOTIONS, Emotion

MOST_PEOPLE = 6
"""Drawn; the others are told in a sentence."""
HALF = 0.5
SHARES = ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %"))
STACK: tuple[Emotion, ...] = ("happy", "surprise", "neutral", "sad", "fear", "angry", "disgust")
"""From the bottom up."""


@dataclass(frozen=True)
class Seen:
    """One person along the analysed frames, in cells."""

    person: Person
    rows: I64
    cells: Cells
    clock: Clock

    def column(self, values: F64) -> F64:
        """A column of the person along the frames (N,), NaN where they are not seen."""
        return along(np.asarray(values, np.float64), self.rows)

    @property
    def frame(self) -> svg.Frame:
        """Edges of a drawing of shares."""
        return svg.Frame(self.clock.end_s)

    def share(self, flags: Bools) -> F64:
        """Share of the frames of each cell (K,) for which a flag of the person (M,) is set."""
        return self.cells.mean(np.nan_to_num(self.column(flags.astype(np.float64))))


def people_sections(report: Report, clock: Clock) -> list[Markup]:
    """A part for each person, the longest seen first."""
    if not report.people:
        analysed = len(report.frames.number)
        return [section("Faces", element("p", f"No face was found in {analysed} analysed frames."))]
    people = sorted(report.people, key=lambda person: (not person.is_main, -person.frames))
    cells = cells_of(clock.of(report.frames.time_s))
    found = [
        _person(report, Seen(person, rows_of(report, person), cells, clock))
        for person in people[:MOST_PEOPLE]
    ]
    if rest := people[MOST_PEOPLE:]:
        seen = ", ".join(f"person {p.id} in {percent(p.share_of_frames)}" for p in rest)
        found.append(section("Other people", element("p", f"Seen of the frames: {seen}.")))
    return found


def _person(report: Report, seen: Seen) -> Markup:
    person = seen.person
    title = "Face" if len(report.people) == 1 else f"Person {person.id}"
    rows = [
        _expression(seen),
        _smile(seen),
        _speaking(seen),
        _blinks(seen),
    ]
    unread = _unread(seen)
    return section(
        f"{title} (main)" if len(report.people) > 1 and person.is_main else title,
        tiles(_facts(person)),
        _legend() if person.timeline.probabilities is not None else "",
        chart([replace(row, bands=[*row.bands, *unread]) for row in rows], seen.clock.end_s),
        element("p", _legend_words(seen, unread), class_="muted"),
    )


def _expression(seen: Seen) -> Row:
    frame = seen.frame
    timeline = seen.person.timeline
    if timeline.probabilities is None:
        return Row(
            "Facial expression", f"Facial expression {WITHHELD}", frame, (), 2, empty=WITHHELD
        )
    is_certain = np.array([reason == "" for reason in timeline.uncertain], np.bool_)
    certain = seen.share(is_certain) >= HALF
    there = seen.share(np.ones(seen.person.frames, np.bool_)) >= HALF
    columns: list[tuple[str, F64]] = []
    for emotion in STACK:
        values = np.where(is_certain, timeline.probabilities[emotion], np.nan)
        columns.append((emotion, np.where(certain, seen.cells.mean(seen.column(values)), np.nan)))
    return Row(
        "Facial expression, probabilities on top of each other",
        f"Probabilities of seven facial expressions over time. {_likeliest(seen.person)}",
        frame,
        svg.stacked(frame, seen.cells, columns),
        height_rem=9,
        ticks=SHARES,
        bands=[Band("hatch", *span) for span in seen.cells.spans(there & ~certain)],
    )


def _smile(seen: Seen) -> Row:
    frame, smile = seen.frame, seen.person.timeline.smile
    if smile is None:
        return _untold("Smile", frame, seen.person.blinks_absent_reason)
    column = seen.column(smile)
    mean, low, high = (
        reduce(column) for reduce in (seen.cells.mean, seen.cells.lowest, seen.cells.highest)
    )
    return Row(
        "Smile",
        "Strength of the smile over time, 100 % is the broadest",
        frame,
        (
            svg.area(frame, seen.cells, low, high, "range"),
            svg.line(frame, seen.cells, mean, "curve"),
        ),
        ticks=SHARES,
    )


def _speaking(seen: Seen) -> Row:
    answers = np.array(seen.person.timeline.speaking)
    if (answers == "unknown").all():
        return _untold("Speaking", seen.frame, seen.person.speaking_unknown_reason)
    unknown = seen.cells.spans(seen.share(answers == "unknown") >= HALF)
    spans = seen.cells.spans(seen.share(answers == "yes") >= HALF)
    return Row(
        "Speaking",
        f"Speaking in {len(spans)} stretches of time",
        seen.frame,
        (svg.blocks(seen.frame, spans, "yes"),),
        height_rem=1,
        bands=[Band("hatch", *span) for span in unknown],
    )


def _blinks(seen: Seen) -> Row:
    blinks, origin_s = seen.person.blinks, seen.clock.origin_s
    if blinks is None:
        return _untold("Blinks", seen.frame, seen.person.blinks_absent_reason)
    spans = [(blink.start_s - origin_s, blink.end_s - origin_s) for blink in blinks]
    drawn = svg.blocks(seen.frame, spans, "mark")
    return Row("Blinks", f"{len(blinks)} blinks", seen.frame, (drawn,), 1)


def _untold(title: str, frame: svg.Frame, reason: AbsentReason | None) -> Row:
    why = f"{CANNOT_TELL}: {_why(reason)}"
    return Row(title, f"{title}: {why}", frame, (), 1.4, empty=why)


def _why(reason: AbsentReason | None) -> str:
    return WHY_ABSENT[reason or "sampled_too_slowly"]


def _unread(seen: Seen) -> list[Band]:
    """The end of the recording in which faces were not looked for."""
    cells, end_s = seen.cells, seen.clock.end_s
    read_to_s = float(cells.right_s[-1])
    step_s = (read_to_s - float(cells.left_s[0])) / max(len(seen.rows), 1)
    return [Band("unread", read_to_s, end_s)] if end_s - read_to_s > 2 * step_s else []


def _legend() -> Markup:
    items = (element("li", element("i", class_=f"swatch {name}"), name) for name in STACK)
    return element("ul", *items, class_="legend")


def _legend_words(seen: Seen, unread: list[Band]) -> str:
    told = [_likeliest(seen.person)]
    is_shown = seen.person.timeline.probabilities is not None
    if is_shown and seen.person.measures.certain_share < 1:
        told.append("Hatched: the expression should not be read.")
    if seen.person.share_of_frames < 1:
        told.append("Empty: this face is not seen.")
    if unread:
        told.append("Grey: faces were not read here.")
    width_s = float(np.median(seen.cells.right_s - seen.cells.left_s))
    told.append(f"A point of the curves is the mean of {width_s:.2g} s.")
    return " ".join(line for line in told if line)


def _likeliest(person: Person) -> str:
    probabilities = person.timeline.probabilities
    certain = np.array([reason == "" for reason in person.timeline.uncertain], np.bool_)
    if probabilities is None or not certain.any():
        return ""
    columns = np.stack([probabilities[emotion] for emotion in EMOTIONS])
    likeliest: list[int] = columns[:, certain].argmax(axis=0).tolist()
    counts = Counter(EMOTIONS[i] for i in likeliest)
    shares = [f"{name} {percent(n / certain.sum())}" for name, n in counts.most_common()]
    return f"Likeliest in the frames that can be read: {', '.join(shares)}."


def _facts(person: Person) -> list[tuple[str, str, str]]:
    measures, motion = person.measures, person.blinks_absent_reason
    start_s, end_s = person.tracks[0].start_s, person.tracks[-1].end_s
    blinks = None if person.blinks is None else float(len(person.blinks))
    rate = measures.blinks_per_min
    return [
        (
            "Seen in",
            percent(person.share_of_frames),
            f"of the frames, over {end_s - start_s:.1f} s",
        ),
        ("Expression certain", percent(measures.certain_share), _uncertain(person)),
        _tile("Blinks", blinks, "{:.0f}", "" if rate is None else f"{rate:.1f} a minute", motion),
        _tile("Smile, mean", measures.smile_mean, "{:.0%}", "100 % is the broadest", motion),
        _tile(
            "Speaking",
            measures.speaking_share,
            "{:.0%}",
            "of the frames with this face",
            person.speaking_unknown_reason or motion,
        ),
        _tile("Head movement", measures.head_speed_deg_s, "{:.0f} °/s", "median", motion),
    ]


def _tile(
    name: str, value: float | None, shown: str, note: str, reason: AbsentReason | None
) -> tuple[str, str, str]:
    if value is None:
        return (name, CANNOT_TELL, _why(reason))
    return (name, shown.format(value).replace("%", " %"), note)


def _uncertain(person: Person) -> str:
    reasons: Counter[Uncertainty] = Counter(r for r in person.timeline.uncertain if r)
    if not reasons:
        return "of the frames"
    main, count = reasons.most_common(1)[0]
    return f"of the frames; in {percent(count / person.frames)} {WHY_UNCERTAIN[main]}"
