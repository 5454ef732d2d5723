"""A report as annotation tiers (labelled intervals): documents of ELAN and TextGrids of Praat."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from evolvisense.extras import import_for_format
from evolvisense.report.figures.series import GAP_STEPS, step_of
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.words import (
    CANNOT_TELL,
    WHY_ABSENT,
    WHY_NO_VOICE,
    WHY_UNCERTAIN,
    Clock,
    clock_of,
)
from evolvisense.thresholds import VadOptions
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import SMILE, AbsentReason
from evolvisense.types.scores import EMOTIONS

POINT_S = 0.04
"""Length given to a marked moment: tiers of intervals hold no points."""

DEFAULT_LONG_PAUSE_S = VadOptions().long_pause_s
"""For reports that do not say what they counted as a long pause."""


@dataclass(frozen=True)
class Span:
    """A labelled stretch of time, in seconds from the beginning of the recording."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True)
class Tier:
    """Stretches that do not overlap, by time. Where a label begins with "cannot tell", nothing is
    known; where there is no label, it was looked for and not found.
    """

    name: str
    spans: tuple[Span, ...]
    person_id: int | None = None
    """None for what belongs to the sound."""


@dataclass(frozen=True)
class _FaceStretches:
    """The frames of one person (M,), each with the time it stands for."""

    start_s: F64
    end_s: F64

    def runs(self, labels: Sequence[str]) -> Iterator[Span]:
        """Frames of one label (M,) that touch each other, put together; empty labels left out."""
        if not labels:
            return
        names, codes = np.unique(np.array(labels), return_inverse=True)
        is_new = (codes[1:] != codes[:-1]) | (self.start_s[1:] > self.end_s[:-1])
        first = np.flatnonzero(np.append(True, is_new)).tolist()
        for begin, end in pairwise([*first, len(labels)]):
            if label := str(names[codes[begin]]):
                yield Span(float(self.start_s[begin]), float(self.end_s[end - 1]), label)


def tiers_of(report: ReportData) -> tuple[Tier, ...]:
    """Speech and pauses, then of each person: when they are seen, the likeliest expression where it
    may be read, where it may not and why, smiles, blinks, and when they speak. Marks come last, on
    as many tiers as it takes for none to overlap.

    Without expressions where they are withheld. Times are on the clock of `clock_of`.
    """
    clock = clock_of(report)
    voice = [_inside(tier, clock) for tier in _of_the_voice(report, clock)]
    people = [
        _inside(tier, clock)
        for person in report.people
        for tier in _of_a_person(report, person, clock)
    ]
    marks = [_inside(tier, clock) for tier in _of_marks(report, clock)]
    return (*voice, *people, *marks)


def _of_the_voice(report: ReportData, clock: Clock) -> Iterator[Tier]:
    voice = report.voice
    if voice is None:
        why = WHY_NO_VOICE[report.voice_absent_reason or "not_wanted"]
        for name in ("speech", "pauses"):
            yield Tier(name, (Span(0.0, clock.end_s, f"{CANNOT_TELL}: {why}"),))
        return
    speech = [
        Span(s.start_s - clock.origin_s, s.end_s - clock.origin_s, "speech") for s in voice.segments
    ]
    gaps = [(before.end_s, after.start_s) for before, after in pairwise(speech)]
    thresholds = report.options.thresholds
    long_s = DEFAULT_LONG_PAUSE_S if thresholds is None else thresholds.vad.long_pause_s
    yield Tier("speech", tuple(speech))
    yield Tier(
        "pauses",
        tuple(
            Span(start, end, "long pause" if end - start > long_s else "pause")
            for start, end in gaps
        ),
    )


def _of_a_person(report: ReportData, person: Person, clock: Clock) -> Iterator[Tier]:
    seen = _sightings(report, person, clock)
    timeline = person.timeline
    found: dict[str, tuple[Span, ...]] = {"seen": tuple(seen.runs(["seen"] * person.frames))}
    if timeline.probabilities is not None:
        found["expression"] = tuple(seen.runs(_expressions(person)))
    doubts = [f"{CANNOT_TELL}: {WHY_UNCERTAIN[u]}" if u else "" for u in timeline.uncertain]
    found["uncertain"] = tuple(seen.runs(doubts))
    if timeline.smile is None:
        found["smiles"] = _untold(seen, "engine_reads_no_actions")
    else:
        is_smile = (timeline.smile >= SMILE).tolist()
        found["smiles"] = tuple(seen.runs(["smile" if smiles else "" for smiles in is_smile]))
    if person.blinks is None:
        found["blinks"] = _untold(seen, person.blinks_absent_reason)
    else:
        found["blinks"] = tuple(
            Span(b.start_s - clock.origin_s, b.end_s - clock.origin_s, "blink")
            for b in person.blinks
        )
    speaking = {"yes": "speaks", "no": "", "unknown": _why(person.speaking_unknown_reason)}
    found["speaking"] = tuple(seen.runs([speaking[answer] for answer in timeline.speaking]))
    for name, spans in found.items():
        yield Tier(f"person {person.id} {name}", spans, person.id)


def _of_marks(report: ReportData, clock: Clock) -> Iterator[Tier]:
    """Each mark is on the first tier that is free at its begin: "marks", "marks 2", ..."""
    tiers: list[list[Span]] = []
    for mark in sorted(report.marks, key=lambda mark: (mark.start_s, mark.end_s)):
        start_s = min(mark.start_s - clock.origin_s, clock.end_s - POINT_S)
        end_s = max(mark.end_s - clock.origin_s, start_s + POINT_S)
        free = next((tier for tier in tiers if tier[-1].end_s <= start_s), None)
        if free is None:
            tiers.append(free := [])
        free.append(Span(start_s, end_s, mark.label()))
    for i, spans in enumerate(tiers):
        yield Tier(f"marks {i + 1}" if i else "marks", tuple(spans))


def _sightings(report: ReportData, person: Person, clock: Clock) -> _FaceStretches:
    """A frame stands for the time up to the next one, as far as GAP_STEPS allow."""
    times_s = clock.of(np.asarray(report.frames.time_s, np.float64))
    step_s = step_of(times_s)
    next_s = np.append(times_s[1:], times_s[-1:] + step_s)
    rows = np.searchsorted(report.frames.number, person.timeline.frame_number)
    start_s = times_s[rows]
    return _FaceStretches(start_s, np.minimum(next_s[rows], start_s + GAP_STEPS * step_s))


def _expressions(person: Person) -> list[str]:
    """The likeliest expression of each frame, empty where it should not be read."""
    timeline = person.timeline
    if timeline.probabilities is None:
        return [""] * person.frames
    columns = np.stack([timeline.probabilities[emotion] for emotion in EMOTIONS])
    likeliest: list[int] = columns.argmax(axis=0).tolist()
    return [
        "" if doubt else EMOTIONS[i] for i, doubt in zip(likeliest, timeline.uncertain, strict=True)
    ]


def _untold(seen: _FaceStretches, reason: AbsentReason | None) -> tuple[Span, ...]:
    """That it cannot be told, as long as the person is there."""
    if not len(seen.start_s):
        return ()
    return (Span(float(seen.start_s[0]), float(seen.end_s[-1]), _why(reason)),)


def _why(reason: AbsentReason | None) -> str:
    return f"{CANNOT_TELL}: {WHY_ABSENT[reason or 'sampled_too_slowly']}"


def _inside(tier: Tier, clock: Clock) -> Tier:
    """With all stretches between the beginning and the end of the recording."""
    cut = (
        Span(max(span.start_s, 0.0), min(span.end_s, clock.end_s), span.label)
        for span in tier.spans
    )
    return Tier(tier.name, tuple(s for s in cut if s.end_s > s.start_s), tier.person_id)


ANY_VIDEO = "video/*"


def to_eaf(report: ReportData, *, media_name: str = "") -> bytes:
    """The tiers of `tiers_of` as EAF 2.8, in whole milliseconds.

    `media_name` is the file name of the recording; ELAN looks for it beside the document. Version
    and limits are properties of the document, under names that begin with `evolvisense.`.
    Raises FormatUnavailableError without the extra [report].
    """
    elan = import_for_format("pympi.Elan", "report", "EAF")
    document: Any = elan.Eaf(author=f"{report.producer.name} {report.producer.version}")
    # pympi writes the offset of a time zone of half an hour as no parser reads it.
    document.adocument["DATE"] = datetime.now(UTC).isoformat(timespec="seconds")
    document.remove_tier("default")
    document.properties += [
        ("evolvisense.schema_version", report.schema_version),
        ("evolvisense.limits", report.limits),
    ]
    if name := "".join(character for character in media_name if character.isprintable()):
        kind = mimetypes.guess_type(name)[0] or ANY_VIDEO
        document.add_linked_file(name, relpath=f"./{name}", mimetype=kind)
    for tier in tiers_of(report):
        person = None if tier.person_id is None else f"person {tier.person_id}"
        document.add_tier(tier.name, part=person)
        for span in tier.spans:
            start_ms, end_ms = round(1000 * span.start_s), round(1000 * span.end_s)
            if start_ms < end_ms:
                document.add_annotation(tier.name, start_ms, end_ms, span.label)
    return _content(document)


def _content(document: Any) -> bytes:  # noqa: ANN401 - pympi comes without types
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.eaf"
        document.to_file(path)
        return path.read_bytes()


DECIMALS = 6
"""Of a second, as pympi writes them: stretches that end where the next begins must stay so."""


def to_textgrid(report: ReportData) -> bytes:
    """The tiers of `tiers_of` as interval tiers, UTF-8; nothing to say is an empty interval.

    Raises FormatUnavailableError without the extra [report].
    """
    end_s = round(clock_of(report).end_s, DECIMALS)
    praat = import_for_format("pympi.Praat", "report", "TextGrid")
    grid: Any = praat.TextGrid(xmax=end_s)
    for tier in tiers_of(report):
        intervals = grid.add_tier(tier.name)
        for span in tier.spans:
            start, end = round(span.start_s, DECIMALS), round(span.end_s, DECIMALS)
            if start < end:
                # Its own check compares each interval with all others; ours do not overlap.
                intervals.add_interval(start, end, span.label, check=False)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.TextGrid"
        grid.to_file(path)
        return path.read_bytes()
