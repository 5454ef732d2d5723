"""What is measured on the voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evolvisense.types.arrays import F32, F64, require_shape
from evolvisense.types.scores import EMOTIONS


@dataclass(frozen=True)
class PitchContour:
    """Fundamental frequency over time; arrays (N,)."""

    pts_s: F64
    """Time of each frame relative to the first sample."""
    f0_hz: F32
    """NaN where unvoiced."""
    confidence: F32
    """Voicing score, 0-1."""

    def __post_init__(self) -> None:
        require_shape("f0_hz", self.f0_hz, (len(self.pts_s),))
        require_shape("confidence", self.confidence, (len(self.pts_s),))


@dataclass(frozen=True)
class SpeechSegment:
    """A stretch of speech, in seconds on the file's clock."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class VoiceTimeline:
    """The voice on a regular grid; arrays (N,)."""

    pts_s: F64
    """Start of each step on the file's clock."""
    step_s: float
    speech_probability: F32
    f0_hz: F32
    """Mean of the voiced pitch frames that fall into the step; NaN where none is voiced."""
    level_dbfs: F32
    """RMS level of the step; -120 for digital silence."""

    def __post_init__(self) -> None:
        for name in ("speech_probability", "f0_hz", "level_dbfs"):
            require_shape(name, getattr(self, name), (len(self.pts_s),))


@dataclass(frozen=True)
class SpectralFrames:
    """The voice frame by frame, every 16 ms; arrays (N,)."""

    pts_s: F64
    """Middle of each frame on the file's clock."""
    f0_hz: F32
    """NaN where unvoiced."""
    level_db: F32
    """Intensity over 64 ms, dB re full scale."""
    tilt_db: F32
    """Level of 1-5 kHz minus level of 50-1000 Hz; NaN where unvoiced."""
    hnr_db: F32
    """Harmonics-to-noise ratio; NaN where unvoiced."""
    cpp_db: F32
    """Cepstral peak prominence; NaN where unvoiced."""

    def __post_init__(self) -> None:
        for name in ("f0_hz", "level_db", "tilt_db", "hnr_db", "cpp_db"):
            require_shape(name, getattr(self, name), (len(self.pts_s),))


@dataclass(frozen=True)
class Phonation:
    """Regularity of the voice; None where there is not enough voiced speech.

    Described, never scored: in speech these mostly measure the room and the codec.
    """

    jitter_pct: float | None
    """Local jitter: mean difference of neighbouring periods over the mean period."""
    shimmer_pct: float | None
    """Local shimmer: the same of the amplitudes of periods."""
    hnr_db: float | None
    """Mean harmonics-to-noise ratio of voiced frames."""
    cpp_db: float | None
    """Mean cepstral peak prominence of voiced frames."""
    tilt_db: float | None
    """Median spectral tilt of voiced frames."""


@dataclass(frozen=True)
class VoiceFeatures:
    """Statistics of the voice; None where there is not enough of it to measure."""

    duration_s: float
    """Of the audio stream."""
    speech_s: float
    voiced_s: float
    """Voiced time inside speech."""
    f0_median_hz: float | None
    f0_level_st: float | None
    """Median of F0 in semitones re 100 Hz."""
    f0_sd_st: float | None
    """(P84 - P16) / 2 in semitones."""
    f0_range_st: float | None
    """P95 - P5 in semitones."""
    f0_excursion_st: float | None
    """Median - P5 in semitones: how far the voice is above its base; free of sex."""
    level_median_dbfs: float | None
    """Median level of voiced speech; depends on microphone gain."""
    level_sd_db: float | None
    """Standard deviation of the level of voiced frames; free of gain."""
    level_range_db: float | None
    """P95 - P5 of the level of voiced frames; free of gain."""
    syllables: int | None
    """Syllable nuclei found in speech."""
    syllable_rate_hz: float | None
    """Nuclei per second of speech, pauses left out (articulation rate)."""
    pauses: int
    """Gaps of at least 0.2 s between two stretches of speech."""
    pause_share: float | None
    """Time in pauses over the time from the first to the last speech, 0-1."""
    pauses_per_min: float | None
    """Per minute from the first to the last speech."""
    pause_mean_log_s: float | None
    """Mean natural logarithm of the pauses' seconds; None without a pause."""
    long_pause_share: float | None
    """Share of the pauses longer than 1 s; None without a pause."""
    phonation: Phonation


SpeakerCheck = Literal["one", "several", "unknown"]


NOVEL = 0.99
"""Novelty over which a voice is said to be unlike the speech that the models know (ours)."""


@dataclass(frozen=True)
class RecordingQuality:
    """How well the recording lets the voice be heard."""

    snr_db: float | None
    """Level of speech over the level of the background; None where one of them is missing."""
    clipped_share: float
    """Share of the samples of speech that sit at a flattened peak, 0-1."""
    bandwidth_hz: float | None
    """Highest frequency that carries speech; None without speech."""
    reverberation_s: float | None
    """Hint at the room's decay time (RT60) from the ends of speech; None where none is clean."""
    speakers: SpeakerCheck
    """`several` where pitch falls into two voices; `one` says only that it does not."""
    novelty: float | None = None
    """How far the voice lies from all speech that the models were made with, 0-1; None where there
    is too little of it. See `voice.novelty`."""


@dataclass(frozen=True)
class VoiceEmotion:
    """What the voice-emotion network says of W windows of speech."""

    start_s: F64
    """(W,) on the file's clock."""
    end_s: F64
    """(W,)"""
    probs: F32
    """(W, 7) in the order of EMOTIONS; rows sum to 1."""
    arousal: F32
    """(W,), 0-1: calibrated probability that listeners would call the voice aroused."""
    speech_share: F32
    """(W,), 0-1: share of the window that is speech."""

    def __post_init__(self) -> None:
        require_shape("probs", self.probs, (len(self.start_s), len(EMOTIONS)))
        for name in ("end_s", "arousal", "speech_share"):
            require_shape(name, getattr(self, name), (len(self.start_s),))


@dataclass(frozen=True)
class LegacyAudioMeans:
    """The two means that formula v1 takes from the sound."""

    pitch_hz: float
    """Mean of the non-zero bins of piptrack; not a fundamental frequency."""
    rms: float
    """Mean RMS, full scale is 1."""


@dataclass(frozen=True)
class VoiceReading:
    """Everything read from one audio stream."""

    timeline: VoiceTimeline
    frames: SpectralFrames
    segments: tuple[SpeechSegment, ...]
    syllable_s: F64
    """(S,) times of syllable nuclei on the file's clock."""
    emotion: VoiceEmotion | None
    """None where there is too little speech."""
    features: VoiceFeatures
    quality: RecordingQuality
    legacy: LegacyAudioMeans
    holes: tuple[SpeechSegment, ...] = ()
    """Intervals of the file's clock in which the sound is missing: neither speech nor pause."""
    long_pause_s: float = 1.0
    """Pauses longer than this were counted as long."""
