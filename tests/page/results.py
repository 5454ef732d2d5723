"""Steps that several tests of the result view take."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.factory.patience import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Page

SLOW_MS = PATIENCE_MS
"""Drawing may have to wait for other tests' workers."""
STEP_MS = 50


def open_result(page: Page, analysis_id: str, media: Path | None = None) -> None:
    """The result of an analysis; with its video where `media` is given."""
    page.goto(f"/#/analysis/{analysis_id}")
    page.wait_for_selector(f"#view-result[data-ready='{analysis_id}']", timeout=SLOW_MS)
    if media is not None:
        page.set_input_files("#attach-file", media)
        page.wait_for_selector("#screen:not([hidden])", timeout=SLOW_MS)


def wait_for(page: Page, truth: str) -> None:
    """Until an expression of JavaScript is true; the page's policy forbids `wait_for_function`."""
    end_s = time.monotonic() + SLOW_MS / 1000
    while not page.evaluate(truth):
        assert time.monotonic() < end_s, f"never true: {truth}"
        page.wait_for_timeout(STEP_MS)


def wait_for_plot(page: Page, name: str = "expression") -> None:
    """Brings a plot into the window and waits until it is drawn."""
    page.locator(f"[data-figure={name}]").scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-figure={name}]:not(.loading) .main-svg", timeout=SLOW_MS)


def plot_point(page: Page, share: float, name: str = "expression") -> tuple[float, float]:
    """A place in a plot at a share of its time axis, in pixels of the window."""
    place = page.evaluate(
        """([name, share]) => {
            const area = document.querySelector(`[data-figure=${name}] .plot-area`);
            const { l, r, t, b } = area.querySelector('.drawing').layout.margin;
            const box = area.getBoundingClientRect();
            return [box.left + l + share * (box.width - l - r), (box.top + t + box.bottom - b) / 2];
        }""",
        [name, share],
    )
    return place[0], place[1]


def shown_range(page: Page) -> tuple[float, float]:
    """The stretch that the plots show, seconds."""
    first, second = page.inner_text("#zoom-range").split(" \N{EN DASH} ")
    return seconds_of(first), seconds_of(second)


def seconds_of(text: str) -> float:
    """`1:02.5` in seconds."""
    minutes, seconds = text.split(":")
    return 60 * int(minutes) + float(seconds)


def overview_point(page: Page, share: float) -> tuple[float, float]:
    """A place in the overview at a share of its time axis, in pixels of the window."""
    page.wait_for_selector("#overview[data-drawn]", timeout=SLOW_MS)
    box = page.locator(".strip-speech .strip-canvas, .strip-time .strip-canvas").last.bounding_box()
    assert box is not None
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2


def current_time(page: Page) -> float:
    """Where the video is, seconds."""
    return page.evaluate("document.getElementById('video').currentTime")
