"""A report as a few lines for a terminal: indicators, people, voice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from evolvisense.report import LIMITS_NOTICE, Report
from evolvisense.report.indicator_parts import BaselinePart, IndicatorBlock, IndicatorPart
from evolvisense.report.parts import BehaviourMeasures, Person
from evolvisense.report.voice_parts import SoundQuality, VoiceEmotionColumns, VoiceMeasures
from evolvisense.report.words import FEATURE_NAMES, WHY_ABSENT, WHY_MISSING, WHY_UNCERTAIN, WITHHELD
from evolvisense.types.behaviour import AbsentReason, Uncertainty
from evolvisense.types.indicators import MissingReason
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import NOVEL

SHOWN_CONTRIBUTIONS = 3
SMALL_CONTRIBUTION = 0.05
"""Of S; less than this moves a score by one point at most."""


def indicator_lines(score: IndicatorPart) -> str:
    """Score with its interval and what made it, or how much evidence it lacks."""
    return "\n".join(line for line in (_score(score), _made_of(score)) if line)


def missing_lines(indicators: IndicatorBlock) -> list[str]:
    """What did not count in any indicator, by the reason."""
    missing: dict[MissingReason, dict[str, None]] = {}
    for score in indicators.scores:
        for part in score.contributions:
            if part.missing_reason is not None and part.weight:
                names = missing.setdefault(part.missing_reason, {})
                names[FEATURE_NAMES[part.feature]] = None
    return [f"{', '.join(names)}: {WHY_MISSING[reason]}" for reason, names in missing.items()]


def baseline_lines(baseline: BaselinePart | None) -> list[str]:
    """What differs reliably from the person's own recordings."""
    if baseline is None:
        return []
    if not baseline.is_used:
        wanted = (
            f"{baseline.missing_recordings} more recordings"
            if baseline.missing_recordings
            else (f"recordings on {baseline.missing_days} more days")
        )
        return [f"the baseline is not used yet: it needs {wanted}"]
    changed = [c for c in baseline.changes if c.is_reliable]
    against = f"against {baseline.recordings} recordings on {baseline.days} days"
    if not changed:
        return [f"nothing beyond chance {against}"]
    return [
        f"{FEATURE_NAMES[c.feature]} {c.change:+.2f} (from {c.baseline_mean:.2f}) {against}"
        for c in changed
    ]


def _score(score: IndicatorPart) -> str:
    if score.no_score_reason == "withheld":
        return WITHHELD
    covered = f"{score.coverage:.0%} of the evidence"
    if score.score is None:
        return f"cannot tell: {covered}, half is needed"
    if score.interval_low is None or score.interval_high is None:
        return f"{score.score:.0f}, interval unknown ({covered})"
    return (
        f"{score.score:.0f} (90 %: {score.interval_low:.0f}-{score.interval_high:.0f}; {covered})"
    )


def _made_of(score: IndicatorPart) -> str:
    if score.score is None:
        return ""
    counting = [(c, c.contribution) for c in score.contributions if c.contribution is not None]
    strongest = sorted(counting, key=lambda pair: -abs(pair[1]))[:SHOWN_CONTRIBUTIONS]
    return ", ".join(
        f"{FEATURE_NAMES[c.feature]} {part:+.2f}"
        for c, part in strongest
        if abs(part) >= SMALL_CONTRIBUTION
    )


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


SHOWN_EMOTIONS = 2


def voice_lines(report: Report) -> str:
    """Speech, pitch, rate and pauses, and how well they could be heard."""
    if report.voice is None:
        return f"none ({(report.voice_absent_reason or '').replace('_', ' ')})"
    measures = report.voice.measures
    lines = [f"{measures.speech_s:.1f} s of speech, {_pitch(measures)}", _timing(measures)]
    lines += [_emotion(report.voice.emotion), _quality(report.voice.quality)]
    return "\n".join(line for line in lines if line)


def _pitch(measures: VoiceMeasures) -> str:
    if measures.f0_median_hz is None or measures.f0_sd_st is None:
        return f"too little voiced speech ({measures.voiced_s:.1f} s) to describe its pitch"
    return f"pitch {measures.f0_median_hz:.0f} Hz (SD {measures.f0_sd_st:.1f} semitones)"


def _timing(measures: VoiceMeasures) -> str:
    told: list[str] = []
    if measures.syllable_rate_hz is not None:
        told.append(f"{measures.syllable_rate_hz:.1f} syllables/s")
    if measures.pause_share is not None:
        plural = "" if measures.pauses == 1 else "s"
        told.append(f"{measures.pauses} pause{plural} ({measures.pause_share:.0%} of the time)")
    if measures.level_sd_db is not None:
        told.append(f"loudness SD {measures.level_sd_db:.1f} dB")
    return ", ".join(told)


def _emotion(emotion: VoiceEmotionColumns | None) -> str:
    if emotion is None or not emotion.speech_share.sum():
        return ""
    means = {
        name: float(np.average(column, weights=emotion.speech_share))
        for name, column in emotion.probabilities.items()
    }
    first = sorted(means, key=lambda name: -means[name])[:SHOWN_EMOTIONS]
    return (
        "sounds "
        + ", ".join(f"{name} {means[name]:.0%}" for name in first)
        + " (learnt from actors)"
    )


def _quality(quality: SoundQuality) -> str:
    told: list[str] = []
    if quality.snr_db is not None:
        told.append(f"speech {quality.snr_db:.0f} dB over the background")
    if quality.clipped_share > 0:
        told.append(f"{quality.clipped_share:.2%} clipped")
    if quality.speakers == "several":
        told.append("several voices")
    if quality.novelty is not None and quality.novelty > NOVEL:
        told.append("unlike the speech that the models know")
    return ", ".join(told)


_console = Console(highlight=False)


def print_summary(report: Report, path: Path) -> None:
    """Indicators first, then what was seen and heard; the legacy block last and marked."""
    table = Table(title=escape(str(path)), title_justify="left", show_header=False, box=None)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    media = report.media
    if media.video is None:
        codec = "" if media.audio is None else f", {media.audio.codec}"
        table.add_row("Sound", f"{media.duration_s:.2f} s without a picture{codec}")
    else:
        table.add_row(
            "Video",
            f"{media.duration_s:.2f} s, {media.video.width_px} x {media.video.height_px}, "
            f"{media.video.codec}",
        )
        analysed = len(report.frames.number)
        with_face = int((report.frames.faces > 0).sum())
        table.add_row("Frames", f"{analysed} analysed, {with_face} with a face")
    for score in report.indicators.scores:
        table.add_row(score.name.capitalize(), indicator_lines(score))
    if missing := missing_lines(report.indicators):
        table.add_row("Not counted", "\n".join(missing))
    for change in baseline_lines(report.indicators.baseline):
        table.add_row("Change", change)
    for person in report.people:
        table.add_row(
            _person_name(person, len(report.people)), describe(person, report.options.frame_skip)
        )
    table.add_row("Voice", voice_lines(report))
    for warning in report.warnings:
        table.add_row("[yellow]Note[/yellow]", warning.message)
    table.add_row("Legacy v1", f"[dim]{_legacy(report)}[/dim]")
    table.add_row("Took", f"{report.timings_s['total']:.2f} s")
    _console.print(table)
    _console.print()


def print_limits() -> None:
    """The text that stands wherever scores stand."""
    _console.print(Panel(LIMITS_NOTICE, title="What these numbers are not"))


def _person_name(person: Person, count: int) -> str:
    if count == 1:
        return "Face"
    return f"Person {person.id}{' (main)' if person.is_main else ''}"


def _legacy(report: Report) -> str:
    if report.v1 is None:
        return WITHHELD
    scores = report.v1.mental_health
    return (
        f"depression {scores.depression:.1f}, stress {scores.stress:.1f}, anxiety "
        f"{scores.anxiety:.1f} - formula of the old service, not a measurement"
    )
