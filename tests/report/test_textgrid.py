"""Praat itself reads the TextGrid as the tiers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

from evolvisense.report import Report, observations_only, to_textgrid
from evolvisense.report.annotations import tiers_of
from evolvisense.report.words import clock_of

Interval = tuple[float, float, str]


def read(report: Report, folder: Path) -> Any:
    path = folder / "read.TextGrid"
    path.write_bytes(to_textgrid(report))
    return parselmouth.read(str(path))


def intervals(grid: Any, number: int) -> list[Interval]:
    count = call(grid, "Get number of intervals", number)
    return [
        (
            call(grid, "Get start time of interval", number, i),
            call(grid, "Get end time of interval", number, i),
            call(grid, "Get label of interval", number, i),
        )
        for i in range(1, count + 1)
    ]


@pytest.mark.parametrize("name", ["full", "expressions_only", "scored"])
def test_praat_reads_the_tiers(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    report: Report = request.getfixturevalue(name)
    grid = read(report, tmp_path)
    tiers = tiers_of(report)
    assert call(grid, "Get number of tiers") == len(tiers)
    assert call(grid, "Get total duration") == pytest.approx(clock_of(report).end_s, abs=1e-6)
    for number, tier in enumerate(tiers, start=1):
        assert call(grid, "Get tier name", number) == tier.name
        labelled = [i for i in intervals(grid, number) if i[2]]
        assert [label for *_, label in labelled] == [span.label for span in tier.spans]
        for (start, end, _), span in zip(labelled, tier.spans, strict=True):
            assert (start, end) == pytest.approx((span.start_s, span.end_s), abs=1e-6)


def test_stretches_that_touch_have_nothing_between_them(full: Report, tmp_path: Path) -> None:
    person = full.people[0]
    # Thirds of a second cannot be written: both ends must be rounded to the same.
    times_s = full.frames.time_s * 25 / 3
    frames = full.frames.model_copy(update={"time_s": times_s})
    media = full.media.model_copy(update={"duration_s": float(times_s[-1]) + 1 / 3})
    doubts = ["small", "dark"] * 5
    timeline = person.timeline.model_copy(update={"uncertain": doubts})
    person = person.model_copy(update={"timeline": timeline})
    report = full.model_copy(update={"frames": frames, "media": media, "people": [person]})
    number = [t.name for t in tiers_of(report)].index("person 1 uncertain") + 1
    found = intervals(read(report, tmp_path), number)
    assert [bool(label) for *_, label in found] == [True] * 10 + [False]
    assert np.allclose([start for start, *_ in found], np.arange(11) / 3, atol=1e-6)


def test_observations_only_name_no_expression(full: Report) -> None:
    assert b"expression" in to_textgrid(full)
    assert b"expression" not in to_textgrid(observations_only(full))
