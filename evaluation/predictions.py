"""What engines say about the pictures of a folder, and the same per group of pictures."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.errors import EvaluationError
from evaluation.folders import Picture, PictureFolder
from evaluation.pictures import UnreadableError, decode
from evaluation.readers import Reader
from evaluation.scoring import Answers
from evolvisense.types.arrays import F32, I64, U8, Bools
from evolvisense.types.scores import EMOTIONS

READ_ERRORS = (OSError, UnreadableError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError)
"""zipfile raises RuntimeError for an encrypted member, and its NotImplementedError is one too."""


@dataclass(frozen=True)
class Predictions:
    """The pictures that could be read and, for each engine by name, arrays in their order."""

    pictures: tuple[Picture, ...]
    unreadable: Mapping[str, str]
    """Path -> why."""
    probs: Mapping[str, F32]
    """float32 (N, 7), order of EMOTIONS, rows sum to 1."""
    answered: Mapping[str, Bools]
    """(N,): False where a whole-frame reader found no face; the row of `probs` is uniform."""

    def answers(self, engine: str, groups: I64) -> Answers:
        """One answer per group: the top label of the mean probabilities of its pictures.

        `groups` int64 (N,) as `group_indices` makes them. A group without any face has no answer.
        """
        count = int(groups.max()) + 1
        sums = np.zeros((count, len(EMOTIONS)))
        np.add.at(sums, groups, self.probs[engine])
        mean = sums / np.bincount(groups, minlength=count)[:, None]
        labels = np.zeros(count, np.int64)
        labels[groups] = [picture.label for picture in self.pictures]
        with_face = np.bincount(groups, self.answered[engine], count) > 0
        predicted = np.where(with_face, mean.argmax(axis=1), Answers.NONE)
        return Answers(labels, predicted.astype(np.int64), np.minimum(mean.max(axis=1), 1))


def predict(
    folder: PictureFolder,
    readers: Sequence[Reader],
    batch: int,
    progress: Callable[[Sequence[Picture]], Iterator[Picture]] = iter,
) -> Predictions:
    """Read every picture once and ask all engines about it, `batch` pictures at a time.

    Raises EvaluationError where no picture can be read.
    """
    readable: list[Picture] = []
    unreadable: dict[str, str] = {}
    waiting: list[U8] = []
    parts: dict[str, list[tuple[F32, Bools]]] = {reader.name: [] for reader in readers}

    def ask() -> None:
        for reader in readers:
            parts[reader.name].append(reader.read(waiting))
        waiting.clear()

    for picture in progress(folder.pictures):
        try:
            waiting.append(decode(folder.read(picture.path)))
        except READ_ERRORS as error:
            unreadable[picture.path] = str(error)
            continue
        readable.append(picture)
        if len(waiting) == batch:
            ask()
    if waiting:
        ask()
    if not readable:
        raise EvaluationError(
            f"none of the {len(unreadable)} pictures of {folder.path} is readable"
        )
    return Predictions(
        tuple(readable),
        unreadable,
        {name: np.concatenate([probs for probs, _ in both]) for name, both in parts.items()},
        {name: np.concatenate([faces for _, faces in both]) for name, both in parts.items()},
    )


def group_indices(pictures: Sequence[Picture], pattern: re.Pattern[str] | None) -> I64:
    """Group number int64 (N,) of each picture, from 0, in the order of first appearance.

    The group is the first capture group of the pattern's first match in the path, else the whole
    match; a picture that does not match, and without a pattern every one, is a group of its own.
    Raises EvaluationError naming a group whose pictures have different labels.
    """
    numbers: dict[tuple[str, bool], int] = {}
    labels: dict[int, int] = {}
    indices = np.zeros(len(pictures), np.int64)
    for row, picture in enumerate(pictures):
        name = _group_name(picture.path, pattern)
        key = (picture.path, False) if name is None else (name, True)
        index = indices[row] = numbers.setdefault(key, len(numbers))
        label = labels.setdefault(int(index), picture.label)
        if label != picture.label:
            raise EvaluationError(
                f"group '{name}' has pictures of {EMOTIONS[label]} and of "
                f"{EMOTIONS[picture.label]}: a group needs one class, change --group-by"
            )
    return indices


def _group_name(path: str, pattern: re.Pattern[str] | None) -> str | None:
    match = pattern.search(path) if pattern else None
    if match is None:
        return None
    captured = match[1] if match.re.groups else None
    return match[0] if captured is None else captured
