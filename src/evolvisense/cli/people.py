"""One person of a report as a few lines for a terminal."""

from __future__ import annotations

from collections import Counter

import numpy as np

from evolvisense.report.schema import BehaviourMeasures, Person
from evolvisense.report.words import WHY_ABSENT, WHY_UNCERTAIN
from evolvisense.types.behaviour import AbsentReason, Uncertainty
from evolvisense.types.scores import EMOTIONS

SHOWN_EXPRESSIONS = 3

SKIPPED_TOO_MANY = "frames too far apart to see them, choose --frame-skip 1"


def describe(person: Person, frame_skip: int) -> str:
    """Expression, what is uncertain about it, eyes, mouth and head; absence with its reason."""
    expression = [_expressions(person), _uncertain(person)]
    return "\n".join([line for line in expression if line] + _motion(person, frame_skip))


def _expressions(person: Person) -> str:
    certain = np.array([reason == "" for reason in person.timeline.uncertain])
    probabilities, shares = person.timeline.probabilities, list[str]()
    if probabilities is not None:
        columns = np.stack([probabilities[emotion] for emotion in EMOTIONS])
        likeliest: list[int] = columns[:, certain].argmax(axis=0).tolist()
        counts = Counter(EMOTIONS[i] for i in likeliest)
        shares = [
            f"{emotion} {count / certain.sum():.0%}"
            for emotion, count in counts.most_common(SHOWN_EXPRESSIONS)
        ]
    shown = f": {', '.join(shares)}" if shares else ""
    return f"expression certain in {certain.sum()} of {person.frames} frames{shown}"


def _uncertain(person: Person) -> str:
    reasons: Counter[Uncertainty] = Counter(r for r in person.timeline.uncertain if r)
    if not reasons:
        return ""
    main, _ = reasons.most_common(1)[0]
    share = 1 - person.measures.certain_share
    return f"uncertain in {share:.0%}, mostly because {WHY_UNCERTAIN[main]}"


def _motion(person: Person, frame_skip: int) -> list[str]:
    measures = person.measures
    told = [
        _blinks(person),
        _told("smile {:.0%}", measures.smile_mean),
        _told("speaking {:.0%}", measures.speaking_share),
        _told("head turns {:.0f}°/s", measures.head_speed_deg_s),
    ]
    untold: dict[AbsentReason, list[str]] = {}
    for name, reason in _absent(person, measures):
        untold.setdefault(reason, []).append(name)
    seen = ", ".join(line for line in told if line)
    return ([seen] if seen else []) + [
        f"{', '.join(names)}: cannot tell ({_why(reason, frame_skip)})"
        for reason, names in untold.items()
    ]


def _blinks(person: Person) -> str:
    if person.blinks is None:
        return ""
    count, rate = len(person.blinks), person.measures.blinks_per_min
    if not count:
        return "no blink seen"
    told = f"{count} blink{'s' * (count > 1)}"
    return told if rate is None else f"{told} ({rate:.0f} a minute)"


def _told(text: str, value: float | None) -> str:
    return "" if value is None else text.format(value)


def _absent(person: Person, measures: BehaviourMeasures) -> list[tuple[str, AbsentReason]]:
    no_motion: AbsentReason = person.blinks_absent_reason or "sampled_too_slowly"
    found: list[tuple[str, object, AbsentReason]] = [
        ("blinks", person.blinks, no_motion),
        ("smile", measures.smile_mean, person.smile_absent_reason or no_motion),
        ("speaking", measures.speaking_share, person.speaking_unknown_reason or no_motion),
        ("head movement", measures.head_speed_deg_s, person.head_absent_reason or no_motion),
    ]
    return [(name, reason) for name, value, reason in found if value is None]


def _why(reason: AbsentReason, frame_skip: int) -> str:
    if reason == "sampled_too_slowly" and frame_skip > 1:
        return SKIPPED_TOO_MANY
    return WHY_ABSENT[reason]
