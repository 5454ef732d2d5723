"""Names of class folders become emotions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evolvisense.types.scores import EMOTIONS, Emotion

SPELLINGS: Mapping[str, Emotion] = {
    **{name: name for name in EMOTIONS},
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}
"""Lower-case folder name -> emotion. Calm and contempt are expressions of their own: left out."""

FER_NUMBERS: Mapping[str, Emotion] = {str(number): name for number, name in enumerate(EMOTIONS)}
"""The numbers of FER2013's CSV file, whose order is that of EMOTIONS."""


def class_indices(folder_names: Iterable[str]) -> dict[str, int]:
    """Folder name -> index in EMOTIONS, for the names that are understood.

    Numbers are FER2013's, and only where every folder is a number.
    """
    names = list(folder_names)
    table = FER_NUMBERS if names and all(_is_number(name) for name in names) else SPELLINGS
    found = {name: table.get(name.strip().lower()) for name in names}
    return {name: EMOTIONS.index(emotion) for name, emotion in found.items() if emotion}


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
