"""Figures of weighted speakers against scikit-learn and against clips written out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evaluation import metrics
from evaluation.voices import figures
from evaluation.voices.resampling import estimate, speaker_draws, speaker_numbers

oracle = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")

CLASSES = 7
DRAWS = 8


@dataclass
class Clips:
    score: np.ndarray
    aroused: np.ndarray
    speaker: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        return speaker_draws(int(self.speaker.max()) + 1, DRAWS)

    def written_out(self, draw: np.ndarray) -> Clips:
        """The clips of a draw, each speaker as often as drawn, every time as another person."""
        rows: list[int] = []
        people: list[int] = []
        for speaker, times in enumerate(draw.astype(int)):
            own = np.flatnonzero(self.speaker == speaker)
            for _ in range(times):
                people += [people[-1] + 1 if people else 0] * len(own)
                rows += own.tolist()
        return Clips(self.score[rows], self.aroused[rows], np.array(people, int))


@st.composite
def clips(draw: st.DrawFn) -> Clips:
    """Scores with many ties, some NaN, of a few speakers."""
    count = draw(st.integers(2, 40))
    speaker = draw(arrays.arrays(np.int64, count, elements=st.integers(0, 4)))
    score = draw(arrays.arrays(np.float64, count, elements=st.sampled_from([0, 0.5, 1, np.nan])))
    aroused = draw(arrays.arrays(np.bool_, count))
    return Clips(score, aroused, speaker_numbers([str(number) for number in speaker]))


def brute_force(table: Clips, *, within: bool) -> float:
    """Share of ordered pairs, one pair at a time."""
    wins = pairs = 0.0
    for high in np.flatnonzero(table.aroused):
        for low in np.flatnonzero(~table.aroused):
            if within and table.speaker[high] != table.speaker[low]:
                continue
            pairs += 1
            above, below = table.score[high], table.score[low]
            wins += 0.5 if np.isnan(above - below) else float(above > below) + (above == below) / 2
    return wins / pairs if pairs else np.nan


@given(clips())
def test_auc_of_each_draw_is_that_of_its_clips_written_out(table: Clips) -> None:
    weights = table.weights
    for within, figure in ((False, figures.auc), (True, figures.auc_within_speaker)):
        found = figure(table.score, table.aroused, table.speaker, weights)
        expected = [brute_force(table.written_out(draw), within=within) for draw in weights]
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_auc_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    speaker = rng.integers(0, 8, 400)
    aroused = rng.random(400) < 0.4
    score = np.round(rng.normal(size=400) + aroused, 1)
    weights = speaker_draws(8, 100)
    found = figures.auc(score, aroused, speaker, weights)
    assert found[0] == pytest.approx(oracle.roc_auc_score(aroused, score))
    for draw, value in zip(weights, found, strict=True):
        expected = oracle.roc_auc_score(aroused, score, sample_weight=draw[speaker])
        assert value == pytest.approx(expected)
    own = [oracle.roc_auc_score(aroused[speaker == s], score[speaker == s]) for s in range(8)]
    _, pairs = figures.speaker_wins(score, aroused, speaker, 8)
    within = figures.auc_within_speaker(score, aroused, speaker, weights)
    assert within[0] == pytest.approx(np.average(own, weights=pairs))


def test_within_speaker_is_blind_to_what_differs_between_speakers() -> None:
    speaker = np.repeat([0, 1, 2], 4)
    aroused = np.tile([True, True, False, False], 3)
    score = np.tile([3.0, 2, 1, 0], 3) + 100 * speaker
    ones = np.ones((1, 3))
    assert figures.auc_within_speaker(score, aroused, speaker, ones)[0] == 1
    assert figures.auc(score, aroused, speaker, ones)[0] == pytest.approx(24 / 36)


@pytest.mark.parametrize("aroused", [True, False])
def test_one_side_alone_has_no_auc(aroused: bool) -> None:
    table = (np.zeros(3), np.full(3, aroused), np.zeros(3, int), np.ones((2, 1)))
    assert np.isnan(figures.auc(*table)).all()
    assert np.isnan(figures.auc_within_speaker(*table)).all()


def test_clips_without_a_score_are_ties() -> None:
    score, aroused = np.array([np.nan, np.nan]), np.array([True, False])
    table = (score, aroused, np.zeros(2, int), np.ones((1, 1)))
    assert figures.auc(*table)[0] == figures.auc_within_speaker(*table)[0] == 0.5


@pytest.fixture
def answers(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Expected, predicted with some -1, confidence, speaker."""
    expected = rng.integers(0, CLASSES - 1, 300)
    guess = rng.integers(-1, CLASSES, 300)
    predicted = np.where(rng.random(300) < 0.5, expected, guess)
    return expected, predicted, rng.uniform(0.2, 1, 300), rng.integers(0, 6, 300)


def test_class_figures_of_each_draw_are_those_of_its_clips(answers: tuple[np.ndarray, ...]) -> None:
    expected, predicted, confidence, speaker = answers
    weights = speaker_draws(6, DRAWS)
    counts = figures.confusions(expected, predicted, speaker, weights, CLASSES)
    accuracy, uar = figures.accuracy(counts), figures.unweighted_average_recall(counts)
    ece = figures.calibration_error(confidence, expected == predicted, speaker, weights)
    for number, draw in enumerate(weights):
        rows = np.repeat(np.arange(300), draw[speaker].astype(int))
        confusion = metrics.confusion_matrix(expected[rows], predicted[rows], CLASSES)
        np.testing.assert_array_equal(counts[number], confusion)
        bins = metrics.reliability_bins(confidence[rows], (expected == predicted)[rows])
        assert accuracy[number] == pytest.approx(metrics.accuracy(confusion))
        assert uar[number] == pytest.approx(metrics.balanced_accuracy(confusion))
        assert ece[number] == pytest.approx(metrics.expected_calibration_error(bins))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
def test_uar_is_that_of_scikit_learn(answers: tuple[np.ndarray, ...]) -> None:
    expected, predicted, _, speaker = answers
    counts = figures.confusions(expected, predicted, speaker, np.ones((1, 6)), CLASSES)
    found = figures.unweighted_average_recall(counts)[0]
    assert found == pytest.approx(oracle.balanced_accuracy_score(expected, predicted))


def test_draws_are_whole_speakers_as_many_as_there_are() -> None:
    weights = speaker_draws(7, 500)
    assert weights[0].tolist() == [1] * 7
    assert (weights.sum(axis=1) == 7).all()
    assert weights[1:].mean(axis=0) == pytest.approx(np.ones(7), abs=0.15)
    np.testing.assert_array_equal(weights, speaker_draws(7, 500))


def test_interval_widens_where_speakers_differ(rng: np.random.Generator) -> None:
    """Forty clips of each of ten speakers are ten answers rather than four hundred."""
    speaker = np.repeat(np.arange(10), 40)
    shares = np.repeat(rng.uniform(0.2, 0.9, 10), 40)
    right = rng.random(400) < shares
    expected, predicted = np.zeros(400, int), np.where(right, 0, 1)

    def width(clusters: np.ndarray) -> float:
        weights = speaker_draws(int(clusters.max()) + 1, 1000)
        counts = figures.confusions(expected, predicted, clusters, weights, 2)
        found = estimate(figures.accuracy(counts), len(weights[0]))
        assert found.value == pytest.approx(right.mean())
        return found.high - found.low

    assert width(speaker) > 1.8 * width(np.arange(400))


def test_an_estimate_leaves_out_draws_that_cannot_say() -> None:
    found = estimate(np.array([0.5, np.nan, 0.4, 0.6]), speakers=3)
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.405, 0.595))
    assert np.isnan(estimate(np.array([0.5, 0.5]), speakers=1).low)
    assert np.isnan(estimate(np.full(3, np.nan), speakers=3).value)
