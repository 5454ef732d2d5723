"""Labels of voice corpora become our classes and the two sides of the AUC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from evaluation.labels import SPELLINGS
from evolvisense.types.scores import Emotion

CALM = "calm"
VOICE_SPELLINGS: Mapping[str, Emotion] = {
    **SPELLINGS,
    "ang": "angry",
    "dis": "disgust",
    "fea": "fear",
    "scared": "fear",
    "hap": "happy",
    "joyful": "happy",
    "neu": "neutral",
    "normal": "neutral",
    CALM: "neutral",
    "sur": "surprise",
    "pleasant surprise": "surprise",
}
"""Lower-case label -> class. Calm is neutral here: RAVDESS and our training name both of a voice
that shows nothing."""

Side = Literal["aroused", "calm"]
AROUSED: frozenset[Emotion] = frozenset({"angry", "fear"})
"""One side of the AUC, angry and fearful; neutral and calm are the other (science notes, 5)."""


def voice_class(label: str) -> Emotion | None:
    """Class of a label in any case; None for what is none of ours, such as boredom."""
    return VOICE_SPELLINGS.get(" ".join(label.lower().replace("_", " ").split()))


def side_of(emotion: Emotion) -> Side | None:
    """Side of the AUC; None for classes that take no part in it."""
    if emotion in AROUSED:
        return "aroused"
    return "calm" if emotion == "neutral" else None
