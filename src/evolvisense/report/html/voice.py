"""The voice: pitch, level and pauses over time, and its measures with their units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evolvisense.report.figures import Figure
from evolvisense.report.html.figures import drawn
from evolvisense.report.html.markup import NONE, Markup, element, percent, section, table, tiles
from evolvisense.report.parts import ReportData
from evolvisense.report.voice_parts import VoiceEmotionColumns, VoiceMeasures
from evolvisense.report.words import CANNOT_TELL, WHY_NO_VOICE, WITHHELD

TOO_LITTLE = "too little speech"

MEASURES: Mapping[str, tuple[str, str, int]] = {
    "duration_s": ("Sound", "s", 1),
    "speech_s": ("Speech", "s", 1),
    "voiced_s": ("Voiced speech", "s", 1),
    "f0_median_hz": ("Pitch, median (F0)", "Hz", 0),
    "f0_level_st": ("Pitch, median", "semitones re 100 Hz", 1),
    "f0_sd_st": ("Pitch variability", "semitones", 2),
    "f0_range_st": ("Pitch range, P95 - P5", "semitones", 1),
    "f0_excursion_st": ("Pitch over its base, median - P5", "semitones", 1),
    "level_median_dbfs": ("Level, median (depends on the microphone)", "dBFS", 1),
    "level_sd_db": ("Loudness variability", "dB", 1),
    "level_range_db": ("Loudness range, P95 - P5", "dB", 1),
    "syllables": ("Syllables", "", 0),
    "syllable_rate_hz": ("Syllables, pauses left out", "per s", 1),
    "pauses": ("Pauses of 0.2 s or more", "", 0),
    "pause_share": ("Share of pauses", "0-1", 2),
    "pauses_per_min": ("Pauses", "per min", 1),
    "pause_mean_log_s": ("Length of pauses, mean logarithm", "ln s", 2),
    "long_pause_share": ("Pauses longer than 1 s", "0-1", 2),
}
PHONATION: Mapping[str, tuple[str, str, int]] = {
    "jitter_pct": ("Jitter", "%", 2),
    "shimmer_pct": ("Shimmer", "%", 2),
    "hnr_db": ("Harmonics to noise", "dB", 1),
    "cpp_db": ("Cepstral peak prominence", "dB", 1),
    "tilt_db": ("Spectral tilt", "dB", 1),
}
QUALITY: Mapping[str, tuple[str, str, int]] = {
    "snr_db": ("Speech over the background", "dB", 0),
    "clipped_share": ("Clipped samples of speech", "0-1", 4),
    "bandwidth_hz": ("Bandwidth of speech", "Hz", 0),
    "novelty": ("Distance to the speech that the models know", "0-1", 2),
    "reverberation_s": ("Decay of the room (RT60), a hint", "s", 2),
}
SPEAKERS = {"one": "one", "several": "several voices are heard", "unknown": "unknown"}


def voice_section(report: ReportData, figures: Mapping[str, Figure]) -> Markup:
    """All about the voice, or why there is none."""
    voice = report.voice
    if voice is None:
        why = WHY_NO_VOICE[report.voice_absent_reason or "not_wanted"]
        return section("Voice", element("p", f"No voice was read: {why}."))
    return section(
        "Voice",
        tiles(_facts(voice.measures)),
        drawn("voice", figures["voice"], "Pitch and level"),
        _heard(report, voice.emotion),
        *_heard_over_time(figures["voice_emotion"]),
        element(
            "div",
            table(
                ("Measure", "Value", "Unit"),
                _table(voice.measures.model_dump(), MEASURES),
                "Measures",
            ),
            element(
                "div",
                table(
                    ("Measure", "Value", "Unit"),
                    [
                        *_table(voice.quality.model_dump(), QUALITY),
                        ("Speakers", SPEAKERS[voice.quality.speakers], ""),
                    ],
                    "Quality of the sound",
                ),
                table(
                    ("Measure", "Value", "Unit"),
                    _table(voice.measures.phonation.model_dump(), PHONATION),
                    "Regularity: described, never scored; mostly the room and the codec",
                ),
            ),
            class_="columns",
        ),
    )


def _facts(measures: VoiceMeasures) -> list[tuple[str, str, str]]:
    sd = measures.f0_sd_st
    rate, share = measures.syllable_rate_hz, measures.pause_share
    return [
        ("Speech", f"{measures.speech_s:.1f} s", f"{measures.voiced_s:.1f} s of it voiced"),
        _tile(
            "Median pitch (F0)",
            None if measures.f0_median_hz is None else f"{measures.f0_median_hz:.0f} Hz",
            "" if sd is None else f"varies by {sd:.1f} semitones",
        ),
        _tile("Syllables", None if rate is None else f"{rate:.1f} /s", "pauses left out"),
        _tile(
            "Pauses",
            None if share is None else percent(share),
            f"{measures.pauses} of 0.2 s or more",
        ),
        _tile(
            "Loudness varies by",
            None if measures.level_sd_db is None else f"{measures.level_sd_db:.1f} dB",
            "free of the microphone's gain",
        ),
    ]


def _tile(name: str, value: str | None, note: str) -> tuple[str, str, str]:
    return (name, CANNOT_TELL, TOO_LITTLE) if value is None else (name, value, note)


def _heard(report: ReportData, emotion: VoiceEmotionColumns | None) -> Markup:
    title = element("h3", "Heard in the voice")
    if emotion is None or not emotion.speech_share.sum():
        why = TOO_LITTLE if report.withheld is None else WITHHELD
        return element("div", title, element("p", f"{why.capitalize()}."))
    means = {
        name: float(np.average(column, weights=emotion.speech_share))
        for name, column in emotion.probabilities.items()
    }
    arousal = float(np.average(emotion.arousal, weights=emotion.speech_share))
    return element(
        "div",
        title,
        element(
            "p",
            "Mean probability that listeners would hear it, over windows of speech; learnt from "
            f"acted speech. Listeners would call the voice aroused: {percent(arousal)}.",
            class_="muted",
        ),
        element(
            "dl",
            *(
                element(
                    "div",
                    element("dt", element("i", class_=f"swatch {name}"), name),
                    element("dd", _bar(name, mean), element("b", percent(mean))),
                )
                for name, mean in sorted(means.items(), key=lambda item: -item[1])
            ),
            class_="parts heard",
        ),
    )


def _heard_over_time(figure: Figure) -> list[Markup]:
    """Nothing where `_heard` says why."""
    is_there = figure.absent_reason is None
    return [drawn("voice_emotion", figure, "Heard over time")] if is_there else []


def _bar(name: str, share: float) -> Markup:
    filled = element("i", class_=f"swatch {name}", style=f"left:0;width:{100 * share:.1f}%")
    return element("span", filled, class_="bar", aria_hidden="true")


def _table(
    values: Mapping[str, float | None], words: Mapping[str, tuple[str, str, int]]
) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for field, (label, unit, decimals) in words.items():
        value = values[field]
        shown = CANNOT_TELL if value is None else f"{value:.{decimals}f}".replace("-", "\u2212")
        rows.append((label, shown, unit or NONE))
    return rows
