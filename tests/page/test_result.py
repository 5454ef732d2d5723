"""The result view: one time for the video and all plots, numbers that explain themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evolvisense.report.parts import LIMITS_NOTICE
from tests.conftest import DATA
from tests.factory.quick_server import Running
from tests.page.conftest import submit
from tests.page.results import (
    current_time,
    open_result,
    overview_point,
    plot_point,
    seconds_of,
    shown_range,
    wait_for,
    wait_for_plot,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.states

ROOT = Path(__file__).parent.parent.parent
SEVERAL = DATA / "clips/several_people.mp4"
NO_FACE = DATA / "clips/no_face.mp4"


@pytest.fixture(scope="module")
def end_s(server: Running, analysed: str) -> float:
    """Where the recording ends, as the figures say it."""
    job = server.service.store.get(analysed)
    assert job is not None
    assert job.report is not None
    report = json.loads(server.service.files.report_path(job.report).read_bytes())
    voice = report["voice"]
    origin = min([report["media"]["start_s"], *(voice["timeline"]["time_s"][:1] if voice else [])])
    ends = [report["media"]["start_s"] + report["media"]["duration_s"] - origin]
    if voice:
        ends.append(voice["timeline"]["time_s"][-1] + voice["timeline"]["step_s"] - origin)
    return max(ends)


@pytest.fixture
def result(page: Page, analysed: str, clip: Path) -> Page:
    """The result with its video, the first plot drawn."""
    open_result(page, analysed, clip)
    wait_for_plot(page)
    return page


def test_the_notice_is_full_once_and_folded_afterwards(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    assert page.inner_text("#limits") == LIMITS_NOTICE
    page.reload()
    open_result(page, analysed)
    assert not page.is_visible("#limits")
    assert "no diagnosis" in page.inner_text("#notice summary")
    page.click("#notice summary")
    assert page.inner_text("#limits") == LIMITS_NOTICE


def test_where_no_indicator_can_be_told_one_sentence_says_why(page: Page, analysed: str) -> None:
    # The clip is too short for any indicator.
    open_result(page, analysed)
    section = page.locator(".indicators").inner_text()
    assert "cannot tell" not in section
    assert page.inner_text("#reference").startswith("Indicators cannot be computed")
    assert page.locator("#scores li").count() == 4
    page.click("#scores [data-indicator=activation] .explained")
    assert "half is needed" in page.inner_text("#explain-body")


def test_scores_are_shown_where_they_are_known(page: Page, long_analysis: str) -> None:
    open_result(page, long_analysis)
    assert page.locator("#scores .score .scale-point").count() >= 1
    assert "50 is its middle" in page.inner_text("#reference")


def test_the_first_screen_needs_no_plotly(page: Page, analysed: str) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    open_result(page, analysed)
    page.wait_for_selector("#overview[data-drawn]")
    top = page.locator(".stage-main").bounding_box()
    assert top is not None
    if top["y"] > 768 + 60:
        assert not [url for url in fetched if "plotly.min" in url]
    page.locator("[data-figure=indicators]").scroll_into_view_if_needed()
    wait_for_plot(page)
    assert [url for url in fetched if "plotly.min" in url]


def test_the_overview_is_drawn_and_moves_the_time(page: Page, analysed: str, end_s: float) -> None:
    open_result(page, analysed)
    page.mouse.click(*overview_point(page, 0.5))
    wait_for(page, "document.getElementById('now-time').innerText !== '0:00.00'")
    assert seconds_of(now(page)) == pytest.approx(end_s / 2, abs=0.1)
    inked = page.evaluate(
        """() => {
          const seen = [...document.querySelectorAll('.strip canvas')];
          return seen.filter((c) => c.checkVisibility()).map((c) => {
            const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
            return [c.parentElement.dataset.strip, data.some((v, i) => i % 4 === 3 && v > 0)];
          });
        }"""
    )
    assert dict(inked)["expression"]
    assert dict(inked)["time"]


def test_the_overview_shows_the_stretch_that_the_plots_show(
    page: Page, analysed: str, end_s: float
) -> None:
    open_result(page, analysed)
    overview_point(page, 0)
    page.keyboard.press("+")
    drawn = "document.getElementById('overview').dataset.drawn.split(' ').map(Number)"
    wait_for(page, f"{drawn}[1] < {end_s} - 0.5")
    assert page.evaluate(drawn)[:2] == pytest.approx([0, end_s / 2], abs=0.06)


def test_click_in_a_plot_seeks_video_and_all_cursors(result: Page, end_s: float) -> None:
    wait_for_plot(result, "behaviour")
    wait_for_plot(result)
    result.mouse.click(*plot_point(result, 0.5))
    wait_for(result, "!document.getElementById('video').seeking")
    assert current_time(result) == pytest.approx(end_s / 2, abs=0.05)
    places = result.evaluate(
        "[...document.querySelectorAll('.plot .cursor:not([hidden])')]"
        ".map((cursor) => cursor.getBoundingClientRect().x)"
    )
    assert len(places) >= 2
    assert max(places) - min(places) < 1


def test_drag_moves_the_cursor_along(result: Page, end_s: float) -> None:
    result.mouse.move(*plot_point(result, 0.2))
    result.mouse.down()
    result.mouse.move(*plot_point(result, 0.5), steps=4)
    result.mouse.move(*plot_point(result, 0.75), steps=4)
    result.mouse.up()
    wait_for(result, "!document.getElementById('video').seeking")
    assert current_time(result) == pytest.approx(0.75 * end_s, abs=0.05)
    assert shown_range(result) == pytest.approx((0, end_s), abs=0.06)


def test_shift_and_drag_zoom_and_two_clicks_show_all(result: Page, end_s: float) -> None:
    drag_with_shift(result, 0.25, 0.75)
    assert shown_range(result) == pytest.approx((end_s / 4, 3 * end_s / 4), abs=0.06)
    drawn = "document.querySelector('[data-figure=expression] .drawing').layout.xaxis.range"
    wait_for(result, f"{drawn}[0] > 0.5")
    assert result.evaluate(drawn) == pytest.approx([end_s / 4, 3 * end_s / 4], abs=0.06)
    result.mouse.dblclick(*plot_point(result, 0.5))
    assert shown_range(result) == pytest.approx((0, end_s), abs=0.06)


def test_zoom_fetches_a_finer_figure(result: Page) -> None:
    with result.expect_request(lambda request: "start_s=" in request.url):
        drag_with_shift(result, 0.25, 0.75)


def test_wheel_scrolls_the_page_and_not_the_plot(result: Page, end_s: float) -> None:
    result.mouse.move(*plot_point(result, 0.5))
    before = result.evaluate("scrollY")
    result.mouse.wheel(0, 300)
    wait_for(result, f"scrollY > {before} + 100")
    assert shown_range(result) == pytest.approx((0, end_s), abs=0.06)


def test_keys_move_the_time(result: Page, end_s: float) -> None:
    steps = [("End", end_s), ("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)]
    for key, expected in steps:
        result.keyboard.press(key)
        wait_for(result, "!document.getElementById('video').seeking")
        assert current_time(result) == pytest.approx(expected, abs=0.1), key


def test_comma_and_period_step_by_pictures(result: Page) -> None:
    result.keyboard.press("Home")
    seen = [now(result)]
    for _ in range(3):
        result.keyboard.press(".")
        wait_for(result, f"document.getElementById('now-time').innerText !== '{seen[-1]}'")
        seen.append(now(result))
    result.keyboard.press(",")
    wait_for(result, f"document.getElementById('now-time').innerText !== '{seen[-1]}'")
    assert seconds_of(now(result)) == pytest.approx(seconds_of(seen[2]), abs=0.011)


def test_space_plays_and_stops(result: Page) -> None:
    paused = "document.getElementById('video').paused"
    result.keyboard.press("Space")
    wait_for(result, f"!{paused}")
    result.keyboard.press("Space")
    wait_for(result, paused)


def test_question_mark_lists_the_keys(result: Page) -> None:
    result.keyboard.press("?")
    assert "play or pause" in result.inner_text("#keys-table")
    result.keyboard.press("Escape")
    assert not result.is_visible("#keys-table")


def test_boxes_are_drawn_over_the_picture_in_step(result: Page) -> None:
    has_ink = """() => {
        const canvas = document.getElementById('picture-overlay');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.some((value, i) => i % 4 === 3 && value > 0);
    }"""
    wait_for(result, has_ink)
    result.uncheck("#layer-boxes")
    assert not result.evaluate(has_ink)


def test_another_file_is_refused(page: Page, analysed: str, clip: Path, tmp_path: Path) -> None:
    open_result(page, analysed)
    assert "not in this browser any more" in page.inner_text("#attach-why")
    changed = bytearray(clip.read_bytes())
    changed[len(changed) // 2] ^= 1
    for content, reason in ((bytes(changed[:-1]), "bytes"), (bytes(changed), "the same content")):
        page.set_input_files(
            "#attach-file", {"name": "x.mp4", "mimeType": "video/mp4", "buffer": content}
        )
        wait_for(page, f"document.getElementById('attach-problem').innerText.includes('{reason}')")
        assert not page.is_visible("#screen")


def test_without_the_video_the_moment_can_be_chosen(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    wait_for_plot(page)
    page.mouse.click(*plot_point(page, 0.5))
    wait_for(page, "document.getElementById('now-time').innerText !== '0:00.00'")
    assert float(page.input_value("#scrub")) > 1


def test_every_number_explains_itself(result: Page) -> None:
    words = json.loads((ROOT / "src/evolvisense/web/explanations.json").read_text("utf-8"))
    result.click("#scores [data-indicator=tension] .explained")
    result.wait_for_selector("#explain[open]")
    text = result.inner_text("#explain-body")
    assert words["indicators"]["tension"]["does_not"] in text
    assert words["passages"]["interval"] in text
    assert LIMITS_NOTICE in text
    result.keyboard.press("Escape")
    tiles = result.locator(".tiles dt .explained")
    assert tiles.count() == result.locator(".tiles dt").count() >= 10
    for tile in tiles.all():
        tile.click()
        result.wait_for_selector("#explain[open]")
        explained = result.inner_text("#explain-body")
        assert len(explained) > 20
        assert "undefined" not in explained
        result.keyboard.press("Escape")


def test_v1_is_among_the_methods_and_marked_legacy(result: Page) -> None:
    assert "mental_health" not in result.inner_text("#panel-main")
    result.click("#tab-about")
    result.wait_for_selector("#legacy table")
    text = result.inner_text("#panel-about .legacy")
    assert "legacy" in text
    assert "mental_health.stress" in text
    assert LIMITS_NOTICE in text
    assert not result.is_visible("#panel-main")


def test_a_hidden_plot_stays_hidden(result: Page, analysed: str) -> None:
    result.click("#plots-menu summary")
    result.uncheck("#plots-choice input[value=behaviour]")
    assert not result.is_visible("[data-figure=behaviour]")
    result.reload()
    open_result(result, analysed)
    assert not result.is_visible("[data-figure=behaviour]")
    assert result.is_visible("[data-figure=expression]")


def test_lines_become_areas(result: Page) -> None:
    with result.expect_response(lambda answer: "emotions_as=areas" in answer.url) as areas:
        result.click("#as-areas")
    assert areas.value.ok
    assert result.get_attribute("#as-areas", "aria-pressed") == "true"
    wait_for(
        result,
        "document.querySelector('[data-figure=expression] .drawing').ariaLabel"
        ".includes('on top of each other')",
    )


@pytest.mark.skipif(not SEVERAL.is_file(), reason=f"{SEVERAL} is absent")
def test_a_person_is_chosen(page: Page, server: Running) -> None:
    open_result(page, submit(server, SEVERAL), SEVERAL)
    wait_for_plot(page)
    with page.expect_response(lambda answer: "person=2" in answer.url) as chosen:
        page.select_option("#person", "2")
    assert chosen.value.ok
    assert "Person 2 seen in" in page.inner_text("#recording-tiles")


@pytest.mark.skipif(not NO_FACE.is_file(), reason=f"{NO_FACE} is absent")
def test_no_face_is_said_and_not_drawn(page: Page, server: Running) -> None:
    open_result(page, submit(server, NO_FACE))
    wait_for(
        page,
        "document.querySelector('[data-figure=expression]').innerText"
        ".includes('no face was found')",
    )
    assert page.inner_text("#now-note") == "No face was found."
    assert not page.is_visible("#face-card")


def test_delete_removes_everything(page: Page, server: Running, clip: Path) -> None:
    analysis = submit(server, clip, '{"frame_skip": 10}')
    open_result(page, analysis, clip)
    page.click("#remove-open")
    page.click("#remove-confirm")
    page.wait_for_url("**/#/")
    assert server.service.store.get(analysis) is None
    held = page.evaluate("import('/static/js/shared/recordings.js').then((kept) => kept.names())")
    assert analysis not in held


@pytest.mark.expected_console("404")
def test_an_unknown_analysis_says_so(page: Page) -> None:
    page.goto("/#/analysis/0123456789abcdef0123456789abcdef")
    page.wait_for_selector("#view-problem:not([hidden])")
    assert "no longer there" in page.inner_text("#view-problem")


def drag_with_shift(page: Page, begin: float, end: float) -> None:
    page.keyboard.down("Shift")
    page.mouse.move(*plot_point(page, begin))
    page.mouse.down()
    page.mouse.move(*plot_point(page, end), steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")


def now(page: Page) -> str:
    return page.inner_text("#now-time")
