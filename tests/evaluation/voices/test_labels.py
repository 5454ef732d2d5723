"""Labels become classes and sides."""

from __future__ import annotations

import pytest

from evaluation.voices.labels import side_of, voice_class
from evolvisense.types.scores import EMOTIONS


@pytest.mark.parametrize(
    ("label", "emotion"),
    [
        *((emotion, emotion) for emotion in EMOTIONS),
        ("Anger", "angry"),
        ("ANG", "angry"),
        ("fearful", "fear"),
        ("FEA", "fear"),
        ("Happiness", "happy"),
        ("joy", "happy"),
        ("sadness", "sad"),
        ("Surprised", "surprise"),
        ("pleasant_surprise", "surprise"),
        ("disgusted", "disgust"),
        (" Neutral ", "neutral"),
        ("calm", "neutral"),
    ],
)
def test_spellings(label: str, emotion: str) -> None:
    assert voice_class(label) == emotion


@pytest.mark.parametrize("label", ["boredom", "contempt", "", "03", "unknown"])
def test_other_labels_are_no_class(label: str) -> None:
    assert voice_class(label) is None


def test_sides() -> None:
    sides = {emotion: side_of(emotion) for emotion in EMOTIONS}
    assert sides == {
        "angry": "aroused",
        "fear": "aroused",
        "neutral": "calm",
        "disgust": None,
        "happy": None,
        "sad": None,
        "surprise": None,
    }
