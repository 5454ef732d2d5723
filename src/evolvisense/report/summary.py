"""A report -> what was seen and heard, in the order and the words in which it is shown.

Page, command, HTML report, tables and batches take the values from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from evolvisense.report.moments import moments_of
from evolvisense.report.parts import Person, ReportData
from evolvisense.report.stretches import usual_gap_s
from evolvisense.report.summary_face import face_summary, main_uncertainty, when_not
from evolvisense.report.summary_parts import PersonSummary, Quantity, Summary, SummaryValue
from evolvisense.report.summary_voice import voice_values
from evolvisense.report.words import (
    WHY_MISSING,
    WHY_NO_VOICE,
    clock_of,
    number,
    percent,
)
from evolvisense.types.indicators import MissingReason

FACE_SIZE = Quantity("eye_distance_px", "Face size", "px")
LIGHT = Quantity("brightness", "Light on the face", "share")
NOISE = Quantity("snr_db", "Signal-to-noise ratio", "dB")

AnyReport = TypeVar("AnyReport", bound=ReportData)

WELL_READABLE = 0.8
"""Under this share of readable time the answer is said to be limited (ours)."""

NEEDS: dict[MissingReason, str] = {
    "too_little_voiced_speech": "10 s of voiced speech",
    "too_little_speech": "20 s of speech",
    "too_few_face_frames": "150 frames with the face",
    "seen_too_short_for_blinks": "30 s of the face",
    "too_few_frames_per_second": "15 analysed frames a second (24 for blinks)",
}
"""What a longer or denser recording would give; the limits are those of the gates."""


def with_summary(report: AnyReport) -> AnyReport:
    """The report with `summary` and `moments` computed from its other parts."""
    return report.model_copy(update={"summary": summarize(report), "moments": moments_of(report)})


def summarize(report: ReportData) -> Summary:
    """What was seen and heard.

    Args:
        report: All other parts; `summary` is not read.
    """
    clock = clock_of(report)
    gap_s = usual_gap_s(clock.of(report.frames.time_s), report.media.duration_s)
    ordered = sorted(report.people, key=lambda person: not person.is_main)
    people = [face_summary(person, clock, gap_s) for person in ordered]
    voice = report.voice
    heard = (
        []
        if voice is None
        else voice_values(voice, report.indicators, withheld=report.withheld is not None)
    )
    main = ordered[0] if ordered else None
    return Summary(
        headline=_headline(report, people, heard),
        people=people,
        voice=heard,
        recording=_recording(report, main),
        limits=_limits(report, people, main),
        indicators=_indicators(report, people),
    )


def _headline(
    report: ReportData, people: Sequence[PersonSummary], heard: Sequence[SummaryValue]
) -> str:
    return f"{_seen(report, people)} {_heard(report, heard)}"


def _seen(report: ReportData, people: Sequence[PersonSummary]) -> str:
    if report.media.video is None:
        return "A sound file: no face."
    if not people:
        return "No face was found."
    values = {value.name: value for value in people[0].values}
    expression, smiles = values["expression"], values["smile_share"]
    parts: list[str] = []
    if expression.value is not None and expression.label is not None:
        parts.append(f"mostly {expression.label} ({percent(expression.value)} of readable time)")
    elif report.withheld is None:
        parts.append("expression not readable")
    if smiles.value is not None:
        parts.append(f"smiles {percent(smiles.value)} of the time" if smiles.value else "no smile")
    told = ", ".join(parts) or "face seen"
    if len(people) == 1:
        return f"{told[0].upper()}{told[1:]}."
    return f"{len(people)} people; the main one: {told}."


def _heard(report: ReportData, heard: Sequence[SummaryValue]) -> str:
    if not heard:
        why = WHY_NO_VOICE[report.voice_absent_reason or "not_wanted"]
        return f"No voice: {why}."
    values = {value.name: value for value in heard}
    speech, pitch, sounds = (
        values[name] for name in ("speech_s", "f0_median_hz", "voice_expression")
    )
    if not speech.value:
        return "No speech was heard."
    parts = [f"{number(speech.value, 1)} s of speech"]
    if pitch.value is not None:
        parts.append(f"pitch {number(pitch.value)} Hz")
    if sounds.label is not None:
        parts.append(f"sounds most like {sounds.label}")
    return f"{', '.join(parts)}."


def _recording(report: ReportData, main: Person | None) -> list[SummaryValue]:
    found: list[SummaryValue] = []
    if main is not None:
        distance = main.timeline.eye_distance_px
        if distance is None:
            found.append(FACE_SIZE.absent(WHY_MISSING["engine_reads_no_actions"]))
        else:
            px = float(np.median(distance))
            found.append(FACE_SIZE.found(px, f"{number(px)} px between the eyes (40 are enough)."))
        light = float(np.median(main.timeline.brightness))
        found.append(
            LIGHT.found(light, f"The face has {percent(light)} of the greatest brightness.")
        )
    if report.voice is not None:
        snr_db = report.voice.quality.snr_db
        if snr_db is None:
            found.append(NOISE.absent("there is too little speech or no background to compare"))
        else:
            found.append(
                NOISE.found(
                    snr_db,
                    f"Speech is {number(snr_db)} dB above the background (15 dB are enough).",
                )
            )
    return found


def _limits(report: ReportData, people: Sequence[PersonSummary], main: Person | None) -> list[str]:
    found = [f"{notice.message[0].upper()}{notice.message[1:]}." for notice in report.warnings]
    if main is not None and people[0].readable_share < WELL_READABLE:
        reason = main_uncertainty(main.timeline)
        found.append(
            f"The expression can be read {percent(people[0].readable_share)} of the time."
            f"{when_not(reason)}"
        )
    return found


def _indicators(report: ReportData, people: Sequence[PersonSummary]) -> str:
    scores = [score for score in report.indicators.scores if score.score is not None]
    if scores:
        told = ", ".join(
            f"{score.name} {number(score.score or 0.0)}"
            + (
                ""
                if score.interval_low is None or score.interval_high is None
                else f" ({number(score.interval_low)}-{number(score.interval_high)})"
            )
            for score in scores
        )
        return f"Indicators (0-100, 90 % interval): {told}."
    if any(score.no_score_reason == "withheld" for score in report.indicators.scores):
        return "Indicators are withheld on request."
    reasons: list[MissingReason] = []
    for score in report.indicators.scores:
        for part in score.contributions:
            if part.weight and part.missing_reason and part.missing_reason not in reasons:
                reasons.append(part.missing_reason)
    needs = [NEEDS[reason] for reason in reasons if reason in NEEDS]
    because = [WHY_MISSING[reason] for reason in reasons if reason not in NEEDS]
    if needs:
        speech_s = 0.0 if report.voice is None else report.voice.measures.speech_s
        seen_s = people[0].seen_s if people else 0.0
        because.insert(
            0,
            f"they need {_listed(needs)}, this recording has {number(speech_s)} s of speech and "
            f"{number(seen_s)} s of the face",
        )
    return f"Indicators cannot be computed: {'; '.join(because)}."


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
