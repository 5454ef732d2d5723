"""Figures of answers with intervals over speakers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluation import metrics
from evaluation.scoring import Estimate
from evolvisense.types.scores import EMOTIONS
from training.voice.dataset import CORPORA, NO_TARGET, Clips
from training.voice.measure import QUIET, TENSE, mean_recall, tension, tension_auc

RESAMPLES = 400
MIN_CLIPS = 4
"""Of each kind for the curve of one speaker."""


@dataclass(frozen=True)
class Read:
    """Answers on R clips, and what is known of these; rows belong together."""

    corpus: NDArray[np.str_]
    speaker: NDArray[np.str_]
    sex: NDArray[np.str_]
    source_label: NDArray[np.str_]
    emotion: NDArray[np.intp]
    aroused: NDArray[np.intp]
    probs: NDArray[np.float32]
    """(R, 7)"""
    arousal: NDArray[np.float32]
    """(R,)"""

    def __len__(self) -> int:
        return len(self.emotion)

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Read:
        return Read(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def read_of(
    clips: Clips,
    rows: NDArray[np.intp],
    probs: NDArray[np.float32],
    arousal: NDArray[np.float32],
) -> Read:
    known = (clips.corpus, clips.speaker, clips.sex, clips.source_label, clips.emotion)
    return Read(*(values[rows] for values in (*known, clips.aroused)), probs, arousal)


def uar(read: Read) -> float:
    """Mean recall of the emotions that occur, all seven being possible answers."""
    return mean_recall(read.emotion, read.probs.argmax(axis=1))


def auc_arousal(read: Read) -> float:
    """Angry and fearful against neutral and calm, by arousal."""
    return tension_auc(read.source_label, read.arousal)


def auc_probs(read: Read) -> float:
    """The same by p(angry) + p(fear) - p(neutral)."""
    return tension_auc(read.source_label, tension(read.probs))


def auc_within(read: Read) -> float:
    """Mean of the speakers' own curves, by arousal."""
    found: list[float] = []
    for name in np.unique(read.speaker):
        mine = read.at(read.speaker == name)
        kinds = (np.isin(mine.source_label, kind).sum() for kind in (TENSE, QUIET))
        if min(kinds) >= MIN_CLIPS:
            found.append(auc_arousal(mine))
    return float(np.mean(found))


def bins_of_emotion(read: Read) -> metrics.ReliabilityBins:
    top = np.minimum(read.probs.max(axis=1), 1).astype(np.float64)
    return metrics.reliability_bins(top, read.probs.argmax(axis=1) == read.emotion)


def bins_of_arousal(read: Read) -> metrics.ReliabilityBins:
    """Arousal against the share that is aroused: its own calibration, not that of an answer."""
    asked = read.aroused != NO_TARGET
    return metrics.reliability_bins(
        read.arousal[asked].astype(np.float64), read.aroused[asked] == 1
    )


def ece_emotion(read: Read) -> float:
    return metrics.expected_calibration_error(bins_of_emotion(read))


def ece_arousal(read: Read) -> float:
    return metrics.expected_calibration_error(bins_of_arousal(read))


def confusion(read: Read) -> NDArray[np.int64]:
    """Counts (7, 8)."""
    return metrics.confusion_matrix(
        read.emotion.astype(np.int64), read.probs.argmax(axis=1).astype(np.int64), len(EMOTIONS)
    )


def estimate(read: Read, figure: Callable[[Read], float], resamples: int = RESAMPLES) -> Estimate:
    """A figure with its 95 % interval; whole speakers are drawn, within each corpus."""
    groups = {
        corpus: [
            np.flatnonzero(read.speaker == name)
            for name in np.unique(read.speaker[read.corpus == corpus])
        ]
        for corpus in CORPORA
    }
    rng = np.random.default_rng(0)
    values: list[float] = []
    for _ in range(resamples):
        drawn = [
            speakers[index]
            for speakers in groups.values()
            if speakers
            for index in rng.integers(len(speakers), size=len(speakers))
        ]
        sample = read.at(np.concatenate(drawn))
        # A speaker that was drawn twice counts as two.
        drawn_as = np.repeat(np.arange(len(drawn)), [len(rows) for rows in drawn]).astype(str)
        values.append(figure(replace(sample, speaker=drawn_as)))
    low, high = np.percentile(values, metrics.PERCENTILES)
    return Estimate(figure(read), float(low), float(high))
