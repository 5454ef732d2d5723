"""What every formula says of one clip; the sound is read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from evaluation.voices.choices import ScoreName
from evaluation.voices.loudness import normalised
from evolvisense.errors import EvolviSenseError
from evolvisense.indicators import Gates, Reference, score_v2
from evolvisense.indicators.features import sound_evidence
from evolvisense.indicators.legacy import voice_scores
from evolvisense.media.decode import decode_audio
from evolvisense.types.arrays import F64
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.media import AudioBlock
from evolvisense.types.scores import EMOTIONS
from evolvisense.types.voice import VoiceEmotion, VoiceReading
from evolvisense.voice.emotion import EmotionWindows
from evolvisense.voice.reading import RATE_HZ, STEP_SAMPLES


class UnreadableSoundError(Exception):
    """The file has no sound that can be decoded; the text says why."""


@dataclass(frozen=True)
class ClipAnswer:
    """All answers about one clip."""

    values: Mapping[str, float | None]
    """The numbers of RANKINGS that were asked for; None where there is no score."""
    probs: F64 | None
    """(7,) in the order of EMOTIONS, summing to 1; None where the network said nothing."""
    is_past_gate: bool = False
    """Whether `probs` are there only because the gates are lifted."""


def read_sound(path: Path, *, normalise: bool) -> Sequence[AudioBlock]:
    """All blocks of a clip, at one speech level if asked. Raises UnreadableSoundError."""
    try:
        blocks = list(decode_audio(path))
    except EvolviSenseError as error:
        raise UnreadableSoundError(str(error)) from error
    if not blocks:
        raise UnreadableSoundError("there is no sound in it that can be decoded")
    return normalised(blocks) if normalise else blocks


def answer_of(
    reading: VoiceReading,
    scores: Sequence[ScoreName],
    reference: Reference | None,
    gates: Gates,
    anyway: Callable[[], VoiceEmotion | None],
) -> ClipAnswer:
    """What is asked for about one reading; v2 needs the reference set.

    `anyway` is asked about emotions where the reading has none.
    """
    values: dict[str, float | None] = {}
    if "v1" in scores:
        voice = voice_scores(reading.legacy)
        values |= {"voice_stress": voice.stress, "voice_anxiety": voice.anxiety}
    if "v2" in scores and reference is not None:
        values |= _indicators(reading, reference, gates)
    if "emotion" not in scores:
        return ClipAnswer(values, None)
    emotion = reading.emotion or anyway()
    probs, arousal = (None, None) if emotion is None else window_means(emotion)
    values |= {"anger_or_fear": anger_or_fear(probs), "arousal": arousal}
    return ClipAnswer(values, probs, is_past_gate=probs is not None and reading.emotion is None)


def read_as_speech(
    network: VoiceEmotionClassifier, blocks: Sequence[AudioBlock]
) -> VoiceEmotion | None:
    """The network on a clip as if all of it were speech; None where it is too short for it."""
    mono = np.concatenate([block.mono for block in blocks])
    mono_16k = np.asarray(soxr.resample(mono, blocks[0].rate_hz, RATE_HZ), np.float32)
    speech = np.ones(-(-len(mono_16k) // STEP_SAMPLES), np.bool_)
    windows = EmotionWindows(network, RATE_HZ, STEP_SAMPLES)
    return windows.finish(mono_16k, speech, blocks[0].pts_s)


def window_means(emotion: VoiceEmotion) -> tuple[F64, float]:
    """Mean probabilities (7,) and mean arousal of the windows, weighted by their share of speech.

    The same weights as in the features of v2; without any speech every window counts alike.
    """
    share = emotion.speech_share.astype(np.float64)
    weights = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
    probs = weights @ emotion.probs
    return probs / probs.sum(), float(weights @ emotion.arousal)


def anger_or_fear(probs: F64 | None) -> float | None:
    """p(angry) + p(fear): the two classes of the aroused side, and nothing about the others."""
    if probs is None:
        return None
    return float(probs[EMOTIONS.index("angry")] + probs[EMOTIONS.index("fear")])


def _indicators(
    reading: VoiceReading, reference: Reference, gates: Gates
) -> dict[str, float | None]:
    """Scores of the indicators without a face and without a personal baseline."""
    found = score_v2(sound_evidence(reading), reference, gates=gates).indicators
    return {indicator.name: indicator.score for indicator in found}
