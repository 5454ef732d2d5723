"""What was heard, in numbers and plain words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evolvisense.report.indicator_parts import IndicatorBlock
from evolvisense.report.summary_parts import Quantity, SummaryValue, UsualRange
from evolvisense.report.voice_parts import Voice, VoiceEmotionColumns, VoiceMeasures
from evolvisense.report.words import REFERENCES, WITHHELD, number, percent
from evolvisense.types.indicators import Feature
from evolvisense.types.scores import Emotion
from evolvisense.types.voice import NOVEL

LEARNT_FROM_ACTORS = (
    "The network learnt from acted speech. Everyday speech and languages that it never heard are "
    "read less well."
)
UNLIKE_TRAINING = (
    "The recording is unlike all speech that the network learnt from, so this is not reliable."
)
MIN_SPEECH_FOR_RATE_S = 1.0
"""As for the measure in `voice`."""
F0_REFERENCE_HZ = 100.0
"""F0 levels are semitones above it."""

SPEECH = Quantity("speech_s", "Speech", "s")
PITCH = Quantity("f0_median_hz", "Pitch", "Hz")
PITCH_RANGE = Quantity("f0_range_st", "Pitch range", "semitones")
LOUDNESS = Quantity("level_sd_db", "Loudness variation", "dB")
RATE = Quantity("syllable_rate_hz", "Speech rate", "syllables/s")
PAUSES = Quantity("pause_share", "Pauses", "share")
EXPRESSION = Quantity("voice_expression", "Expression in the voice", "probability")


def voice_values(voice: Voice, indicators: IndicatorBlock, *, withheld: bool) -> list[SummaryValue]:
    """The values of the voice in the order to show them.

    Args:
        voice: Part of a report.
        indicators: Part of the same report; its reference set says what is usual.
        withheld: Whether the expression of the voice was left out on request.
    """
    usual, language = indicators.usual, indicators.language

    def known(quantity: Quantity, feature: Feature) -> Quantity:
        if feature not in usual:
            return quantity
        low, high = usual[feature].low, usual[feature].high
        if feature == "f0_level_st":
            low, high = _hz(low), _hz(high)
        source = f"90 % of people in {REFERENCES[language]} (reference set)"
        return replace(
            quantity, usual=UsualRange(low=round(low, 2), high=round(high, 2), source=source)
        )

    measures = voice.measures
    too_little = "there is no speech"
    if measures.speech_s:
        too_little = f"only {number(measures.voiced_s, 1)} s of the speech are voiced"
    return [
        _speech(measures),
        _told(
            known(PITCH, "f0_level_st"),
            measures.f0_median_hz,
            "Pitch {} Hz (median F0).",
            too_little,
        ),
        _told(
            known(PITCH_RANGE, "f0_range_st"),
            measures.f0_range_st,
            "Pitch moves over {} semitones (5th to 95th percentile of F0).",
            too_little,
            decimals=1,
        ),
        _told(
            known(LOUDNESS, "level_sd_db"),
            measures.level_sd_db,
            "Loudness varies by {} dB (standard deviation in voiced speech).",
            too_little,
            decimals=1,
        ),
        _told(
            known(RATE, "syllable_rate_hz"),
            measures.syllable_rate_hz,
            "{} syllables a second of speech, pauses left out.",
            _why_no_rate(measures),
            decimals=1,
        ),
        _pauses(measures),
        EXPRESSION.absent(WITHHELD) if withheld else _expression(voice),
    ]


def _hz(semitones: float) -> float:
    return F0_REFERENCE_HZ * 2 ** (semitones / 12)


def _told(
    quantity: Quantity, value: float | None, sentence: str, missing: str, *, decimals: int = 0
) -> SummaryValue:
    if value is None:
        return quantity.absent(missing)
    return quantity.found(value, sentence.format(number(value, decimals)))


def _speech(measures: VoiceMeasures) -> SummaryValue:
    speech_s, duration_s = measures.speech_s, measures.duration_s
    if not speech_s:
        return SPEECH.found(0.0, f"No speech in {number(duration_s, 1)} s of sound.")
    return SPEECH.found(
        speech_s, f"{number(speech_s, 1)} s of speech in {number(duration_s, 1)} s of sound."
    )


def _why_no_rate(measures: VoiceMeasures) -> str:
    if not measures.speech_s:
        return "there is no speech"
    if measures.syllables is None and measures.speech_s >= MIN_SPEECH_FOR_RATE_S:
        return "the speech has no voice pitch, as in whispering"
    return f"there are only {number(measures.speech_s, 1)} s of speech"


def _pauses(measures: VoiceMeasures) -> SummaryValue:
    share, count = measures.pause_share, measures.pauses
    if share is None:
        return PAUSES.absent("there is no speech")
    if not count:
        return PAUSES.found(0.0, "No pause of 0.2 s or more.")
    plural = "" if count == 1 else "s"
    return PAUSES.found(
        share, f"{count} pause{plural}: {percent(share)} of the time from first to last word."
    )


def _expression(voice: Voice) -> SummaryValue:
    emotion = voice.emotion
    if emotion is None or not emotion.speech_share.sum():
        return EXPRESSION.absent("there is too little speech")
    means = mean_expressions(emotion)
    first, second = sorted(means, key=lambda name: -means[name])[:2]
    novelty = voice.quality.novelty
    unlike = novelty is not None and novelty > NOVEL
    return EXPRESSION.found(
        means[first],
        f"Sounds most like {first} ({percent(means[first])}), then {second} "
        f"({percent(means[second])}).",
        label=first,
        note=UNLIKE_TRAINING if unlike else LEARNT_FROM_ACTORS,
    )


def mean_expressions(emotion: VoiceEmotionColumns) -> dict[Emotion, float]:
    """Mean probability of each expression, windows weighted by their speech."""
    return {
        name: float(np.average(column, weights=emotion.speech_share))
        for name, column in emotion.probabilities.items()
    }
