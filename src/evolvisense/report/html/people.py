"""People: what was seen of each, in numbers and over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from evolvisense.report.figures import Figure
from evolvisense.report.figures.person import likeliest
from evolvisense.report.html.figures import OF_A_PERSON, drawn, place_of
from evolvisense.report.html.markup import Markup, element, percent, section, tiles
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.words import CANNOT_TELL, WHY_ABSENT, WHY_UNCERTAIN
from evolvisense.types.behaviour import AbsentReason, Uncertainty

MOST_PEOPLE = 6
"""Drawn; the others are told in a sentence."""


def people_shown(report: ReportData) -> list[Person]:
    """Those who have a part of the page, the longest seen first."""
    people = sorted(report.people, key=lambda person: (not person.is_main, -person.frames))
    return people[:MOST_PEOPLE]


def people_sections(report: ReportData, figures: Mapping[str, Figure]) -> list[Markup]:
    """A part for each person shown, and a sentence about the others."""
    if not report.people:
        analysed = len(report.frames.number)
        return [section("Faces", element("p", f"No face was found in {analysed} analysed frames."))]
    shown = people_shown(report)
    found = [_person(report, person, figures) for person in shown]
    if rest := [person for person in report.people if person not in shown]:
        seen = ", ".join(f"person {p.id} in {percent(p.share_of_frames)}" for p in rest)
        found.append(section("Other people", element("p", f"Seen of the frames: {seen}.")))
    return found


def _person(report: ReportData, person: Person, figures: Mapping[str, Figure]) -> Markup:
    title = "Face" if len(report.people) == 1 else f"Person {person.id}"
    places = [place_of(name, person) for name in OF_A_PERSON]
    return section(
        f"{title} (main)" if len(report.people) > 1 and person.is_main else title,
        tiles(_facts(person)),
        *(element("p", line) for line in [likeliest(person)] if line),
        *(drawn(place, figures[place]) for place in places),
    )


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
        _tile(
            "Smile, mean",
            measures.smile_mean,
            "{:.0%}",
            "100 % is the broadest",
            person.smile_absent_reason,
        ),
        _tile(
            "Speaking",
            measures.speaking_share,
            "{:.0%}",
            "of the frames with this face",
            person.speaking_unknown_reason or motion,
        ),
        _tile(
            "Head movement",
            measures.head_speed_deg_s,
            "{:.0f} °/s",
            "median",
            person.head_absent_reason,
        ),
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


def _why(reason: AbsentReason | None) -> str:
    return WHY_ABSENT[reason or "sampled_too_slowly"]
