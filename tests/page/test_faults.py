"""Faults that the page once had; each has its test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from evolvisense.service.http import pages
from tests.conftest import DATA
from tests.factory.quick_server import Running
from tests.page.conftest import NewPage, submit
from tests.page.results import open_result, wait_for, wait_for_plot
from tests.page.test_export import saved
from tests.page.test_start import FINE, WAIT, opened

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.states

SEVERAL = DATA / "clips/several_people.mp4"
needs_several = pytest.mark.skipif(not SEVERAL.is_file(), reason=f"{SEVERAL} is absent")
NAME = "page-faults"
SHOWN = """() => [...new Set(document.querySelector('[data-figure=expression] .drawing').data
    .filter((trace) => trace.name && trace.visible !== false && trace.line?.width)
    .map((trace) => trace.legendgroup || trace.name))].sort()"""
HAS_INK = """() => {
    const canvas = document.getElementById('picture-overlay');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, i) => i % 4 === 3 && value > 0);
}"""


def line_key(page: Page, name: str) -> Locator:
    return page.locator(f"[data-figure=expression] .line-key[data-line={name}]")


def stacked(page: Page) -> None:
    """The expressions on top of each other, which have a legend."""
    wait_for_plot(page)
    with page.expect_response(lambda answer: "emotions_as=areas" in answer.url):
        page.click("#as-areas")
    wait_for(
        page,
        "document.querySelector('[data-figure=expression] .drawing').ariaLabel.includes('on top')",
    )


def until_shown(page: Page, name: str, *, there: bool) -> None:
    wait_for(page, f"({SHOWN})().includes('{name}') === {str(there).lower()}")


def test_a_hidden_line_stays_hidden_whatever_is_drawn_next(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    stacked(page)
    line_key(page, "happy").click()
    until_shown(page, "happy", there=False)
    with page.expect_response(lambda answer: "start_s=" in answer.url):
        page.click("#zoom-in")
    until_shown(page, "happy", there=False)
    with page.expect_response(lambda answer: "theme=dark" in answer.url):
        page.click("#theme")
    until_shown(page, "happy", there=False)
    assert line_key(page, "happy").get_attribute("aria-pressed") == "false"
    line_key(page, "happy").click()
    until_shown(page, "happy", there=True)


def test_the_legend_is_reached_by_the_keyboard_and_isolates(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    stacked(page)
    every = page.evaluate(SHOWN)
    assert len(every) == 7
    line_key(page, "sad").focus()
    page.keyboard.press("Enter")
    until_shown(page, "sad", there=False)
    page.keyboard.press("Enter")
    until_shown(page, "sad", there=True)
    page.keyboard.press("Shift+Enter")
    until_shown(page, "happy", there=False)
    assert page.evaluate(SHOWN) == ["sad"]
    page.keyboard.press("Shift+Enter")
    until_shown(page, "happy", there=True)
    assert page.evaluate(SHOWN) == every
    line_key(page, "fear").dblclick()
    until_shown(page, "sad", there=False)
    assert page.evaluate(SHOWN) == ["fear"]


def test_no_box_of_one_recording_is_painted_over_the_next(
    page: Page, analysed: str, long_analysis: str, clip: Path
) -> None:
    open_result(page, analysed, clip)
    wait_for(page, f"({HAS_INK})()")
    open_result(page, long_analysis)
    assert not page.evaluate(HAS_INK)
    assert page.locator("#faces button").count() == 0


def test_cannot_tell_is_said_once(page: Page) -> None:
    page.goto("/")
    said = page.evaluate(
        "import('/static/js/shared/words.js').then(({ cannotTell }) =>"
        " ['cannot tell: the face is small', 'the face is small.'].map(cannotTell))"
    )
    assert said == ["Cannot tell: the face is small."] * 2


def test_formats_that_the_server_cannot_write_are_not_offered(
    page: Page, analysed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_result(page, analysed)
    assert page.locator("#export-list [data-format=parquet]").count() == 1
    monkeypatch.setattr(pages, "NEEDED", {"parquet": "a_package_that_nobody_has"})
    page.reload()
    open_result(page, analysed)
    page.click("#export-menu summary")
    expect(page.locator("#export-list [data-format=csv]")).to_be_visible()
    assert page.locator("#export-list [data-format=parquet]").count() == 0


def test_a_change_is_offered_only_with_enough_to_compare_with(
    page: Page, long_analysis: str
) -> None:
    open_result(page, long_analysis)
    page.locator("#tab-baseline").click()
    page.fill("#baseline-name", NAME)
    page.locator("#baseline-form button[type=submit]").click()
    page.get_by_text(f"Added to {NAME}.").wait_for()
    assert "still missing" in page.inner_text("#baseline-state")
    assert page.locator("#baseline-show").is_disabled()
    page.locator("#baseline-delete").click()
    page.get_by_text(f"Baseline {NAME} is deleted.").wait_for()


def test_a_wrong_name_is_said_in_our_own_words(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    page.locator("#tab-baseline").click()
    page.fill("#baseline-name", "a/b")
    page.locator("#baseline-form button[type=submit]").click()
    said = page.inner_text("#baseline-status")
    assert "a/b" in said
    assert "letters, digits" in said
    expect(page.locator("#baseline-name")).to_be_focused()


@needs_several
def test_a_click_on_a_face_chooses_the_person_and_does_not_play(
    page: Page, server: Running
) -> None:
    open_result(page, submit(server, SEVERAL), SEVERAL)
    page.locator("#faces [data-person='2']").wait_for()
    page.locator("#faces [data-person='2']").click()
    assert page.locator("#people-list [data-person='2']").get_attribute("aria-pressed") == "true"
    assert page.input_value("#person") == "2"
    assert page.evaluate("document.getElementById('video').paused")
    page.locator("#people-list [data-person='3']").click()
    assert page.input_value("#person") == "3"


def test_recording_can_be_started_without_scrolling(server: Running, new_page: NewPage) -> None:
    page = new_page(server.url, viewport={"width": 1440, "height": 900})
    page.goto("/")
    page.get_by_role("button", name="Record with camera and microphone").click()
    page.locator(".recorder[data-state=preview]").wait_for()
    wait_for(page, "document.querySelector('[data-part=picture]').videoWidth > 0")
    box = page.get_by_role("button", name="Start recording").bounding_box()
    assert box is not None
    assert page.evaluate("scrollY") + box["y"] + box["height"] <= 900


def test_the_same_file_is_taken_once(quick: Running, new_page: NewPage, tmp_path: Path) -> None:
    page = opened(new_page(quick.url))
    file = tmp_path / "a talk.mp4"
    file.write_bytes(b"wait")
    page.locator("#file").set_input_files(file)
    page.locator("#file").set_input_files(file)
    expect(page.locator("#chosen-list li")).to_have_count(1)
    expect(page.locator("#start-problem")).to_contain_text("chosen already")
    page.locator("#analyse").click()
    page.locator("#queue-list li[data-state=running]").wait_for()
    page.locator("#file").set_input_files(file)
    expect(page.locator("#start-problem")).to_contain_text("in work already")
    expect(page.locator("#chosen-list li")).to_have_count(0)
    (tmp_path / "go").touch()
    page.wait_for_url("**/#/analysis/*")


def test_failures_are_not_listed_as_work(quick: Running, new_page: NewPage, tmp_path: Path) -> None:
    page = opened(new_page(quick.url))
    refused = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"refuse"}
    page.locator("#file").set_input_files([refused, WAIT, FINE])  # type: ignore[list-item]
    page.locator("#analyse").click()
    page.locator("#ended-list li[data-state=failed]").wait_for()
    expect(page.locator("#ended-title")).to_have_text("Not analysed")
    assert page.locator("#queue-list li[data-state=failed]").count() == 0
    expect(page.locator("#queue-title")).to_have_text("In work")
    (tmp_path / "go").touch()
    expect(page.locator("#results-list li")).to_have_count(2)
    expect(page.locator("#queue")).to_be_hidden()


def test_a_picture_of_a_plot_says_which_recording_and_when(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    stacked(page)
    page.evaluate(
        """() => {
            const draw = window.Plotly.toImage;
            window.Plotly.toImage = (picture, options) => {
                window.drawn = picture.layout.title.text;
                window.hasLegend = picture.layout.showlegend;
                return draw(picture, options);
            };
        }"""
    )
    saved(page, lambda: page.click("[data-figure=expression] .plot-head button"))
    title, name = page.evaluate("window.drawn"), page.inner_text("#result-title")
    assert name in title
    assert "analysed" in title
    assert page.evaluate("window.hasLegend")


def test_the_annotation_document_names_its_recording(page: Page, analysed: str) -> None:
    page.goto("/")
    page.evaluate(
        """(id) => localStorage.setItem("evolvisense.queue", JSON.stringify([{
            id: "own-1", name: "a <talk> & more.mp4", sizeBytes: 1, options: {}, persist: false,
            survives: false, attempt: 1, state: "succeeded", analysis: id, stage: "done",
            percent: 100, ahead: null, note: "", problem: null, isCanceling: false,
            addedMs: Date.now(), expiresAt: null }]))""",
        analysed,
    )
    open_result(page, analysed)
    page.click("#export-menu summary")
    _, data = saved(page, lambda: page.click("[data-format=eaf]"))
    descriptor = ElementTree.fromstring(data).find("HEADER/MEDIA_DESCRIPTOR")
    assert descriptor is not None
    assert descriptor.get("RELATIVE_MEDIA_URL") == "./a <talk> & more.mp4"
    assert descriptor.get("MIME_TYPE") == "video/mp4"
