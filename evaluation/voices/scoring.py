"""What is scored, and its figures with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation import metrics
from evaluation.scoring import Answers, Estimate
from evaluation.voices import figures
from evaluation.voices.answers import ClipAnswer
from evaluation.voices.choices import RANKINGS, ScoreName
from evaluation.voices.labels import side_of
from evaluation.voices.resampling import estimate, speaker_draws, speaker_numbers
from evaluation.voices.table import Clip
from evolvisense.types.arrays import F64, I64, Bools
from evolvisense.types.scores import EMOTIONS


@dataclass(frozen=True)
class Labelled:
    """Labels of N clips that were read, in their order."""

    emotion: I64
    """(N,) index in EMOTIONS."""
    in_auc: Bools
    """(N,) on one of the two sides."""
    aroused: Bools
    """(N,) angry or fearful."""
    speaker: I64
    """(N,) 0..S-1."""

    @property
    def speakers(self) -> int:
        """S."""
        return int(self.speaker.max()) + 1


@dataclass(frozen=True)
class Ranking:
    """How well one score tells angry and fearful from neutral and calm."""

    name: str
    auc: Estimate
    within_speaker: Estimate
    no_score: int
    """Clips of the two sides without a score; each is a tie with every other clip."""
    mean_aroused: float
    """Mean score of the angry and fearful clips; NaN where none has a score."""
    mean_calm: float
    """The same of the neutral and calm ones."""


@dataclass(frozen=True)
class Classified:
    """How well the classes are told."""

    uar: Estimate
    accuracy: Estimate
    ece: Estimate
    confusion: I64
    """(7, 8), see `metrics.confusion_matrix`."""
    bins: metrics.ReliabilityBins


@dataclass(frozen=True)
class VoiceScores:
    """All figures of one way to score the clips."""

    scores: ScoreName
    rankings: tuple[Ranking, ...]
    """In the order of RANKINGS."""
    classified: Classified | None
    """None where there are no classes: v1 and v2."""


@dataclass(frozen=True)
class Gain:
    """AUC of a headline score minus that of another, on the same clips and the same draws."""

    auc: Estimate
    within_speaker: Estimate


def labelled(clips: Sequence[Clip]) -> Labelled:
    """Labels of clips as arrays."""
    sides = [side_of(clip.emotion) for clip in clips]
    return Labelled(
        emotion=np.array([EMOTIONS.index(clip.emotion) for clip in clips], np.int64),
        in_auc=np.array([side is not None for side in sides], np.bool_),
        aroused=np.array([side == "aroused" for side in sides], np.bool_),
        speaker=speaker_numbers([clip.speaker for clip in clips]),
    )


def score_voices(
    scores: ScoreName, labels: Labelled, answers: Sequence[ClipAnswer], resamples: int
) -> VoiceScores:
    """All figures of one way to score; `answers` (N,) belong to `labels`."""
    weights = speaker_draws(labels.speakers, resamples)
    return VoiceScores(
        scores,
        tuple(_ranking(name, labels, answers, weights) for name in RANKINGS[scores]),
        _classified(labels, answers, weights) if scores == "emotion" else None,
    )


def gain(
    scores: ScoreName,
    baseline: ScoreName,
    labels: Labelled,
    answers: Sequence[ClipAnswer],
    resamples: int,
) -> Gain:
    """Headline AUC of `scores` minus that of `baseline`."""
    weights = speaker_draws(labels.speakers, resamples)
    ours = _aucs(_values(RANKINGS[scores][0], answers), labels, weights)
    theirs = _aucs(_values(RANKINGS[baseline][0], answers), labels, weights)
    return Gain(*(estimate(a - b, labels.speakers) for a, b in zip(ours, theirs, strict=True)))


def _ranking(name: str, labels: Labelled, answers: Sequence[ClipAnswer], weights: F64) -> Ranking:
    values = _values(name, answers)
    pooled, within = _aucs(values, labels, weights)
    says = np.isfinite(values)
    return Ranking(
        name,
        estimate(pooled, labels.speakers),
        estimate(within, labels.speakers),
        int(np.count_nonzero(labels.in_auc & ~says)),
        _mean(values[says & labels.aroused]),
        _mean(values[says & labels.in_auc & ~labels.aroused]),
    )


def _aucs(values: F64, labels: Labelled, weights: F64) -> tuple[F64, F64]:
    """AUC of all draws, pooled and within speaker."""
    kept = labels.in_auc
    clips = (values[kept], labels.aroused[kept], labels.speaker[kept], weights)
    return figures.auc(*clips), figures.auc_within_speaker(*clips)


def _values(name: str, answers: Sequence[ClipAnswer]) -> F64:
    """A score of each clip (N,), NaN where there is none."""
    values = [answer.values[name] for answer in answers]
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _classified(labels: Labelled, answers: Sequence[ClipAnswer], weights: F64) -> Classified:
    uniform = np.full(len(EMOTIONS), 1 / len(EMOTIONS))
    probs = np.array([uniform if a.probs is None else a.probs for a in answers], np.float64)
    answered = np.array([answer.probs is not None for answer in answers])
    predicted = np.where(answered, probs.argmax(axis=1), Answers.NONE).astype(np.int64)
    clips = Answers(labels.emotion, predicted, np.minimum(probs.max(axis=1), 1))
    counts = figures.confusions(
        clips.expected, clips.predicted, labels.speaker, weights, len(EMOTIONS)
    )
    errors = figures.calibration_error(clips.confidence, clips.correct, labels.speaker, weights)
    return Classified(
        uar=estimate(figures.unweighted_average_recall(counts), labels.speakers),
        accuracy=estimate(figures.accuracy(counts), labels.speakers),
        ece=estimate(errors, labels.speakers),
        confusion=clips.confusion(),
        bins=clips.bins(),
    )


def _mean(values: F64) -> float:
    return float(values.mean()) if len(values) else float("nan")
