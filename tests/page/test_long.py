"""Ten minutes of video: the page scrolls, seeks and zooms, and says how long it was busy.

Long tasks of the main thread are counted and told (`-rP`), never judged: a busy machine makes any
of them long.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.page.conftest import LONG_S
from tests.page.results import (
    current_time,
    open_result,
    plot_point,
    shown_range,
    wait_for_plot,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.states

LONG_MS = 100
PLOTS = ("expression", "behaviour", "actions", "voice", "voice_emotion", "indicators")
COUNT_LONG_TASKS = """
    window.longTasks = [];
    new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries())
            window.longTasks.push([startTime, duration]);
    }).observe({ type: "longtask", buffered: true });
"""


@pytest.fixture
def opened(page: Page, long_analysis: str, long_video: Path) -> Page:
    page.add_init_script(COUNT_LONG_TASKS)
    open_result(page, long_analysis, long_video)
    return page


def tell(page: Page, record: Callable[[str, object], None], doing: str) -> None:
    """Record the tasks since the last time."""
    page.wait_for_timeout(200)
    tasks = [duration for _, duration in page.evaluate("window.longTasks.splice(0)")]
    long = [round(duration) for duration in tasks if duration > LONG_MS]
    record(doing, long)
    print(f"{doing}: {len(long)} tasks over {LONG_MS} ms: {long}")  # noqa: T201 - shown by `-rP`


def test_ten_minutes_open_scroll_seek_and_zoom(
    opened: Page, record_property: Callable[[str, object], None]
) -> None:
    tell(opened, record_property, "opening")
    for name in PLOTS:
        wait_for_plot(opened, name)
    assert opened.locator(".main-svg").count() >= len(PLOTS)
    tell(opened, record_property, "drawing all plots")

    _scroll(opened)
    tell(opened, record_property, "scrolling")

    wait_for_plot(opened)
    whole = shown_range(opened)
    assert whole == pytest.approx((0, LONG_S), abs=1)
    for share in (0.2, 0.5, 0.8):
        opened.mouse.click(*plot_point(opened, share))
        opened.wait_for_function("() => !document.getElementById('video').seeking")
        assert current_time(opened) == pytest.approx(share * LONG_S, abs=2)
    tell(opened, record_property, "seeking by click")

    opened.mouse.move(*plot_point(opened, 0.2))
    opened.mouse.down()
    opened.mouse.move(*plot_point(opened, 0.7), steps=40)
    opened.mouse.up()
    opened.wait_for_function("() => !document.getElementById('video').seeking")
    assert current_time(opened) == pytest.approx(0.7 * LONG_S, abs=2)
    tell(opened, record_property, "dragging the cursor")

    opened.evaluate("document.getElementById('video').play()")
    before = current_time(opened)
    opened.wait_for_function(f"() => document.getElementById('video').currentTime > {before} + 2")
    opened.evaluate("document.getElementById('video').pause()")
    tell(opened, record_property, "playing two seconds")

    with opened.expect_response(lambda answer: "start_s=" in answer.url):
        opened.locator("#zoom-in").click()
    start_s, end_s = shown_range(opened)
    assert end_s - start_s < LONG_S
    assert start_s <= current_time(opened) <= end_s
    tell(opened, record_property, "zooming in")


def _scroll(page: Page) -> None:
    """Down to the end and up again, a wheel's step at a time."""
    page.mouse.move(*plot_point(page, 0.5, PLOTS[-1]))
    page.evaluate("scrollTo(0, 0)")
    height = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    for _ in range(int(height / 200) + 2):
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(16)
    page.wait_for_function(f"() => scrollY > {height} - 5")
    for _ in range(int(height / 200) + 2):
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(16)
    page.wait_for_function("() => scrollY < 5")
