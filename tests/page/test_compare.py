"""Two analyses side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evolvisense.report.parts import LIMITS_NOTICE
from tests.factory.quick_server import Running
from tests.page.conftest import submit
from tests.page.results import SLOW_MS, open_result, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def other(server: Running, clip: Path) -> str:
    """A second analysis, of the same recording."""
    return submit(server, clip, '{"frame_skip": 5}')


def test_second_recording_is_chosen_from_the_history(page: Page, analysed: str, other: str) -> None:
    """Without a key the server lists nothing: the history is that of this browser."""
    known = [
        {
            "id": f"own-{one}",
            "name": f"{one}.mp4",
            "analysis": one,
            "state": "succeeded",
            "addedMs": 0,
        }
        for one in (other, analysed)
    ]
    page.add_init_script(
        f"localStorage.setItem('evolvisense.queue', JSON.stringify({json.dumps(known)}))"
    )
    open_result(page, analysed)
    page.click("#compare-link")
    wait_for(
        page, "document.getElementById('compare-status').innerText === 'Choose a second recording.'"
    )
    page.select_option("#compare-second", other)
    page.wait_for_selector(f"#view-compare[data-ready='{analysed} {other}']", timeout=SLOW_MS)
    assert page.inner_text("#compare-limits") == LIMITS_NOTICE
    assert page.locator("#compare-table tbody tr").count() > 4
    assert page.locator("#compare-figures .main-svg").count() >= 1


def test_sides_are_swapped(page: Page, analysed: str, other: str) -> None:
    page.goto(f"/#/compare/{analysed}/{other}")
    page.wait_for_selector(f"#view-compare[data-ready='{analysed} {other}']", timeout=SLOW_MS)
    page.click("#compare-swap")
    page.wait_for_selector(f"#view-compare[data-ready='{other} {analysed}']", timeout=SLOW_MS)
    assert page.get_attribute("#compare-a-link", "href") == f"#/analysis/{other}"
    assert page.get_attribute("#compare-b-link", "href") == f"#/analysis/{analysed}"


def test_absence_is_said_in_the_table(page: Page, analysed: str, other: str) -> None:
    page.goto(f"/#/compare/{analysed}/{other}")
    page.wait_for_selector(f"#view-compare[data-ready='{analysed} {other}']", timeout=SLOW_MS)
    # Too short for any indicator: none of them has a number.
    row = page.locator("#compare-table tr", has_text="Activation")
    assert "cannot tell" in row.inner_text()
