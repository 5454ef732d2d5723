"""Figures of agreement: known values, other implementations, laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evolvisense.report.agreement import (
    cohens_kappa,
    confusion_s,
    icc,
    match_events,
    observed_agreement,
)
from evolvisense.report.annotations import Span

LABELS = st.sampled_from(["a", "b", "c"])
TIMES = st.lists(st.integers(0, 100).map(lambda t: t / 10), max_size=12)
RATINGS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=15)


@st.composite
def codings(draw: st.DrawFn) -> list[Span]:
    """Intervals that do not overlap, with gaps, in tenths of a second up to 10 s."""
    edges = sorted(draw(st.sets(st.integers(0, 100), max_size=10)))
    spans = [Span(a / 10, b / 10, draw(LABELS)) for a, b in pairwise(edges)]
    return [span for span in spans if draw(st.booleans())]


def _sampled(spans: list[Span]) -> list[str]:
    middles = [0.05 + i / 10 for i in range(100)]
    return [next((s.label for s in spans if s.start_s < t < s.end_s), "") for t in middles]


@given(codings(), codings())
def test_kappa_of_time_is_that_of_samples(one: list[Span], other: list[Span]) -> None:
    table = confusion_s(one, other, start_s=0, end_s=10)
    assert sum(table.values()) == pytest.approx(10)
    found = cohens_kappa(table)
    first, second = _sampled(one), _sampled(other)
    same = np.mean([a == b for a, b in zip(first, second, strict=True)])
    assert observed_agreement(table) == pytest.approx(same)
    if len({*first, *second}) == 1:
        assert found is None
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second))
    swapped = cohens_kappa(confusion_s(other, one, start_s=0, end_s=10))
    assert swapped == (None if found is None else pytest.approx(found))


def test_kappa_of_a_coding_with_itself_is_1_and_without_time_is_not_defined() -> None:
    spans = [Span(0, 2, "a"), Span(3, 4, "b")]
    assert cohens_kappa(confusion_s(spans, spans, start_s=0, end_s=5)) == pytest.approx(1)
    assert cohens_kappa({}) is None
    assert observed_agreement({}) is None


@given(TIMES, TIMES, st.sampled_from([0.0, 0.1, 0.25, 1.0]))
def test_laws_of_matched_events(one: list[float], other: list[float], tolerance: float) -> None:
    found = match_events(one, other, tolerance)
    back = match_events(other, one, tolerance)
    assert found.matched == back.matched <= min(len(one), len(other))
    assert match_events(one, one, tolerance).matched == len(one)
    assert match_events(one, other, tolerance + 1).matched >= found.matched
    if found.f1 is not None:
        assert 0 <= found.f1 <= 1
        assert found.f1 == back.f1
        assert (found.precision, found.recall) == (back.recall, back.precision)
    if found.offset_s is not None:
        assert abs(found.offset_s) <= tolerance + 1e-6


@given(TIMES, TIMES)
def test_no_matching_has_more_pairs(one: list[float], other: list[float]) -> None:
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    near = [[abs(a - b) <= 0.25 + 1e-9 for b in other] for a in one]
    if not one or not other:
        assert match_events(one, other, 0.25).matched == 0
        return
    best = int((maximum_bipartite_matching(csr_matrix(np.array(near))) >= 0).sum())
    assert match_events(one, other, 0.25).matched == best


def test_icc_of_shrout_and_fleiss() -> None:
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    found = icc(np.array(ratings, float))
    assert found.targets == 6
    assert found.agreement == pytest.approx(0.290, abs=5e-4)
    assert found.consistency == pytest.approx(0.715, abs=5e-4)


@given(RATINGS, st.floats(-3, 3), st.floats(0.5, 3))
def test_laws_of_icc(pairs: list[tuple[int, int]], shift: float, scale: float) -> None:
    ratings = np.array(pairs, float)
    found = icc(ratings)
    if np.ptp(ratings) == 0:
        assert found.agreement is None
        return
    if len(pairs) == 2 and not np.ptp(ratings.mean(axis=0)) and not np.ptp(ratings.mean(axis=1)):
        assert found.agreement is None  # a cross of two ratings: no variance of targets or raters
        return
    assert found.agreement is not None
    assert found.agreement <= 1 + 1e-9
    assert icc(scale * ratings + shift).agreement == pytest.approx(found.agreement, abs=1e-6)
    if found.consistency is not None:
        moved = icc(ratings + np.array([0.0, shift]))
        assert moved.consistency == pytest.approx(found.consistency, abs=1e-6)
    same = icc(np.repeat(ratings[:, :1], 2, axis=1))
    assert same.agreement in (None, pytest.approx(1))


def test_too_few_ratings_have_no_figure() -> None:
    assert icc(np.array([[1.0, 2.0]])).agreement is None
    with pytest.raises(ValueError, match="2 raters"):
        icc(np.array([[1.0], [2.0]]))
