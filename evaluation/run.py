"""Engines on one folder, from the path to the figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.folders import Picture, PictureFolder, open_folder
from evaluation.predictions import group_indices, predict
from evaluation.readers import Reader
from evaluation.scoring import Estimate, Scores, accuracy_gain, score
from evolvisense.types.engines import ModelIdentity


@dataclass(frozen=True)
class Options:
    """How a folder is evaluated."""

    group_by: re.Pattern[str] | None = None
    """What of a picture's path names its group; None: every picture stands for itself."""
    bootstrap: int = 1000
    """Resamples of an interval."""
    batch: int = 64
    """Pictures in memory at a time."""


@dataclass(frozen=True)
class EngineResult:
    """One engine on the folder."""

    engine: str
    model: ModelIdentity
    no_face: int
    """Pictures in which the engine found no face."""
    scores: Scores
    gain: Estimate | None
    """Accuracy minus that of the first engine; None for the first."""


@dataclass(frozen=True)
class FolderResult:
    """All engines on the folder."""

    folder: PictureFolder
    pictures: int
    """Pictures that were read."""
    unreadable: Mapping[str, str]
    """Path -> why."""
    options: Options
    engines: tuple[EngineResult, ...]


def evaluate(
    path: Path,
    readers: Sequence[Reader],
    options: Options,
    progress: Callable[[Sequence[Picture]], Iterator[Picture]] = iter,
) -> FolderResult:
    """Score all engines on a folder or zip file. Raises EvaluationError."""
    with open_folder(path) as folder:
        # A mixed group is found before the slow part.
        group_indices(folder.pictures, options.group_by)
        predictions = predict(folder, readers, options.batch, progress)
    groups = group_indices(predictions.pictures, options.group_by)
    baseline = predictions.answers(readers[0].name, groups)

    def result(reader: Reader) -> EngineResult:
        answers = predictions.answers(reader.name, groups)
        return EngineResult(
            engine=reader.name,
            model=reader.engine.model,
            no_face=int(np.count_nonzero(~predictions.answered[reader.name])),
            scores=score(answers, options.bootstrap),
            gain=(
                None
                if reader is readers[0]
                else accuracy_gain(answers, baseline, options.bootstrap)
            ),
        )

    return FolderResult(
        folder=folder,
        pictures=len(predictions.pictures),
        unreadable=predictions.unreadable,
        options=options,
        engines=tuple(result(reader) for reader in readers),
    )
