"""Features of a recording, the indicators made from them, and what both stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from evolvisense.types.arrays import F64, I64, require_shape

Feature = Literal[
    "f0_level_st",
    "f0_sd_st",
    "f0_range_st",
    "syllable_rate_hz",
    "pause_share",
    "pause_mean_log_s",
    "level_sd_db",
    "level_range_db",
    "voice_anger_or_fear",
    "voice_fear",
    "smile_share_silent",
    "blinks_log_per_min",
    "head_speed_log_deg_s",
]
FEATURES: tuple[Feature, ...] = get_args(Feature)
"""Everything an indicator may stand on. Logarithms are natural."""
VOICED_FEATURES: tuple[Feature, ...] = (
    "f0_level_st",
    "f0_sd_st",
    "f0_range_st",
    "level_sd_db",
    "level_range_db",
)
"""Of the voiced parts of speech."""
SPEECH_FEATURES: tuple[Feature, ...] = ("syllable_rate_hz", "pause_share", "pause_mean_log_s")
"""Events of speech that are rare: they need more of it."""
EMOTION_FEATURES: tuple[Feature, ...] = ("voice_anger_or_fear", "voice_fear")
"""An emotion heard in a voice."""
FACE_FEATURES: tuple[Feature, ...] = (
    "smile_share_silent",
    "blinks_log_per_min",
    "head_speed_log_deg_s",
)

IndicatorName = Literal["activation", "tension", "slowing", "assertiveness"]
INDICATORS: tuple[IndicatorName, ...] = get_args(IndicatorName)

Language = Literal["any", "en", "pl", "am"]
"""Languages of the reference sets; `any` is all of them together."""

MissingReason = Literal[
    "no_voice",
    "no_face",
    "too_little_voiced_speech",
    "too_little_speech",
    "unvoiced",
    "too_noisy",
    "clipped",
    "several_speakers",
    "too_few_face_frames",
    "face_seen_too_rarely",
    "face_too_small",
    "face_turned_away",
    "too_few_frames_per_second",
    "still_image",
    "eyes_covered",
    "mouth_covered",
    "seen_too_short_for_blinks",
    "engine_reads_no_actions",
    "never_silent",
    "no_pause",
    "no_baseline",
    "no_reference",
]
"""Why a feature does not count."""

NoScoreReason = Literal["too_little_evidence"]
"""Why an indicator is null: the features that count carry under half of its weight."""


@dataclass(frozen=True)
class Blocks:
    """A recording cut into B blocks of time, and R resamples of them with replacement."""

    edges_s: F64
    """(B + 1,) on the file's clock."""
    draws: I64
    """(R, B) numbers of blocks."""

    def __post_init__(self) -> None:
        require_shape("draws", self.draws, (None, len(self.edges_s) - 1))

    def __len__(self) -> int:
        return len(self.edges_s) - 1

    def of(self, pts_s: F64) -> I64:
        """Block of each time (N,); times outside belong to the first or the last one."""
        return np.searchsorted(self.edges_s[1:-1], pts_s, side="right").astype(np.int64)


@dataclass(frozen=True)
class Measured:
    """A feature of the whole recording and of R resamples of its blocks."""

    value: float
    resampled: F64
    """(R,), NaN where a resample cannot say."""
    stands_on_s: float
    """Seconds of speech, voiced speech or face that it was measured on."""


@dataclass(frozen=True)
class VoiceEvidence:
    """What gates ask of a voice."""

    speech_s: float
    voiced_s: float
    snr_db: float | None
    clipped_share: float
    several_speakers: bool


@dataclass(frozen=True)
class FaceEvidence:
    """What gates ask of the main person's face."""

    frames: int
    """In which the person was found."""
    share_of_frames: float
    """The same over all analysed frames, 0-1."""
    eye_distance_px: float | None
    """Median."""
    yaw_deg: float | None
    """Median of the absolute value."""
    rate_hz: float
    """Analysed frames a second."""
    seen_s: float
    """Time in which the person was found."""


@dataclass(frozen=True)
class Evidence:
    """All that indicators are made from."""

    measured: Mapping[Feature, Measured]
    """Features that could be computed, before any gate."""
    missing: Mapping[Feature, MissingReason]
    """Why the others could not."""
    voice: VoiceEvidence | None
    face: FaceEvidence | None
    blocks: int = 0
    """Blocks of time that the resamples were drawn from; 0 where there are none."""


@dataclass(frozen=True)
class FeatureReading:
    """A feature after the gates."""

    feature: Feature
    value: float | None
    """None where a gate failed or it could not be measured."""
    missing_reason: MissingReason | None
    stands_on_s: float | None
    """Seconds of speech, voiced speech or face that it was measured on."""


@dataclass(frozen=True)
class Contribution:
    """One feature's part in one indicator; numbers are None where it does not count."""

    feature: Feature
    missing_reason: MissingReason | None
    value: float | None
    reference_mean: float | None
    reference_sd: float | None
    measurement_sd: float | None
    z: float | None
    """Clipped to +-3."""
    weight: float
    """Direction times weight; 0 where the feature has none in this recording (F0 level without a
    personal baseline, the mean of pauses that are not there)."""
    reliability: float | None
    """0-1."""
    contribution: float | None
    """Its part of S: weight x reliability x z over the common denominator."""


@dataclass(frozen=True)
class Indicator:
    """A shrunken relative rank, 0-100; 50 is the middle of the reference set."""

    name: IndicatorName
    score: float | None
    no_score_reason: NoScoreReason | None
    interval: tuple[float, float] | None
    """90 % by block bootstrap; None without a score or with fewer than three blocks."""
    coverage: float
    """Weight of the features that count over the weight of all, 0-1."""
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True)
class BaselineChange:
    """A feature against the person's own recordings."""

    feature: Feature
    value: float
    baseline_mean: float
    change: float
    """value - baseline_mean."""
    is_reliable: bool
    """|change| > 1.96 sqrt(2) SEM (Jacobson & Truax 1991)."""


@dataclass(frozen=True)
class BaselineUse:
    """Which personal baseline was given, and whether it stood behind the scores."""

    recordings: int
    days: int
    changes: tuple[BaselineChange, ...]
    missing_recordings: int = 0
    """How many more it needs before it is used."""
    missing_days: int = 0
    """How many more days its recordings must be spread over."""

    @property
    def is_used(self) -> bool:
        """Whether it was large enough."""
        return not (self.missing_recordings or self.missing_days)


@dataclass(frozen=True)
class IndicatorWindow:
    """The indicators of one stretch of a long recording, as if it had been recorded alone."""

    start_s: float
    """On the file's clock."""
    end_s: float
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True)
class Indicators:
    """All indicators of one recording."""

    indicators: tuple[Indicator, ...]
    features: tuple[FeatureReading, ...]
    """Every feature once, in the order of FEATURES; F0 level too, which only a baseline uses."""
    language: Language
    shrinkage: float
    """Lambda: 0.5 against the reference set, 0.8 against a personal baseline."""
    blocks: int
    baseline: BaselineUse | None
    usual: Mapping[Feature, tuple[float, float]] = field(
        default_factory=dict[Feature, tuple[float, float]]
    )
    """Central 90 % of people in the reference set; only of features that were measured there."""
    windows: tuple[IndicatorWindow, ...] = ()
    """In the order of time; none of a short recording."""
