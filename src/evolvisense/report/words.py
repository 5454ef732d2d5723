"""Codes of a report in words for people, and time as a player shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evolvisense.report.parts import ReportData
from evolvisense.types.arrays import F64
from evolvisense.types.behaviour import AbsentReason, Uncertainty
from evolvisense.types.indicators import Feature, IndicatorName, Language, MissingReason


@dataclass(frozen=True)
class Clock:
    """Seconds of the file as seconds from the beginning of the recording."""

    origin_s: float
    end_s: float
    """Length of the recording; more than 0."""

    def of(self, times_s: F64) -> F64:
        """Times of the file (N,) on this clock, to the microsecond: where the file's clock begins
        changes no digit.
        """
        return np.round(times_s - self.origin_s, 6)


def clock_of(report: ReportData) -> Clock:
    """From the first picture or the first sound to the end of the last."""
    media, voice = report.media, report.voice
    starts, ends = [media.start_s], [media.start_s + media.duration_s]
    if voice is not None and len(voice.timeline.time_s):
        starts.append(float(voice.timeline.time_s[0]))
        ends.append(float(voice.timeline.time_s[-1]) + voice.timeline.step_s)
    origin = min(starts)
    return Clock(origin, max(max(ends) - origin, 0.1))


CANNOT_TELL = "cannot tell"
MINUS = "\u2212"


def percent(share: float) -> str:
    """A share of 0-1 as whole percent; `under 1 %` where it is more than nothing.

    >>> percent(0.193), percent(0.001), percent(0.0)
    ('19 %', 'under 1 %', '0 %')
    """
    if 0 < share < 0.005:
        return "under 1 %"
    return f"{share:.0%}".replace("%", " %")


def player_time(seconds: float) -> str:
    """Seconds from the beginning as a player shows them.

    >>> player_time(4.2), player_time(3725.0)
    ('0:04', '1:02:05')
    """
    whole = max(int(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(start_s: float, end_s: float) -> str:
    """A stretch as a player shows it.

    >>> span(4.2, 9.9), span(4.2, 4.9)
    ('0:04-0:09', '0:04')
    """
    first, last = player_time(start_s), player_time(end_s)
    return first if first == last else f"{first}-{last}"


def number(value: float, decimals: int = 0) -> str:
    """A number with a true minus sign.

    >>> number(-3.14159, 1)
    '\u22123.1'
    """
    return f"{value:.{decimals}f}".replace("-", MINUS)


INDICATOR_MEANINGS: dict[IndicatorName, str] = {
    "activation": "how stirred voice and face are",
    "tension": "fear in the voice, pauses, blinking",
    "slowing": "low expressivity, slow speech, pauses",
    "assertiveness": "perceived vocal confidence",
}

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

FEATURE_UNITS: dict[Feature, str] = {
    "f0_level_st": "semitones re 100 Hz",
    "f0_sd_st": "semitones",
    "f0_range_st": "semitones",
    "syllable_rate_hz": "per second",
    "pause_share": "0-1",
    "pause_mean_log_s": "ln s",
    "level_sd_db": "dB",
    "level_range_db": "dB",
    "voice_anger_or_fear": "0-1",
    "voice_fear": "0-1",
    "smile_share_silent": "0-1",
    "blinks_log_per_min": "ln 1/min",
    "head_speed_log_deg_s": "ln °/s",
}

# The limits are those of `scoring.gates`, which a sibling may not import; a test compares them.
WHY_MISSING: dict[MissingReason, str] = {
    "no_voice": "no voice was read",
    "no_face": "no face was found",
    "too_little_voiced_speech": "under 10 s of voiced speech",
    "too_little_speech": "under 20 s of speech",
    "unvoiced": "the speech has no voice pitch, as in whispering",
    "too_noisy": "the voice is less than 15 dB over the background",
    "clipped": "the sound is clipped",
    "several_speakers": "several voices are heard",
    "too_few_face_frames": "under 150 frames with the face",
    "face_seen_too_rarely": "the face is seen in under 60 % of the frames",
    "face_too_small": "under 40 pixels between the eyes",
    "face_turned_away": "the head is turned by more than 30 degrees",
    "too_few_frames_per_second": "too few frames a second",
    "still_image": "the picture of the face does not move: a photograph or a frozen camera",
    "eyes_covered": "the eyes are covered, for instance by dark glasses",
    "mouth_covered": "the mouth is covered, for instance by a mask or a hand",
    "seen_too_short_for_blinks": "the face is seen for under 30 s",
    "engine_reads_no_actions": "the expression engine does not read it",
    "never_silent": "the person is never silent",
    "no_pause": "there is no pause",
    "no_baseline": "needs a personal baseline",
    "no_reference": "has no reference in this language",
}

WITHHELD = "withheld on request"

WHY_UNCERTAIN: dict[Uncertainty, str] = {
    "flat": "no expression stands out",
    "small": "the face is small",
    "blurred": "the face is blurred",
    "dark": "the face is dark",
    "turned": "the head is turned away",
    "covered": "the face is covered",
}

WHY_ABSENT: dict[AbsentReason, str] = {
    "engine_reads_no_actions": "the expression engine does not read them",
    "sampled_too_slowly": "too few frames a second to see them",
    "face_too_small": "the face is too small",
    "still_image": "the picture does not move: a photograph or a frozen camera",
    "eyes_covered": "the eyes are covered",
    "mouth_covered": "the mouth is covered",
    "no_voice": "no voice was read",
}

WHY_NO_VOICE: dict[str, str] = {
    "no_audio_stream": "the file has no sound",
    "audio_not_decodable": "its sound cannot be decoded",
    "not_wanted": "not asked for",
}

REFERENCES: dict[Language, str] = {
    "any": "speech of all languages we have",
    "en": "English speech",
    "pl": "Polish speech",
    "am": "Amharic speech",
}
