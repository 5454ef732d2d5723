"""Emotions and the values of formula v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Emotion = Literal["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
"""Order of every probability vector in the code."""


@dataclass(frozen=True)
class FrameEmotion:
    """The dominant emotion of one analysed frame, as formula v1 wants it.

    A frame without a face is `neutral` with confidence 0.0: so the v1 contract has it.
    """

    time_s: float
    emotion: Emotion
    confidence_pct: float


@dataclass(frozen=True)
class LegacyVoice:
    """v1 voice scores, 0-100."""

    stress: float
    anxiety: float


@dataclass(frozen=True)
class LegacyFrame:
    """v1 scores of one analysed frame, 0-100."""

    time_s: float
    stress: float
    anxiety: float
    confidence: float


@dataclass(frozen=True)
class LegacyScores:
    """All that formula v1 says about a video; every score 0-100 with two decimals at most."""

    emotions: Mapping[Emotion, tuple[float, ...]]
    """Dominant emotion -> confidence in percent of each frame that has it, in frame order."""
    depression: float
    stress: float
    anxiety: float
    confidence: float
    voice: LegacyVoice | None
    """None where the file has no audio."""
    frames: tuple[LegacyFrame, ...]
    peak_stress: float
    """Highest stress of `frames`; 0 where no frame was analysed."""
