"""Marks of one's own in the report and in every format that has a place for them."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from evolvisense.report import Report, to_csv, to_eaf, to_html, to_json
from evolvisense.report.annotations import POINT_S, Tier, tiers_of
from evolvisense.report.summary_parts import Mark
from evolvisense.report.words import clock_of
from tests.report.test_elan import attributes
from tests.report.test_textgrid import intervals, read

NOTE = 'he says "no" & <leaves>'


def marked(report: Report, *marks: Mark) -> Report:
    return report.model_copy(update={"marks": list(marks)})


def mark_tiers(report: Report) -> list[Tier]:
    return [tier for tier in tiers_of(report) if tier.name.startswith("marks")]


def at(report: Report, share: float) -> float:
    """A time on the file's clock at this share of the recording."""
    clock = clock_of(report)
    return clock.origin_s + share * clock.end_s


def test_json_reads_back_and_other_formats_hold_the_note(full: Report, tmp_path: Path) -> None:
    report = marked(full, Mark(start_s=at(full, 0.2), end_s=at(full, 0.6), note=NOTE))
    assert Report.model_validate_json(to_json(report)).marks == report.marks
    assert "he says &quot;no&quot; &amp; &lt;leaves&gt;" in to_html(report)
    assert "marks" in {tier["TIER_ID"] for tier in attributes(to_eaf(report), "TIER")}
    grid, last = read(report, tmp_path), len(tiers_of(report))
    assert NOTE in [label for *_, label in intervals(grid, last)]


def test_a_moment_is_at_one_frame_of_the_table(full: Report) -> None:
    assert "mark" not in to_csv(full).splitlines()[0].split(",")
    times_s = full.frames.time_s
    middle_s = float(times_s[3] + times_s[4]) / 2
    report = marked(
        full,
        Mark(start_s=middle_s, end_s=middle_s, note="a"),
        Mark(start_s=float(times_s[3]), end_s=float(times_s[5])),
    )
    found: dict[float, set[str]] = {}
    for row in csv.DictReader(io.StringIO(to_csv(report))):
        found.setdefault(float(row["time_s"]), set()).add(row["mark"])
    labels = [next(iter(found[round(float(time_s), 6)])) for time_s in times_s]
    assert labels[2:7] == ["", "a; mark", "mark", "mark", ""]
    assert all(len(labels) == 1 for labels in found.values())


SHARES = st.lists(st.tuples(st.floats(-0.1, 1.1), st.floats(0, 0.5)), min_size=1, max_size=12)


@given(SHARES)
def test_no_marks_of_a_tier_overlap_and_none_is_lost(
    full: Report, spans: list[tuple[float, float]]
) -> None:
    clock = clock_of(full)
    marks = [
        Mark(start_s=at(full, share), end_s=at(full, share + length)) for share, length in spans
    ]
    tiers = mark_tiers(marked(full, *marks))
    for tier in tiers:
        assert all(a.end_s <= b.start_s for a, b in pairwise(tier.spans))
    inside = [m for m in marks if m.end_s - clock.origin_s > 0]
    assert sum(len(tier.spans) for tier in tiers) >= len(inside)
    assert all(s.end_s <= clock.end_s for tier in tiers for s in tier.spans)


def test_a_moment_has_a_width_in_tiers(full: Report) -> None:
    time_s = at(full, 1.0)
    (tier,) = mark_tiers(marked(full, Mark(start_s=time_s, end_s=time_s)))
    (span,) = tier.spans
    assert span.end_s - span.start_s == pytest.approx(POINT_S)
    assert span.label == "mark"


@pytest.mark.parametrize("times", [(2.0, 1.0), (np.nan, 1.0), (0.0, np.inf)])
def test_impossible_times_are_refused(times: tuple[float, float]) -> None:
    with pytest.raises(ValidationError):
        Mark(start_s=times[0], end_s=times[1])
