"""How well two codings of one recording agree: pure functions on intervals, events and ratings.

`compare` in `validate` applies them to a report and the annotations of a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from evolvisense.report.annotations import Span
from evolvisense.types.arrays import F64

Confusion = Mapping[tuple[str, str], float]
"""Seconds for each pair of labels: the first coding's, then the second's."""
NOTHING = ""
"""The label of the time that no interval covers."""


def confusion_s(
    first: Sequence[Span], second: Sequence[Span], *, start_s: float, end_s: float
) -> dict[tuple[str, str], float]:
    """Seconds for each pair of labels between two times.

    Args:
        first: intervals of one coding; where two overlap, the one that starts later counts.
        second: those of the other.
        start_s: begin of what is compared.
        end_s: its end.

    Example:
        >>> a = [Span(0, 2, "yes")]
        >>> b = [Span(1, 4, "yes")]
        >>> confusion_s(a, b, start_s=0, end_s=4)
        {('yes', ''): 1.0, ('yes', 'yes'): 1.0, ('', 'yes'): 2.0}
    """
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    edges = {start_s, end_s}
    edges |= {edge for s in (*first, *second) for edge in (s.start_s, s.end_s)}
    inside = sorted(edge for edge in edges if start_s <= edge <= end_s)
    ones, others = _labels(first, inside), _labels(second, inside)
    for (begin, end), one, other in zip(pairwise(inside), ones, others, strict=True):
        found[one, other] += end - begin
    return dict(found)


def _labels(spans: Sequence[Span], edges: Sequence[float]) -> Iterator[str]:
    """The label of each stretch between two edges; no interval begins or ends inside of one."""
    ordered = sorted(spans, key=lambda span: span.start_s)
    running: list[Span] = []
    place = 0
    for begin, _ in pairwise(edges):
        while place < len(ordered) and ordered[place].start_s <= begin:
            running.append(ordered[place])
            place += 1
        running = [span for span in running if span.end_s > begin]
        yield running[-1].label if running else NOTHING


def observed_agreement(confusion: Confusion) -> float | None:
    """Share of the time with equal labels; None without time."""
    total = sum(confusion.values())
    same = sum(seconds for (one, other), seconds in confusion.items() if one == other)
    return same / total if total > 0 else None


def cohens_kappa(confusion: Confusion) -> float | None:
    """Cohen's kappa (1960) of the time: agreement beyond that of chance with the same shares.

    None without time, and where both codings have one and the same label throughout, for which it
    is not defined. It needs no sampling of the time, and is that of ever finer samples.

    Example:
        >>> table = {("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}
        >>> round(cohens_kappa(table), 6)
        0.4
    """
    total = sum(confusion.values())
    observed = observed_agreement(confusion)
    if observed is None:
        return None
    first: defaultdict[str, float] = defaultdict(float)
    second: defaultdict[str, float] = defaultdict(float)
    for (one, other), seconds in confusion.items():
        first[one] += seconds / total
        second[other] += seconds / total
    chance = sum(share * second[label] for label, share in first.items() if label in second)
    return (observed - chance) / (1 - chance) if chance < 1 - 1e-12 else None


@dataclass(frozen=True)
class EventAgreement:
    """Events of two codings, matched one to one."""

    reference: int
    """Events of the reference, the person's."""
    found: int
    """Events of the other coding."""
    matched: int
    offset_s: float | None
    """Mean of found minus reference over the matched ones; None without any."""

    @property
    def precision(self) -> float | None:
        """Share of the found events that are in the reference."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the events of the reference that were found."""
        return self.matched / self.reference if self.reference else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of both; None without any event."""
        total = self.reference + self.found
        return 2 * self.matched / total if total else None


def match_events(
    reference_s: Sequence[float], found_s: Sequence[float], tolerance_s: float
) -> EventAgreement:
    """As many pairs of events as there can be that are at most `tolerance_s` apart.

    Args:
        reference_s: times of the reference.
        found_s: times of the other coding.
        tolerance_s: largest difference of a pair, inclusive.

    Example:
        >>> match_events([1.0, 2.0, 5.0], [1.1, 4.0, 5.2], 0.25)
        EventAgreement(reference=3, found=3, matched=2, offset_s=0.15)
    """
    references, others = sorted(reference_s), sorted(found_s)
    offsets: list[float] = []
    i = j = 0
    # With one tolerance for all, taking the earliest possible pair never loses one.
    while i < len(references) and j < len(others):
        difference = others[j] - references[i]
        if abs(difference) <= tolerance_s + 1e-9:
            offsets.append(difference)
            i, j = i + 1, j + 1
        elif difference < 0:
            j += 1
        else:
            i += 1
    mean_s = round(float(np.mean(offsets)), 6) if offsets else None
    return EventAgreement(len(references), len(others), len(offsets), mean_s)


@dataclass(frozen=True)
class RatingAgreement:
    """Ratings of the same targets by several raters."""

    targets: int
    agreement: float | None
    """ICC(2,1): raters are a sample, differences of their means count as disagreement."""
    consistency: float | None
    """ICC(3,1): such differences do not count."""


def icc(ratings: F64) -> RatingAgreement:
    """Intraclass correlations of single ratings (Shrout & Fleiss 1979).

    Args:
        ratings: (N, k) of N targets by k raters, without missing values.

    Returns:
        None for both with fewer than two targets or where nothing varies.

    Raises:
        ValueError: fewer than two raters.

    Example:
        >>> found = icc(np.array([[9., 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8],
        ...                       [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]))
        >>> round(found.agreement, 2), round(found.consistency, 2)
        (0.29, 0.71)
    """
    if ratings.ndim != 2 or ratings.shape[1] < 2:
        raise ValueError(f"expected ratings (N, k) of 2 raters or more, got {ratings.shape}")
    n, k = ratings.shape
    if n < 2:
        return RatingAgreement(n, None, None)
    grand = ratings.mean()
    of_targets = k * float(((ratings.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    of_raters = n * float(((ratings.mean(axis=0) - grand) ** 2).sum()) / (k - 1)
    rest = ratings - ratings.mean(axis=1, keepdims=True) - ratings.mean(axis=0) + grand
    of_error = float((rest**2).sum()) / ((n - 1) * (k - 1))
    consistency = of_targets + (k - 1) * of_error
    agreement = consistency + k * (of_raters - of_error) / n
    scale = 1e-12 * (1 + float(np.abs(ratings).max()) ** 2)
    return RatingAgreement(
        n,
        (of_targets - of_error) / agreement if agreement > scale else None,
        (of_targets - of_error) / consistency if consistency > scale else None,
    )
