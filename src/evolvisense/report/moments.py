"""A report -> its telling stretches, at most ten, the most striking first.

| kind | rule | size |
|---|---|---|
| `smile` | smile blendshape of 0.4 or more for 0.5 s | seconds |
| `expression_change` | another readable expression, each side held for 0.8 s | mean probability |
| `pause` | between two stretches of speech, 0.6 s or more, no missing sound | seconds |
| `high_pitch` | F0 above the median by two SD and 3 semitones for 0.15 s | semitones |
| `loud` | level above the median of voiced speech by 6 dB for 0.15 s | dB |
| `head_turn` | yaw or pitch changes by 15 degrees within 1 s | degrees |
| `unreadable` | no face, or an expression that cannot be read, for 1 s | seconds |

Moments are ranked by size over the least size of their kind, and each further one of a kind counts
half of the one before it, so that one kind does not fill the list. All limits are ours.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evolvisense.report.parts import Person, ReportData
from evolvisense.report.stretches import (
    Mask,
    Stretch,
    frame_weights_s,
    stretches,
    usual_gap_s,
)
from evolvisense.report.summary_face import main_uncertainty, most_probable, readable_frames
from evolvisense.report.summary_parts import Moment, MomentKind
from evolvisense.report.voice_parts import Segment, Voice
from evolvisense.report.words import WHY_UNCERTAIN, Clock, clock_of, number, percent
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import SMILE

MAX_MOMENTS = 10
LEAST: dict[MomentKind, float] = {
    "smile": 0.5,
    "expression_change": 0.5,
    "pause": 0.6,
    "high_pitch": 3.0,
    "loud": 6.0,
    "head_turn": 15.0,
    "unreadable": 1.0,
}
"""Least size of each kind, in its unit."""
MIN_HELD_S = 0.8
"""An expression that is held shorter is not a change."""
MIN_SOUND_S = 0.15
"""A shorter excursion of pitch or level is an error of tracking or one sound."""
JOIN_S = 0.3
"""Excursions that are closer than this are one."""
TURN_S = 1.0
"""Time within which the head must turn."""
PITCH_SDS = 2.0


@dataclass(frozen=True)
class _Found:
    kind: MomentKind
    start_s: float
    """On the player's clock, as `end_s`."""
    end_s: float
    size: float
    unit: str
    person_id: int | None
    sentence: str


def moments_of(report: ReportData) -> list[Moment]:
    """The telling stretches of the main person and of the voice, the most striking first.

    Args:
        report: All other parts; `moments` is not read.
    """
    clock = clock_of(report)
    found = list(_all(report, clock))
    by_kind: dict[MomentKind, list[_Found]] = defaultdict(list)
    for moment in found:
        by_kind[moment.kind].append(moment)
    ranked: list[tuple[float, _Found]] = []
    for kind, several in by_kind.items():
        several.sort(key=lambda moment: -moment.size)
        ranked += [
            (moment.size / LEAST[kind] / 2**place, moment) for place, moment in enumerate(several)
        ]
    ranked.sort(key=lambda pair: (-pair[0], pair[1].start_s))
    return [
        Moment(
            kind=moment.kind,
            start_s=round(clock.origin_s + moment.start_s, 3),
            end_s=round(clock.origin_s + moment.end_s, 3),
            size=round(moment.size, 3),
            unit=moment.unit,
            person_id=moment.person_id,
            sentence=moment.sentence,
        )
        for _, moment in ranked[:MAX_MOMENTS]
    ]


def _all(report: ReportData, clock: Clock) -> Iterator[_Found]:
    main = next((person for person in report.people if person.is_main), None)
    if len(report.frames.time_s):
        yield from _unreadable(report, main, clock)
    if main is not None:
        gap_s = usual_gap_s(clock.of(report.frames.time_s), report.media.duration_s)
        time_s = clock.of(main.timeline.time_s)
        weight_s = frame_weights_s(time_s, gap_s)
        yield from _smiles(main, time_s, weight_s)
        yield from _changes(main, time_s, weight_s)
        yield from _turns(main, time_s, gap_s)
    if report.voice is not None:
        yield from _pauses(report.voice, clock)
        time_s = clock.of(report.voice.timeline.time_s)
        yield from _pitch(report.voice, time_s)
        yield from _loudness(report.voice, clock)


def _smiles(person: Person, time_s: F64, weight_s: F64) -> Iterator[_Found]:
    smile = person.timeline.smile
    if smile is None or person.measures.smile_mean is None:
        return
    for start_s, end_s in stretches(time_s, weight_s, smile >= SMILE):
        length_s = end_s - start_s
        if length_s >= LEAST["smile"]:
            sentence = f"Smiles for {number(length_s, 1)} s."
            yield _Found("smile", start_s, end_s, length_s, "s", person.id, sentence)


def _changes(person: Person, time_s: F64, weight_s: F64) -> Iterator[_Found]:
    timeline = person.timeline
    labels = np.array(most_probable(timeline))
    if not len(labels) or timeline.probabilities is None:
        return
    readable = readable_frames(timeline)
    held: list[tuple[float, float, str, float]] = []
    for name, column in timeline.probabilities.items():
        mine: Mask = readable & (labels == name)
        for start_s, end_s in stretches(time_s, weight_s, mine):
            if end_s - start_s >= MIN_HELD_S:
                inside = mine & (time_s >= start_s) & (time_s < end_s)
                held.append((start_s, end_s, name, float(column[inside].mean())))
    held.sort()
    for before, after in itertools.pairwise(held):
        start_s, end_s, name, probability = after
        if name == before[2] or probability < LEAST["expression_change"]:
            continue
        sentence = (
            f"Changes from {before[2]} to {name} for {number(end_s - start_s, 1)} s "
            f"({percent(probability)} on average)."
        )
        yield _Found(
            "expression_change", start_s, end_s, probability, "probability", person.id, sentence
        )


def _turns(person: Person, times_s: F64, gap_s: float) -> Iterator[_Found]:
    timeline = person.timeline
    if timeline.yaw_deg is None or timeline.pitch_deg is None:
        return
    if person.measures.head_speed_deg_s is None or gap_s > TURN_S / 2:
        return
    later = np.searchsorted(times_s, times_s + TURN_S, side="right") - 1
    turned = np.maximum(
        np.abs(timeline.yaw_deg[later] - timeline.yaw_deg),
        np.abs(timeline.pitch_deg[later] - timeline.pitch_deg),
    )
    steps_s = np.full(len(times_s), gap_s)
    for start_s, end_s in stretches(times_s, steps_s * 1.5, turned >= LEAST["head_turn"]):
        inside = (times_s >= start_s) & (times_s < end_s)
        size = float(turned[inside].max())
        first = int(np.flatnonzero(inside)[turned[inside].argmax()])
        sentence = f"Turns the head by {number(size)}\u00b0 within a second."
        yield _Found(
            "head_turn",
            float(times_s[first]),
            float(times_s[later[first]]),
            size,
            "deg",
            person.id,
            sentence,
        )


def _unreadable(report: ReportData, main: Person | None, clock: Clock) -> Iterator[_Found]:
    times_s = clock.of(report.frames.time_s)
    gap_s = usual_gap_s(times_s, report.media.duration_s)
    weight_s = frame_weights_s(times_s, gap_s)
    readable = np.zeros(len(times_s), bool)
    why = "no face was found"
    if main is not None:
        rows = np.searchsorted(report.frames.number, main.timeline.frame_number)
        readable[rows] = readable_frames(main.timeline)
        seen = np.zeros(len(times_s), bool)
        seen[rows] = True
        reason = main_uncertainty(main.timeline)
        if seen.any() and reason is not None and (~seen).sum() < (seen & ~readable).sum():
            why = WHY_UNCERTAIN[reason]
    for start_s, end_s in stretches(times_s, weight_s, ~readable):
        length_s = min(end_s, clock.end_s) - start_s
        if length_s >= LEAST["unreadable"]:
            sentence = f"For {number(length_s, 1)} s no expression can be read: {why}."
            person_id = None if main is None else main.id
            yield _Found(
                "unreadable", start_s, start_s + length_s, length_s, "s", person_id, sentence
            )


def _pauses(voice: Voice, clock: Clock) -> Iterator[_Found]:
    for before, after in itertools.pairwise(voice.segments):
        start_s, end_s = clock.of(np.array([before.end_s, after.start_s])).tolist()
        length_s = end_s - start_s
        if length_s < LEAST["pause"] or _has_hole(voice.holes, before.end_s, after.start_s):
            continue
        sentence = f"Pauses for {number(length_s, 1)} s."
        yield _Found("pause", start_s, end_s, length_s, "s", None, sentence)


def _has_hole(holes: Sequence[Segment], start_s: float, end_s: float) -> bool:
    return any(hole.start_s < end_s and hole.end_s > start_s for hole in holes)


def _pitch(voice: Voice, time_s: F64) -> Iterator[_Found]:
    median_hz, sd_st = voice.measures.f0_median_hz, voice.measures.f0_sd_st
    if median_hz is None or sd_st is None:
        return
    f0_hz = voice.timeline.f0_hz.astype(np.float64)
    voiced = np.isfinite(f0_hz) & (f0_hz > 0)
    above_st = 12 * np.log2(np.where(voiced, f0_hz, median_hz) / median_hz)
    least_st = max(LEAST["high_pitch"], PITCH_SDS * sd_st)
    for start_s, end_s, peak in _excursions(
        time_s, voice.timeline.step_s, np.nan_to_num(above_st, nan=0.0), least_st
    ):
        sentence = f"The pitch rises {number(peak)} semitones above the usual of this voice."
        yield _Found("high_pitch", start_s, end_s, peak, "semitones", None, sentence)


def _loudness(voice: Voice, clock: Clock) -> Iterator[_Found]:
    median_dbfs = voice.measures.level_median_dbfs
    if median_dbfs is None:
        return
    level = voice.timeline.level_dbfs.astype(np.float64)
    speaks = np.zeros(len(level), bool)
    time_s = clock.of(voice.timeline.time_s)
    for segment in voice.segments:
        start_s, end_s = clock.of(np.array([segment.start_s, segment.end_s])).tolist()
        speaks |= (time_s >= start_s) & (time_s < end_s)
    above_db = np.where(speaks, level - median_dbfs, 0.0)
    for start_s, end_s, peak in _excursions(time_s, voice.timeline.step_s, above_db, LEAST["loud"]):
        sentence = f"The voice is {number(peak)} dB louder than usual in this recording."
        yield _Found("loud", start_s, end_s, peak, "dB", None, sentence)


def _excursions(
    times_s: F64, step_s: float, above: F64, least: float
) -> Iterator[tuple[float, float, float]]:
    """Start, end and median height of what rises over `least` for long enough; near ones joined."""
    steps_s = np.full(len(times_s), step_s)
    joined: list[Stretch] = []
    for start_s, end_s in stretches(times_s, steps_s, above >= least):
        if joined and start_s - joined[-1][1] < JOIN_S:
            joined[-1] = joined[-1][0], end_s
        else:
            joined.append((start_s, end_s))
    for start_s, end_s in joined:
        inside = (times_s >= start_s) & (times_s < end_s) & (above >= least)
        if inside.sum() * step_s >= MIN_SOUND_S:
            yield start_s, end_s, float(np.median(above[inside]))
