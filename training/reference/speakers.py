"""Neutral and calm clips of the voice pack, read by our own extractor and joined by speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from evolvisense.types.arrays import F64, I64
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.indicators import (
    EMOTION_FEATURES,
    SPEECH_FEATURES,
    VOICED_FEATURES,
    Blocks,
    Feature,
    Language,
)
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import SpectralFrames, SpeechSegment, VoiceEmotion, VoiceReading
from evolvisense.voice import VoiceReader
from evolvisense.voice.measures import Material, Statistics, gather, statistics
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.vad import SileroActivity
from training.voice.dataset import RATE_HZ, Clips

CALM = ("neutral", "calm")
SPACING_S = 1000.0
"""From the start of one clip to that of the next: far longer than any clip."""
LANGUAGE_OF: dict[str, Language] = {"ravdess": "en", "nemo": "pl", "ased": "am"}
FEATURES: tuple[Feature, ...] = (*VOICED_FEATURES, *SPEECH_FEATURES, *EMOTION_FEATURES)


@dataclass(frozen=True)
class Speaker:
    """All calm clips of one speaker; the blocks of `material` are the clips."""

    name: str
    corpus: str
    language: Language
    sex: str
    clips: int
    audio_s: float
    material: Material


def read_speakers(clips: Clips, networks: Sequence[VoiceEmotionClassifier] | None) -> list[Speaker]:
    """Every speaker, with the network of the fold that has not heard them."""
    activity, pitch = SileroActivity(), SwiftF0Pitch()
    readers = [VoiceReader(activity, pitch, network) for network in networks or [None]]
    calm = np.isin(clips.source_label, CALM)
    speakers: list[Speaker] = []
    for name in sorted(set(clips.speaker[calm].tolist())):
        rows = np.flatnonzero(calm & (clips.speaker == name))
        reader = readers[int(clips.fold[rows[0]]) if networks else 0]
        readings = [reader.read([AudioBlock(0.0, RATE_HZ, clips.mono(row))]) for row in rows]
        sexes, counts = np.unique(clips.sex[rows], return_counts=True)
        speakers.append(
            Speaker(
                name=name,
                corpus=str(clips.corpus[rows[0]]),
                language=LANGUAGE_OF[str(clips.corpus[rows[0]])],
                sex=str(sexes[counts.argmax()]),
                clips=len(rows),
                audio_s=float(clips.count[rows].sum() / RATE_HZ),
                material=joined([reading for reading in readings if reading is not None]),
            )
        )
        print(f"{len(speakers):3d} {name}: {len(rows)} clips", flush=True)
    return speakers


def joined(readings: Sequence[VoiceReading]) -> Material:
    """The material of several clips as of one recording, each clip a block of its own.

    Measured together, as a recording would be: the range of a speaker's voice is that of all clips.
    The silence between two clips is no pause, and how loud a clip is against the next is an
    accident of the recording: each is brought to the same median.
    """
    starts_s = np.arange(len(readings)) * SPACING_S
    laid_out = [shifted(r, float(start)) for r, start in zip(readings, starts_s, strict=True)]
    names = [field.name for field in fields(SpectralFrames)]
    edges_s = np.append(starts_s, len(readings) * SPACING_S) - SPACING_S / 2
    material = gather(
        SpectralFrames(
            *(np.concatenate([getattr(r.frames, name) for r in laid_out]) for name in names)
        ),
        tuple(segment for r in laid_out for segment in r.segments),
        np.concatenate([r.syllable_s for r in laid_out]),
        joined_emotion([r.emotion for r in laid_out if r.emotion is not None]),
        Blocks(edges_s, np.zeros((0, len(readings)), np.int64)),
    )
    inside = material.pause_s < SPACING_S / 2
    return replace(
        material,
        level_db=centred(material.level_db, material.voiced_block),
        pause_s=material.pause_s[inside],
        pause_block=material.pause_block[inside],
    )


def shifted(reading: VoiceReading, by_s: float) -> VoiceReading:
    """The same clip on a clock that began so much earlier."""
    emotion = reading.emotion
    return replace(
        reading,
        frames=replace(reading.frames, pts_s=reading.frames.pts_s + by_s),
        segments=tuple(
            SpeechSegment(segment.start_s + by_s, segment.end_s + by_s)
            for segment in reading.segments
        ),
        syllable_s=reading.syllable_s + by_s,
        emotion=None
        if emotion is None
        else replace(emotion, start_s=emotion.start_s + by_s, end_s=emotion.end_s + by_s),
    )


def centred(level_db: F64, clip: I64) -> F64:
    """Levels (V,) over the median of their clip."""
    over = level_db.copy()
    for number in np.unique(clip):
        over[clip == number] -= np.median(level_db[clip == number])
    return over


def joined_emotion(parts: Sequence[VoiceEmotion]) -> VoiceEmotion | None:
    if not parts:
        return None
    names = [field.name for field in fields(VoiceEmotion)]
    return VoiceEmotion(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def measured(speaker: Speaker, repeats: NDArray[np.int64]) -> tuple[F64, F64]:
    """Values (R, F) of multisets of the clips (R, B), and the seconds (R, F) they stand on."""
    found: Statistics = statistics(speaker.material, repeats)
    values = np.stack([getattr(found, feature) for feature in FEATURES], axis=1)
    seconds = [
        found.voiced_s if feature in VOICED_FEATURES else found.speech_s for feature in FEATURES
    ]
    return values, np.stack(seconds, axis=1)
