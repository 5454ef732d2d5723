"""Indicators of a report as a few lines for a terminal."""

from __future__ import annotations

from evolvisense.report.indicator_parts import BaselinePart, IndicatorBlock, IndicatorPart
from evolvisense.scoring import GATES
from evolvisense.types.indicators import Feature, MissingReason

SHOWN_CONTRIBUTIONS = 3
SMALL_CONTRIBUTION = 0.05
"""Of S; less than this moves a score by one point at most."""

FEATURE_NAMES: dict[Feature, str] = {
    "f0_level_st": "pitch",
    "f0_sd_st": "pitch variability",
    "f0_range_st": "pitch range",
    "syllable_rate_hz": "syllable rate",
    "pause_share": "share of pauses",
    "pause_mean_log_s": "length of pauses",
    "level_sd_db": "loudness variability",
    "level_range_db": "loudness range",
    "voice_anger_or_fear": "anger or fear in the voice",
    "voice_fear": "fear in the voice",
    "smile_share_silent": "smiles in silence",
    "blinks_log_per_min": "blink rate",
    "head_speed_log_deg_s": "head movement",
}

WHY_MISSING: dict[MissingReason, str] = {
    "no_voice": "no voice was read",
    "no_face": "no face was found",
    "too_little_voiced_speech": f"under {GATES.min_voiced_s:.0f} s of voiced speech",
    "too_little_speech": f"under {GATES.min_speech_s:.0f} s of speech",
    "too_noisy": f"the voice is less than {GATES.min_snr_db:.0f} dB over the background",
    "clipped": "the sound is clipped",
    "several_speakers": "several voices are heard",
    "too_few_face_frames": f"under {GATES.min_face_frames} frames with the face",
    "face_seen_too_rarely": f"the face is seen in under {100 * GATES.min_face_share:.0f} % of the "
    "frames",
    "face_too_small": f"under {GATES.min_eye_distance_px:.0f} pixels between the eyes",
    "face_turned_away": f"the head is turned by more than {GATES.max_yaw_deg:.0f} degrees",
    "too_few_frames_per_second": "too few frames a second",
    "seen_too_short_for_blinks": f"the face is seen for under {GATES.min_blink_seen_s:.0f} s",
    "engine_reads_no_actions": "the expression engine does not read it",
    "never_silent": "the person is never silent",
    "no_pause": "there is no pause",
    "no_baseline": "needs a personal baseline",
    "no_reference": "has no reference in this language",
}


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
