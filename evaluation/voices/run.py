"""A table of clips, from its path to the figures."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.errors import EvaluationError
from evaluation.voices.answers import ClipAnswer, UnreadableSoundError
from evaluation.voices.choices import ScoreName
from evaluation.voices.engines import ClipReader, Recipe, open_reader
from evaluation.voices.files import SoundFiles, sound_files
from evaluation.voices.scoring import Gain, VoiceScores, gain, labelled, score_voices
from evaluation.voices.table import Clip, VoiceTable, read_table
from evolvisense.types.engines import ModelIdentity

CLIPS_AT_A_TIME = 8
"""Clips that a process takes at once."""

Job = tuple[Clip, Path]
Progress = Callable[[Iterable[ClipAnswer | str], int], Iterator[ClipAnswer | str]]
"""Passes answers on and shows how many of all there are."""


@dataclass(frozen=True)
class Options:
    """How a table is evaluated."""

    recipe: Recipe
    bootstrap: int = 1000
    """Resamples of an interval."""
    workers: int = 1
    """Processes; they change nothing but the time."""
    by: str | None = None
    """Column whose values get figures of their own."""


@dataclass(frozen=True)
class Part:
    """Figures of all clips, or of those with one value in a column."""

    clips: tuple[Clip, ...]
    """That were read."""
    speakers: int
    aroused: int
    """Angry and fearful clips: one side of the AUC."""
    calm: int
    """Neutral and calm clips: the other."""
    no_answer: int
    """Clips about which the network said nothing: too little speech. Wrong in the classes."""
    past_gate: int
    """Clips with too little speech that were read because the gates are lifted."""
    scores: tuple[VoiceScores, ...]
    """In the order of the recipe."""
    gains: Mapping[ScoreName, Gain]
    """Headline AUC against that of the first score, for all others."""


@dataclass(frozen=True)
class VoiceResult:
    """A table's figures."""

    table: VoiceTable
    options: Options
    models: tuple[ModelIdentity, ...]
    """Voice-emotion networks that took part: one, or one for each fold."""
    unreadable: Mapping[int, str]
    """Row -> path and why."""
    whole: Part
    parts: Mapping[str, Part]
    """Value of the column `by` -> its clips; empty without."""


def evaluate(path: Path, options: Options, progress: Progress | None = None) -> VoiceResult:
    """Read and score a table of clips. Raises EvaluationError."""
    table = read_table(path)
    if options.by is not None and options.by not in table.columns:
        raise EvaluationError(
            f"{path} has no column '{options.by}'; it has {', '.join(table.columns)}"
        )
    reader = open_reader(options.recipe, table.clips)
    models = reader.models(table.clips)
    with sound_files(table) as files:
        clips, answers, unreadable = _read(table, files, reader, options.workers, progress)
    if not clips:
        line, why = next(iter(unreadable.items()))
        raise EvaluationError(
            f"none of the {len(table.clips)} clips of {path} can be read; row {line}: {why}"
        )
    whole = _part(clips, answers, options)
    values = dict.fromkeys(clip.columns[options.by] for clip in clips) if options.by else {}
    parts = {
        value: _part(*_with(options.by, value, clips, answers), options)
        for value in sorted(values)
        if options.by
    }
    return VoiceResult(table, options, models, unreadable, whole, parts)


def _with(
    column: str, value: str, clips: Sequence[Clip], answers: Sequence[ClipAnswer]
) -> tuple[list[Clip], list[ClipAnswer]]:
    kept = [row for row, clip in enumerate(clips) if clip.columns[column] == value]
    return [clips[row] for row in kept], [answers[row] for row in kept]


def _part(clips: Sequence[Clip], answers: Sequence[ClipAnswer], options: Options) -> Part:
    labels = labelled(clips)
    scores = options.recipe.scores
    return Part(
        clips=tuple(clips),
        speakers=labels.speakers,
        aroused=int(np.count_nonzero(labels.aroused)),
        calm=int(np.count_nonzero(labels.in_auc & ~labels.aroused)),
        no_answer=sum(answer.probs is None for answer in answers),
        past_gate=sum(answer.is_past_gate for answer in answers),
        scores=tuple(score_voices(name, labels, answers, options.bootstrap) for name in scores),
        gains={
            name: gain(name, scores[0], labels, answers, options.bootstrap) for name in scores[1:]
        },
    )


def _read(
    table: VoiceTable,
    files: SoundFiles,
    reader: ClipReader,
    workers: int,
    progress: Progress | None,
) -> tuple[list[Clip], list[ClipAnswer], dict[int, str]]:
    """Clips that can be read with their answers, and why the others cannot."""
    jobs = [(clip, files.found[clip.path]) for clip in table.clips if clip.path in files.found]
    unreadable = {
        clip.line: f"{clip.path}: {files.missing[clip.path]}"
        for clip in table.clips
        if clip.path in files.missing
    }
    clips: list[Clip] = []
    answers: list[ClipAnswer] = []
    with _answers(jobs, reader, workers) as coming:
        shown = progress(coming, len(jobs)) if progress else coming
        for (clip, _), answer in zip(jobs, shown, strict=True):
            if isinstance(answer, str):
                unreadable[clip.line] = f"{clip.path}: {answer}"
            else:
                clips.append(clip)
                answers.append(answer)
    return clips, answers, dict(sorted(unreadable.items()))


@contextmanager
def _answers(
    jobs: Sequence[Job], reader: ClipReader, workers: int
) -> Generator[Iterator[ClipAnswer | str]]:
    """Answer or reason of each job, in their order."""
    if workers == 1:
        yield (_answer(reader, job) for job in jobs)
        return
    # A fork would copy the threads' locks of ONNX Runtime and BLAS.
    context = multiprocessing.get_context("spawn")
    start = (reader.recipe, [clip for clip, _ in jobs])
    with ProcessPoolExecutor(workers, context, _start_worker, start) as pool:
        yield pool.map(_answer_in_worker, jobs, chunksize=CLIPS_AT_A_TIME)


def _answer(reader: ClipReader, job: Job) -> ClipAnswer | str:
    try:
        return reader.read(*job)
    except UnreadableSoundError as error:
        return str(error)


_of_this_process: list[ClipReader] = []


def _start_worker(recipe: Recipe, clips: Sequence[Clip]) -> None:
    _of_this_process.append(open_reader(recipe, clips))


def _answer_in_worker(job: Job) -> ClipAnswer | str:
    return _answer(_of_this_process[0], job)
