"""A report as a TextGrid of Praat."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pympi.Praat import TextGrid

from evolvisense.report.clock import clock_of
from evolvisense.report.schema import Report
from evolvisense.report.tiers import tiers_of

DECIMALS = 6
"""Of a second, as pympi writes them: stretches that end where the next begins must stay so."""


def to_textgrid(report: Report) -> bytes:
    """The tiers of `tiers_of` as interval tiers, UTF-8; nothing to say is an empty interval."""
    end_s = round(clock_of(report).end_s, DECIMALS)
    grid: Any = TextGrid(xmax=end_s)
    for tier in tiers_of(report):
        intervals = grid.add_tier(tier.name)
        for span in tier.spans:
            start, end = round(span.start_s, DECIMALS), round(span.end_s, DECIMALS)
            if start < end:
                # Its own check compares each interval with all others; ours do not overlap.
                intervals.add_interval(start, end, span.label, check=False)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.TextGrid"
        grid.to_file(path)
        return path.read_bytes()
