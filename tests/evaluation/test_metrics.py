"""Figures against scikit-learn, and what must hold for any labels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evaluation import metrics

oracle = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
calibration = pytest.importorskip("sklearn.calibration")

CLASSES = 7
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def answers(draw: st.DrawFn, lowest: int = 0) -> Rows:
    """Expected (N,), predicted (N,), confidence (N,)."""
    count = draw(st.integers(1, 60))
    label = st.integers(0, CLASSES - 1)
    return (
        draw(arrays.arrays(np.int64, count, elements=label)),
        draw(arrays.arrays(np.int64, count, elements=st.integers(lowest, CLASSES - 1))),
        draw(arrays.arrays(np.float64, count, elements=st.floats(0, 1))),
    )


def figures(rows: Rows) -> list[float]:
    expected, predicted, confidence = rows
    confusion = metrics.confusion_matrix(expected, predicted, CLASSES)
    bins = metrics.reliability_bins(confidence, expected == predicted)
    return [
        metrics.accuracy(confusion),
        metrics.balanced_accuracy(confusion),
        metrics.macro_f1(confusion),
        metrics.expected_calibration_error(bins),
    ]


@settings(deadline=None)
@given(answers())
def test_figures_are_those_of_scikit_learn(rows: Rows) -> None:
    expected, predicted, _ = rows
    confusion = metrics.confusion_matrix(expected, predicted, CLASSES)
    labels, present = list(range(CLASSES)), np.unique(expected)
    np.testing.assert_array_equal(
        confusion[:, :CLASSES], oracle.confusion_matrix(expected, predicted, labels=labels)
    )
    assert not confusion[:, CLASSES].any()
    assert metrics.accuracy(confusion) == pytest.approx(oracle.accuracy_score(expected, predicted))
    assert metrics.balanced_accuracy(confusion) == pytest.approx(
        np.mean(oracle.recall_score(expected, predicted, labels=present, average=None))
    )
    shares = oracle.f1_score(expected, predicted, labels=present, average="macro", zero_division=0)
    assert metrics.macro_f1(confusion) == pytest.approx(shares)
    precision = oracle.precision_score(
        expected, predicted, labels=labels, average=None, zero_division=np.nan
    )
    np.testing.assert_allclose(metrics.precision(confusion), precision)


def test_balanced_accuracy_is_that_of_scikit_learn(rng: np.random.Generator) -> None:
    expected, predicted = rng.integers(0, 6, 300), rng.integers(0, 6, 300)
    confusion = metrics.confusion_matrix(expected, predicted, CLASSES)
    found = metrics.balanced_accuracy(confusion)
    assert found == pytest.approx(oracle.balanced_accuracy_score(expected, predicted))


@settings(deadline=None)
@given(answers())
def test_bins_are_those_of_scikit_learn(rows: Rows) -> None:
    expected, predicted, confidence = rows
    correct = expected == predicted
    bins = metrics.reliability_bins(confidence, correct)
    share, mean = calibration.calibration_curve(
        np.append(correct, [True, False]),  # the oracle wants both; two rows in bins of their own
        np.append(confidence, [0, 1]),
        n_bins=metrics.CALIBRATION_BINS,
    )
    ours = metrics.reliability_bins(
        np.append(confidence, [0, 1]), np.append(correct, [True, False])
    )
    filled = ours.count > 0
    np.testing.assert_allclose(ours.accuracy[filled], share)
    np.testing.assert_allclose(ours.confidence[filled], mean)
    assert bins.count.sum() == len(expected)


@settings(deadline=None)
@given(answers(lowest=-1), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows: Rows, random) -> None:
    order = list(range(len(rows[0])))
    random.shuffle(order)
    shuffled = (rows[0][order], rows[1][order], rows[2][order])
    assert figures(shuffled) == pytest.approx(figures(rows))


@settings(deadline=None)
@given(answers(lowest=-1))
def test_figures_are_shares_and_counts_are_complete(rows: Rows) -> None:
    assert all(0 <= value <= 1 for value in figures(rows))
    confusion = metrics.confusion_matrix(rows[0], rows[1], CLASSES)
    assert confusion.shape == (CLASSES, CLASSES + 1)
    assert confusion.sum() == len(rows[0])
    assert metrics.accuracy(confusion) == pytest.approx((rows[0] == rows[1]).mean())


@settings(deadline=None)
@given(answers())
def test_certain_and_right_is_perfect(rows: Rows) -> None:
    expected = rows[0]
    assert figures((expected, expected, np.ones(len(expected)))) == [1, 1, 1, 0]


def test_no_answer_is_wrong_and_in_the_last_column() -> None:
    expected, predicted = np.array([0, 0, 1]), np.array([-1, 0, 1])
    confusion = metrics.confusion_matrix(expected, predicted, 2)
    assert confusion.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert metrics.recall(confusion).tolist() == [0.5, 1]
    assert metrics.precision(confusion).tolist() == [1, 1]
    assert metrics.balanced_accuracy(confusion) == 0.75


def test_absent_classes_have_no_figures_and_do_not_count() -> None:
    confusion = metrics.confusion_matrix(np.array([0, 0]), np.array([0, 2]), 3)
    assert metrics.recall(confusion)[0] == metrics.balanced_accuracy(confusion) == 0.5
    assert np.isnan(metrics.recall(confusion)[1:]).all()
    assert np.isnan(metrics.f1(confusion)[1:]).all()
    assert metrics.macro_f1(confusion) == pytest.approx(2 / 3)


def test_a_confidence_on_an_edge_is_in_the_lower_bin() -> None:
    bins = metrics.reliability_bins(np.array([0, 0.5, 0.51, 1]), np.ones(4, bool), bins=2)
    assert bins.count.tolist() == [2, 2]
    assert bins.confidence == pytest.approx([0.25, 0.755])


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.4])
    correct = np.array([True, True, False, False, False])
    bins = metrics.reliability_bins(confidence, correct)
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.8 * 0.4 + 0.2 * 0.4)


@pytest.mark.parametrize(
    ("expected", "predicted"), [([], []), ([0], [0, 1]), ([7], [0]), ([-1], [0]), ([0], [7])]
)
def test_labels_that_do_not_fit_are_refused(expected: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        metrics.confusion_matrix(np.array(expected, int), np.array(predicted, int), CLASSES)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_that_is_no_share_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="expected 0-1"):
        metrics.reliability_bins(np.array([confidence]), np.array([True]))


def test_pearson_is_that_of_numpy(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=50), rng.normal(size=50)
    assert metrics.pearson_r(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert metrics.pearson_r(a, 3 * a + 1) == pytest.approx(1)
    assert metrics.pearson_r(a, -a) == pytest.approx(-1)
    assert math.isnan(metrics.pearson_r(a, np.ones(50)))


def test_interval_of_a_mean_is_that_of_theory(rng: np.random.Generator) -> None:
    values = rng.normal(size=2000)

    def mean(rows: np.ndarray) -> np.ndarray:
        return np.array([values[rows].mean(), 1])

    interval = metrics.bootstrap_interval(mean, len(values), 1000)
    spread = 1.96 * values.std() / np.sqrt(len(values))
    expected = [values.mean() - spread, values.mean() + spread]
    np.testing.assert_allclose(interval[:, 0], expected, atol=0.005)
    assert interval[:, 1].tolist() == [1, 1]
    np.testing.assert_array_equal(metrics.bootstrap_interval(mean, 2000, 1000), interval)
