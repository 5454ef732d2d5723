"""Parts of the report about the voice."""

from __future__ import annotations

from pydantic import Field

from evolvisense.report.columns import FractionColumn, MeasureColumn, Part, TimeColumn
from evolvisense.types.scores import Emotion
from evolvisense.types.voice import SpeakerCheck


class Segment(Part):
    """A stretch of speech."""

    start_s: float = Field(description="Begin on the file's clock.")
    end_s: float = Field(description="End on the file's clock.")


class VoiceColumns(Part):
    """Columns over steps of `step_s`."""

    step_s: float = Field(description="Length of a step.")
    time_s: TimeColumn = Field(description="Start of each step on the file's clock.")
    speech_probability: FractionColumn = Field(description="Probability of speech, 0-1.")
    f0_hz: MeasureColumn = Field(description="Fundamental frequency; null where unvoiced.")
    level_dbfs: MeasureColumn = Field(description="RMS level; -120 is digital silence.")


class PhonationMeasures(Part):
    """Regularity of the voice, described and never scored: in speech these mostly measure the room
    and the codec, and the clinical limits for them are for sustained vowels. null where there is
    too little voiced speech.
    """

    jitter_pct: float | None = Field(description="Local jitter, percent of the mean period.")
    shimmer_pct: float | None = Field(description="Local shimmer, percent of the mean amplitude.")
    hnr_db: float | None = Field(description="Mean harmonics-to-noise ratio of voiced frames.")
    cpp_db: float | None = Field(description="Mean cepstral peak prominence of voiced frames.")
    tilt_db: float | None = Field(
        description="Median of the level of 1-5 kHz minus that of 50-1000 Hz in voiced frames."
    )


class VoiceMeasures(Part):
    """Statistics of the voice; null where there is not enough of it to measure."""

    duration_s: float = Field(description="Length of the sound.")
    speech_s: float = Field(description="Speech in it.")
    voiced_s: float = Field(description="Voiced time inside speech.")
    f0_median_hz: float | None = Field(description="Median fundamental frequency.")
    f0_level_st: float | None = Field(description="The same in semitones above 100 Hz.")
    f0_sd_st: float | None = Field(description="(P84 - P16) / 2 of F0, semitones.")
    f0_range_st: float | None = Field(description="P95 - P5 of F0, semitones.")
    f0_excursion_st: float | None = Field(
        description="Median - P5 of F0, semitones: how far the voice is above its base."
    )
    level_median_dbfs: float | None = Field(
        description="Median level of voiced speech; depends on the microphone."
    )
    level_sd_db: float | None = Field(
        description="Standard deviation of the level of voiced speech; free of gain."
    )
    level_range_db: float | None = Field(
        description="P95 - P5 of the level of voiced speech; free of gain."
    )
    syllables: int | None = Field(description="Syllable nuclei found in speech.")
    syllable_rate_hz: float | None = Field(
        description="Nuclei per second of speech, pauses left out."
    )
    pauses: int = Field(description="Gaps of at least 0.2 s between two stretches of speech.")
    pause_share: float | None = Field(
        description="Time in pauses over the time from the first to the last speech, 0-1."
    )
    pauses_per_min: float | None = Field(description="Per minute of that time.")
    pause_mean_log_s: float | None = Field(
        description="Mean natural logarithm of the pauses' seconds; null without a pause."
    )
    long_pause_share: float | None = Field(
        description="Share of the pauses longer than 1 s; null without a pause."
    )
    phonation: PhonationMeasures


class SoundQuality(Part):
    """How well the recording lets the voice be heard."""

    snr_db: float | None = Field(description="Level of speech over that of the background.")
    clipped_share: float = Field(description="Share of the samples of speech that are clipped.")
    bandwidth_hz: float | None = Field(description="Highest frequency that carries speech.")
    reverberation_s: float | None = Field(
        description="Hint at the room's decay time (RT60); null where no end of speech is clean."
    )
    speakers: SpeakerCheck = Field(
        description="`several` where pitch falls into two voices; `one` says only that it does "
        "not. Nobody is told apart or recognised."
    )
    novelty: float | None = Field(
        default=None,
        description="How far the voice lies from all speech that the voice models were made with: "
        "0 is close, .5 usual for a language and a room they never met, over .99 farther than "
        "nearly all speech (music, several voices, another kind of sound). null where there is "
        "under a second of voiced speech.",
    )


class VoiceEmotionColumns(Part):
    """Columns over windows of speech: what listeners would hear in the sound of the voice,
    whatever is said, by the voice-emotion network. Trained on acted speech.
    """

    start_s: TimeColumn = Field(description="Begin of each window on the file's clock.")
    end_s: TimeColumn = Field(description="End of each window.")
    speech_share: FractionColumn = Field(description="Share of the window that is speech, 0-1.")
    probabilities: dict[Emotion, FractionColumn] = Field(
        description="Probability of each expression; the seven sum to 1 in each window."
    )
    arousal: FractionColumn = Field(
        description="Probability that listeners would call the voice aroused, 0-1."
    )


class Voice(Part):
    """What was read from the sound. Only one voice is assumed; nobody is told apart."""

    measures: VoiceMeasures
    quality: SoundQuality
    segments: list[Segment] = Field(description="Speech; gaps under 0.2 s belong to it.")
    holes: list[Segment] = Field(
        default_factory=list[Segment],
        description="Where the sound is missing in the file: neither speech nor pause. The "
        "timeline has no rows there.",
    )
    syllables_s: TimeColumn = Field(description="Times of the syllable nuclei.")
    emotion: VoiceEmotionColumns | None = Field(
        description="null where there is too little speech, or where withheld."
    )
    timeline: VoiceColumns
