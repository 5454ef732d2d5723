"""Marks of one's own: made by key and by drag, kept, gone through, looped, linked, exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.page.results import current_time, open_result, overview_point, wait_for
from tests.page.test_export import saved

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def example(page: Page) -> Page:
    """The prepared example with its video."""
    return opened(page)


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/#/example{query}")
    page.wait_for_selector("#view-result[data-ready=example]")
    wait_for(page, "document.getElementById('video').readyState >= 2")
    return page


def test_a_mark_has_a_note_and_is_there_after_a_reload(example: Page) -> None:
    example.mouse.click(*overview_point(example, 0.5))
    example.keyboard.press("m")
    example.keyboard.press("e")
    example.keyboard.type("looks up, m n l")
    example.keyboard.press("Enter")
    expect(example.locator(".mark")).to_have_count(1)
    expect(example.locator(".strip-marks")).to_be_visible()
    example.reload()
    opened(example)
    expect(example.locator(".mark input")).to_have_value("looks up, m n l")
    example.get_by_role("button", name="Remove the mark").click()
    expect(example.locator(".mark")).to_have_count(0)
    expect(example.locator(".strip-marks")).to_be_hidden()


@pytest.mark.parametrize("way", ["Alt", "button"])
def test_a_drag_marks_a_range_and_does_not_move_the_time(example: Page, way: str) -> None:
    before = current_time(example)
    if way == "button":
        example.click("#drag-marks")
    else:
        example.keyboard.down("Alt")
    example.mouse.move(*overview_point(example, 0.25))
    example.mouse.down()
    example.mouse.move(*overview_point(example, 0.5), steps=3)
    example.mouse.up()
    example.keyboard.up("Alt")
    (mark,) = kept(example)
    end_s = float(example.input_value("#scrub") or 0) or example.evaluate(
        "Number(document.getElementById('scrub').max)"
    )
    assert mark["startS"] == pytest.approx(end_s / 4, rel=0.05)
    assert mark["endS"] == pytest.approx(end_s / 2, rel=0.05)
    assert current_time(example) == before


def kept(page: Page) -> list[dict[str, float]]:
    return json.loads(page.evaluate("localStorage.getItem('evolvisense.marks.example') ?? '[]'"))


def test_keys_go_through_moments_and_marks_and_the_address_says_which(example: Page) -> None:
    example.keyboard.press("n")
    wait_for(example, "location.hash.includes('?t=')")
    first = current_time(example)
    example.keyboard.press("n")
    wait_for(example, f"document.getElementById('video').currentTime > {first} + 0.01")
    example.keyboard.press("p")
    wait_for(example, f"Math.abs(document.getElementById('video').currentTime - {first}) < 0.01")


def test_a_link_opens_at_its_moment(page: Page) -> None:
    opened(page, "?t=8.5-11")
    wait_for(page, "Math.abs(document.getElementById('video').currentTime - 8.501) < 0.01")
    expect(page.locator(".band")).to_be_visible()


def test_a_stretch_is_repeated_at_another_speed(page: Page) -> None:
    opened(page, "?t=36.9-37.1")
    wait_for(page, "!document.getElementById('video').seeking")
    page.keyboard.press(">")
    page.evaluate(
        "window.seeks = 0; document.getElementById('video').addEventListener('seeking',"
        " () => { window.seeks += 1; })"
    )
    page.keyboard.press("l")
    wait_for(page, "window.seeks >= 2")
    assert page.evaluate("document.getElementById('video').playbackRate") == 1.25
    expect(page.locator("#spot-status")).to_have_text("Repeats 0:36\u20130:37, speed 1.25\u00d7")
    page.keyboard.press("l")
    assert "Repeats" not in page.inner_text("#spot-status")


def test_marks_go_into_the_files(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    page.keyboard.press("m")
    page.keyboard.press("e")
    page.keyboard.type('a "note"')
    page.keyboard.press("Enter")
    files: dict[str, bytes] = {}
    for name in ("json", "csv", "html", "eaf", "textgrid"):
        page.click("#export-menu summary")
        _, files[name] = saved(page, lambda name=name: page.click(f"[data-format={name}]"))
        page.keyboard.press("Escape")
    (mark,) = json.loads(files["json"])["marks"]
    assert mark["note"] == 'a "note"'
    assert files["csv"].splitlines()[0].endswith(b",mark")
    assert b"a &quot;note&quot;" in files["html"]
    values = ElementTree.fromstring(files["eaf"]).iter("ANNOTATION_VALUE")
    assert 'a "note"' in [value.text for value in values]
    assert 'a ""note""' in files["textgrid"].decode()
