"""Neutral and calm clips of the voice pack, read by our own extractor and joined by speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolvisense.types.arrays import F64, I64
from evolvisense.types.engines import VoiceEmotionClassifier
from evolvisense.types.indicators import Feature, Language
from evolvisense.types.media import AudioBlock
from evolvisense.types.voice import VoiceEmotion, VoiceReading
from evolvisense.voice import VoiceReader
from evolvisense.voice.activity import SileroActivity
from evolvisense.voice.measures import Material, Statistics, gather, statistics
from evolvisense.voice.pitch import SwiftF0Pitch
from evolvisense.voice.samples import EMOTION_FEATURES, SPEECH_FEATURES, VOICED_FEATURES
from training.voice.dataset import RATE_HZ, Clips

CALM = ("neutral", "calm")
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
    """The material of several clips, each a block of its own.

    The silence between two clips is no pause, and how loud a clip is against the next is an
    accident of the recording: each is brought to the same median.
    """
    parts = [gather(r.frames, r.segments, r.syllable_s, r.emotion) for r in readings]

    def numbered(lengths: list[int]) -> I64:
        return np.repeat(np.arange(len(parts)), lengths).astype(np.int64)

    emotions = [part.emotion for part in parts]
    return Material(
        semitones=np.concatenate([p.semitones for p in parts]),
        level_db=np.concatenate([centred(p.level_db) for p in parts]),
        voiced_block=numbered([len(p.semitones) for p in parts]),
        frame_s=max(p.frame_s for p in parts),
        speech_s=np.concatenate([p.speech_s for p in parts]),
        syllables=np.concatenate([p.syllables for p in parts]),
        pause_s=np.concatenate([p.pause_s for p in parts]),
        pause_block=numbered([len(p.pause_s) for p in parts]),
        emotion=joined_emotion([e for e in emotions if e is not None]),
        emotion_block=numbered([0 if e is None else len(e.start_s) for e in emotions]),
    )


def centred(level_db: F64) -> F64:
    return level_db - np.median(level_db) if len(level_db) else level_db


def joined_emotion(parts: Sequence[VoiceEmotion]) -> VoiceEmotion | None:
    if not parts:
        return None
    return VoiceEmotion(
        start_s=np.concatenate([p.start_s for p in parts]),
        end_s=np.concatenate([p.end_s for p in parts]),
        probs=np.concatenate([p.probs for p in parts]),
        arousal=np.concatenate([p.arousal for p in parts]),
        speech_share=np.concatenate([p.speech_share for p in parts]),
    )


def measured(speaker: Speaker, repeats: NDArray[np.int64]) -> tuple[F64, F64]:
    """Values (R, F) of multisets of the clips (R, B), and the seconds (R, F) they stand on."""
    found: Statistics = statistics(speaker.material, repeats)
    values = np.stack([getattr(found, feature) for feature in FEATURES], axis=1)
    seconds = [
        found.voiced_s if feature in VOICED_FEATURES else found.speech_s for feature in FEATURES
    ]
    return values, np.stack(seconds, axis=1)
