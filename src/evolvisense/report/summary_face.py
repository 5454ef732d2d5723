"""What was seen of one person, in numbers and plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from evolvisense.report.parts import FaceTimeline, Person
from evolvisense.report.stretches import Mask, frame_weights_s, longest, stretches
from evolvisense.report.summary_parts import (
    ExpressionShares,
    PersonSummary,
    Quantity,
    SummaryValue,
    UsualRange,
)
from evolvisense.report.words import (
    WHY_ABSENT,
    WHY_UNCERTAIN,
    WITHHELD,
    Clock,
    number,
    percent,
    span,
)
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import MAX_FRAME_S, SMILE, AbsentReason, Uncertainty
from evolvisense.types.scores import EMOTIONS, Emotion

EXPRESSION = Quantity("expression", "Expression", "share")
SMILES = Quantity("smile_share", "Smiles", "share")
BLINKS = Quantity("blinks", "Blinks", "")
BLINK_RATE = Quantity(
    "blinks_per_min",
    "Blink rate",
    "1/min",
    UsualRange(low=10.5, high=32.5, source="conversation (Doughty 2001)"),
)
HEAD = Quantity("head_speed_deg_s", "Head movement", "deg/s")
SPEAKING = Quantity("speaking_share", "Speaking", "share")

MOSTLY = 0.5
"""From this share on an expression is there most of the time."""
WORTH_NAMING = 0.05
"""A second expression of a smaller share is not named (ours)."""
ALWAYS = 0.95
"""From this share on the longest stretch is not named (ours)."""
MIN_BLINK_RATE_S = 30.0
"""As for the measure in `people`: a shorter time holds too few blinks for a rate."""
Z_90 = 1.645


def face_summary(person: Person, clock: Clock, gap_s: float) -> PersonSummary:
    """Shares of expressions and the values of one person.

    Args:
        person: Part of a report.
        clock: Clock of the sentences.
        gap_s: Usual time between two analysed frames.
    """
    timeline = person.timeline
    time_s = clock.of(timeline.time_s)
    weight_s = frame_weights_s(time_s, gap_s)
    readable = readable_frames(timeline)
    speaking = np.array(timeline.speaking)
    shares = _shares(timeline, weight_s, readable)
    seen_s = float(weight_s.sum())
    return PersonSummary(
        person_id=person.id,
        is_main=person.is_main,
        seen_s=round(seen_s, 3),
        readable_share=round(_share(weight_s, readable), 4),
        expressions=shares,
        expressions_speaking=_shares(timeline, weight_s, readable & (speaking == "yes")),
        expressions_silent=_shares(timeline, weight_s, readable & (speaking == "no")),
        values=[
            _expression(timeline, shares, _share(weight_s, readable)),
            _smiles(person, time_s, weight_s),
            *_blinks(person, seen_s),
            _head(person),
            _speaking(person),
        ],
    )


def readable_frames(timeline: FaceTimeline) -> Mask:
    """(K,) whether the expression of each frame can be read."""
    return np.array([reason == "" for reason in timeline.uncertain], bool)


def most_probable(timeline: FaceTimeline) -> list[Emotion]:
    """The most probable expression of each of the K frames; empty where withheld."""
    if timeline.probabilities is None or not len(timeline.time_s):
        return []
    columns = np.stack([timeline.probabilities[emotion] for emotion in EMOTIONS])
    best: list[int] = columns.argmax(axis=0).tolist()
    return [EMOTIONS[i] for i in best]


def main_uncertainty(timeline: FaceTimeline) -> Uncertainty | None:
    """The most frequent reason why an expression cannot be read; None where it always can."""
    reasons: Counter[Uncertainty] = Counter(reason for reason in timeline.uncertain if reason)
    return reasons.most_common(1)[0][0] if reasons else None


def when_not(reason: Uncertainty | None) -> str:
    """The sentence about the time in which an expression cannot be read; empty without a reason.

    >>> when_not("small")
    ' When not, most often the face is small.'
    """
    return "" if reason is None else f" When not, most often {WHY_UNCERTAIN[reason]}."


def rate_interval(count: int, seconds: float) -> tuple[float, float]:
    """90 % interval of a rate per minute from a count of events.

    Byar's approximation of the exact Poisson limits (Breslow & Day 1987, section 2.3).

    >>> [round(end, 1) for end in rate_interval(18, 60.0)]
    [11.6, 26.7]
    """
    low = 0.0
    if count:
        low = count * max(1 - 1 / (9 * count) - Z_90 / (3 * count**0.5), 0.0) ** 3
    more = count + 1
    high = more * (1 - 1 / (9 * more) + Z_90 / (3 * more**0.5)) ** 3
    return 60 * low / seconds, 60 * high / seconds


def _share(weight_s: F64, chosen: Mask) -> float:
    total_s = float(weight_s.sum())
    return float(weight_s[chosen].sum()) / total_s if total_s else 0.0


def _shares(timeline: FaceTimeline, weight_s: F64, chosen: Mask) -> ExpressionShares:
    names = np.array(most_probable(timeline))
    readable_s = float(weight_s[chosen].sum())
    shares: dict[Emotion, float] | None = None
    if len(names) and readable_s:
        shares = {
            emotion: round(float(weight_s[chosen & (names == emotion)].sum()) / readable_s, 4)
            for emotion in EMOTIONS
        }
    return ExpressionShares(readable_s=round(readable_s, 3), shares=shares)


def _expression(
    timeline: FaceTimeline, found: ExpressionShares, readable_share: float
) -> SummaryValue:
    if timeline.probabilities is None:
        return EXPRESSION.absent(WITHHELD)
    reason = main_uncertainty(timeline)
    if found.shares is None:
        because = "" if reason is None else f", mostly because {WHY_UNCERTAIN[reason]}"
        return EXPRESSION.absent(f"it cannot be read in any frame{because}")
    shares = found.shares
    first, second = sorted(shares, key=lambda emotion: -shares[emotion])[:2]
    how = "Mostly" if shares[first] >= MOSTLY else "Most often"
    also = f", then {second} {percent(shares[second])}" if shares[second] >= WORTH_NAMING else ""
    note = None
    if readable_share < 1:
        note = f"Can be read {percent(readable_share)} of the time.{when_not(reason)}"
    return EXPRESSION.found(
        shares[first],
        f"{how} {first}: {percent(shares[first])} of the readable time{also}.",
        label=first,
        note=note,
    )


def _smiles(person: Person, time_s: F64, weight_s: F64) -> SummaryValue:
    smile = person.timeline.smile
    if smile is None or person.measures.smile_mean is None:
        return SMILES.absent(_why(person.smile_absent_reason))
    share = _share(weight_s, smile >= SMILE)
    stretch = longest(stretches(time_s, weight_s, smile >= SMILE))
    if stretch is None:
        return SMILES.found(0.0, "No smile was seen.")
    mostly = "" if share >= ALWAYS else f", the longest at {span(*stretch)}"
    return SMILES.found(share, f"Smiles {percent(share)} of the time{mostly}.")


def _blinks(person: Person, seen_s: float) -> Iterator[SummaryValue]:
    if person.blinks is None:
        why = _why(person.blinks_absent_reason)
        yield BLINKS.absent(why)
        yield BLINK_RATE.absent(why)
        return
    count = len(person.blinks)
    plural = "" if count == 1 else "s"
    yield BLINKS.found(count, f"{count or 'No'} blink{plural} in {number(seen_s, 1)} s.")
    per_min = person.measures.blinks_per_min
    if per_min is None:
        needs = f"it needs {MIN_BLINK_RATE_S:.0f} s of the face, this has {number(seen_s)} s"
        yield BLINK_RATE.absent(needs)
        return
    watched_s = float(np.clip(np.diff(person.timeline.time_s), 0, MAX_FRAME_S).sum())
    low, high = rate_interval(count, watched_s)
    yield BLINK_RATE.found(
        per_min,
        f"{number(per_min)} blinks a minute (90 % interval {number(low)}-{number(high)}).",
        interval=(low, high),
    )


def _head(person: Person) -> SummaryValue:
    speed = person.measures.head_speed_deg_s
    if speed is None:
        return HEAD.absent(_why(person.head_absent_reason))
    return HEAD.found(speed, f"The head turns at {number(speed)}\u00b0/s (median).")


def _speaking(person: Person) -> SummaryValue:
    share = person.measures.speaking_share
    if share is None:
        return SPEAKING.absent(_why(person.speaking_unknown_reason))
    return SPEAKING.found(share, f"Speaks {percent(share)} of the time the face is seen.")


def _why(reason: AbsentReason | None) -> str:
    return WHY_ABSENT[reason or "sampled_too_slowly"]
