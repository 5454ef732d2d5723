"""Formula v1, kept exactly as existing clients know it.

It is a loudness meter with a face share on top and measures neither stress nor depression; it is
labelled `v1-legacy` wherever it is shown. Weights and rules: the contract of the old service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from evolvisense.types.face import FaceObservations, FrameLog, Person
from evolvisense.types.scores import (
    EMOTIONS,
    Emotion,
    FrameEmotion,
    LegacyFrame,
    LegacyScores,
    LegacyVoice,
)
from evolvisense.types.voice import LegacyAudioMeans

DEPRESSION: Mapping[Emotion, float] = {
    "sad": 0.5, "fear": 0.2, "angry": 0.1, "disgust": 0.1, "neutral": 0.1,
}  # fmt: skip
STRESS: Mapping[Emotion, float] = {
    "angry": 0.4, "fear": 0.3, "surprise": 0.1, "disgust": 0.1, "sad": 0.1,
}  # fmt: skip
ANXIETY: Mapping[Emotion, float] = {"fear": 0.5, "surprise": 0.2, "sad": 0.2, "angry": 0.1}

HAPPY_MASKS: tuple[Emotion, ...] = ("sad", "fear", "angry")
NEGATIVE: tuple[Emotion, ...] = ("sad", "fear", "angry", "disgust")
MAJORITY = Fraction(1, 2)
"""Shares are fractions, so that exactly half is not a majority by rounding."""
NEGATIVE_FACTOR = 1.5
FACE_WEIGHT = 0.7
VOICE_WEIGHT = 0.3
FULL_PITCH_HZ = 500.0
FULL_RMS = 0.1


def score_v1(frames: Sequence[FrameEmotion], audio: LegacyAudioMeans | None) -> LegacyScores:
    """All v1 scores of the analysed frames and, where there is sound, its two means."""
    shares = emotion_shares(f.emotion for f in frames)
    voice = None if audio is None else voice_scores(audio)
    stress, anxiety = stress_and_anxiety(shares, voice)
    by_emotion: dict[Emotion, list[float]] = {}
    for frame in frames:
        by_emotion.setdefault(frame.emotion, []).append(round(frame.confidence_pct, 2))
    timeline = tuple(score_frame(frame, voice) for frame in frames)
    confidences = [frame.confidence_pct for frame in frames]
    return LegacyScores(
        emotions={emotion: tuple(values) for emotion, values in by_emotion.items()},
        depression=face_score(shares, DEPRESSION),
        stress=stress,
        anxiety=anxiety,
        confidence=round(sum(confidences) / len(confidences), 2) if confidences else 0.0,
        voice=voice,
        frames=timeline,
        peak_stress=max((frame.stress for frame in timeline), default=0.0),
    )


def dominant_frames(
    frames: FrameLog, faces: FaceObservations, people: Sequence[Person]
) -> list[FrameEmotion]:
    """The dominant emotion of the main person in each analysed frame.

    A frame without the main person is neutral with confidence 0.0.
    """
    tracks = [track for person in people if person.is_main for track in person.track_ids]
    seen = {int(faces.row[i]): i for i in np.flatnonzero(np.isin(faces.track_id, tracks))}
    emotions: list[FrameEmotion] = []
    for row, pts_s in enumerate(frames.pts_s):
        if row not in seen:
            emotions.append(FrameEmotion(float(pts_s), "neutral", 0.0))
            continue
        probs = faces.probs[seen[row]]
        best = int(probs.argmax())
        emotions.append(FrameEmotion(float(pts_s), EMOTIONS[best], float(probs[best]) * 100))
    return emotions


def emotion_shares(dominant: Iterable[Emotion]) -> dict[Emotion, Fraction]:
    """Share of frames per dominant emotion; empty without frames."""
    counts = Counter(dominant)
    return {emotion: Fraction(count, counts.total()) for emotion, count in counts.items()}


def face_score(shares: Mapping[Emotion, Fraction], weights: Mapping[Emotion, float]) -> float:
    """Weighted sum of shares, 0-100.

    A happy majority silences sad, fear and angry; a negative majority raises the sum by half.
    """
    none = Fraction(0)
    if shares.get("happy", none) > MAJORITY:
        shares = {e: none if e in HAPPY_MASKS else share for e, share in shares.items()}
    total = sum(weight * float(shares.get(emotion, none)) for emotion, weight in weights.items())
    if sum(shares.get(emotion, none) for emotion in NEGATIVE) > MAJORITY:
        total *= NEGATIVE_FACTOR
    return _percent(total / sum(weights.values()))


def voice_scores(audio: LegacyAudioMeans) -> LegacyVoice:
    """Stress and anxiety of the sound, 0-100."""
    pitch = min(audio.pitch_hz / FULL_PITCH_HZ, 1.0)
    energy = min(audio.rms / FULL_RMS, 1.0)
    return LegacyVoice(
        stress=_percent(0.5 * pitch + 0.5 * energy),
        anxiety=_percent(0.7 * pitch + 0.3 * energy),
    )


def stress_and_anxiety(
    shares: Mapping[Emotion, Fraction], voice: LegacyVoice | None
) -> tuple[float, float]:
    """Stress and anxiety, 0-100: 0.7 face + 0.3 voice, only the face without audio.

    Args:
        shares: Share of frames per dominant emotion; one frame is a share of 1.
        voice: Scores of the whole file's sound; None without an audio stream.
    """
    stress, anxiety = face_score(shares, STRESS), face_score(shares, ANXIETY)
    if voice is not None:
        stress = FACE_WEIGHT * stress + VOICE_WEIGHT * voice.stress
        anxiety = FACE_WEIGHT * anxiety + VOICE_WEIGHT * voice.anxiety
    return round(stress, 2), round(anxiety, 2)


def score_frame(frame: FrameEmotion, voice: LegacyVoice | None) -> LegacyFrame:
    """One frame: the formula on its emotion, with the same share of voice as in the totals."""
    stress, anxiety = stress_and_anxiety({frame.emotion: Fraction(1)}, voice)
    return LegacyFrame(
        time_s=frame.time_s,
        stress=stress,
        anxiety=anxiety,
        confidence=round(frame.confidence_pct, 2),
    )


def _percent(fraction: float) -> float:
    """Rounded to 2 decimals, capped at 1, times 100; the last rounding only drops float noise."""
    return round(min(round(fraction, 2), 1.0) * 100, 2)
