"""Folder names become emotions."""

from __future__ import annotations

import pytest

from evaluation.labels import class_indices
from evolvisense.types.scores import EMOTIONS


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        *((emotion, emotion) for emotion in EMOTIONS),
        ("Angry", "angry"),
        ("ANGER", "angry"),
        ("disgusted", "disgust"),
        ("Fearful", "fear"),
        ("afraid", "fear"),
        ("Happiness", "happy"),
        ("joy", "happy"),
        ("sadness", "sad"),
        ("surprised", "surprise"),
        (" neutral ", "neutral"),
    ],
)
def test_spellings(name: str, emotion: str) -> None:
    assert class_indices([name]) == {name: list(EMOTIONS).index(emotion)}


@pytest.mark.parametrize("name", ["calm", "contempt", "unknown", "happy2", "", "none"])
def test_other_expressions_are_left_out(name: str) -> None:
    assert class_indices([name, "happy"]) == {"happy": 3}


def test_numbers_are_those_of_fer2013() -> None:
    names = [str(number) for number in range(8)]
    assert class_indices(names) == {str(number): number for number in range(7)}


def test_numbers_count_only_where_all_are_numbers() -> None:
    assert class_indices(["0", "1", "happy"]) == {"happy": 3}


def test_no_folder() -> None:
    assert class_indices([]) == {}
