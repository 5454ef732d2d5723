"""The person's own recordings on the page, and a result from which emotions are withheld."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.factory.browser import shoot
from tests.factory.media import Film, plain
from tests.factory.quick_server import Running
from tests.page.conftest import spoken
from tests.page.results import open_result

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.states

NAME = "page-tests"
DAYS = (10, 11, 12, 13)


@pytest.fixture(scope="module")
def recordings(server: Running, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Analyses of one person on four days."""
    folder = tmp_path_factory.mktemp("days")
    films = [Film([plain((64, 64 + 2 * day))] * 3).write(folder / f"{day}.webm") for day in DAYS]
    return [spoken(server, film, 60.0 + 5 * n) for n, film in enumerate(films)]


def open_baseline(page: Page, analysis: str) -> None:
    open_result(page, analysis)
    page.locator("#tab-baseline").click()


def add(page: Page, day: int) -> None:
    page.fill("#baseline-name", NAME)
    page.fill("#baseline-day", f"2026-11-{day:02}")
    page.locator("#baseline-form button[type=submit]").click()


@pytest.mark.expected_console("422")
def test_changes_are_shown_once_there_is_enough_to_compare_with(
    page: Page, recordings: list[str]
) -> None:
    *own, today = recordings
    open_baseline(page, own[0])
    page.get_by_text("This name begins a new baseline.").wait_for()
    assert page.locator("#baseline-show").is_disabled()
    for analysis, day in zip(own, DAYS, strict=False):
        open_baseline(page, analysis)
        add(page, day)
        page.get_by_text(f"Added to {NAME}.").wait_for()
    add(page, DAYS[-1])
    page.get_by_text(f"The recording is in baseline '{NAME}' already").wait_for()

    open_baseline(page, today)
    page.get_by_text("3 recordings on 3 days, enough to be compared with.").wait_for()
    page.locator("#baseline-show").click()
    page.locator("#baseline-figure .main-svg").first.wait_for()
    rows = page.locator("#baseline-table tbody tr")
    assert rows.count() > 3
    assert all(len(row.locator("td").all()) == 5 for row in rows.all())
    shoot(page, "baseline-change")
    page.locator("#baseline-delete").click()
    page.get_by_text(f"Baseline {NAME} is deleted.").wait_for()
    assert page.locator("#baseline-change").is_hidden()


def test_what_stands_on_emotion_is_withheld_everywhere(page: Page, withheld: str) -> None:
    open_result(page, withheld)
    assert "withheld" in page.locator("#reference").inner_text()
    page.locator("[data-figure=expression]").scroll_into_view_if_needed()
    page.locator("[data-figure=expression]").get_by_text("withheld on request").wait_for()
    page.locator("#tab-about").click()
    page.locator("#panel-about").get_by_text("withheld").first.wait_for()
    for emotion in ("angry", "disgust", "surprise"):
        assert page.get_by_text(emotion, exact=True).locator("visible=true").count() == 0
    shoot(page, "withheld")
