"""What is measured on the voice."""

from __future__ import annotations

from dataclasses import dataclass

from evolvisense.types.arrays import F32, F64, require_shape


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
class VoiceFeatures:
    """Statistics of the voice; None where there is not enough of it to measure."""

    duration_s: float
    """Of the audio stream."""
    speech_s: float
    voiced_s: float
    """Voiced time inside speech."""
    f0_median_hz: float | None
    f0_sd_st: float | None
    """(P84 - P16) / 2 in semitones."""
    f0_range_st: float | None
    """P95 - P5 in semitones."""
    level_median_dbfs: float | None
    """Median level of steps with speech; depends on microphone gain."""
    level_sd_db: float | None
    """Standard deviation of the level of voiced steps with speech; free of gain."""


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
    segments: tuple[SpeechSegment, ...]
    features: VoiceFeatures
    legacy: LegacyAudioMeans
