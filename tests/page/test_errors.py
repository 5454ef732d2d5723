"""What goes wrong, and whether the page says what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.factory.browser import shoot
from tests.factory.quick_server import Running
from tests.page.conftest import NewPage
from tests.page.test_queue import hand_in
from tests.page.test_start import FINE, drag, opened


@pytest.fixture
def page(quick: Running, new_page: NewPage) -> Page:
    return new_page(quick.url)


def answer(status: int, code: str, detail: str, **headers: str) -> Any:
    body = {"code": code, "detail": detail, "status": status, "request_id": "r-1"}
    return lambda route: route.fulfill(status=status, json=body, headers=headers)


def test_files_that_cannot_be_taken_are_named_before_they_are_sent(page: Page, quick: Running):
    most = quick.service.settings.max_upload_bytes
    opened(page)
    drag(page, "drop", ("empty.mp4", 0), ("big.mp4", most + 1), ("fine.mp4", 9))
    problems = page.locator("#start-problem .problem")
    expect(problems).to_have_count(2)
    expect(problems.nth(0)).to_contain_text("\u201cempty.mp4\u201d holds 0 bytes")
    expect(problems.nth(1)).to_contain_text("Cut the recording")
    expect(page.locator("#chosen-list li")).to_have_count(1)
    shoot(page, "error-files")
    page.locator("#file").set_input_files(FINE)  # type: ignore[arg-type]
    expect(problems).to_have_count(0)


@pytest.mark.expected_console("507")
def test_a_refused_upload_says_why_and_can_be_tried_again(page: Page, quick: Running):
    page.route(
        "**/v1/analyses",
        answer(507, "storage_full", "the disk of this server is full; try again later"),
        times=1,
    )
    hand_in(page, FINE)
    refused = page.locator('li[data-state="refused"]')
    expect(refused).to_contain_text("The disk of the server is full")
    expect(refused).to_contain_text("request r-1")
    shoot(page, "error-refused")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/#/analysis/*")
    assert len(quick.jobs()) == 1


@pytest.mark.expected_console("429")
def test_a_busy_server_is_waited_for(page: Page, quick: Running):
    page.route(
        "**/v1/analyses",
        answer(429, "queue_full", "the queue is full", **{"Retry-After": "1"}),
        times=2,
    )
    hand_in(page, FINE)
    expect(page.locator("#queue-list")).to_contain_text("The server is busy: trying again in 1 s")
    page.wait_for_url("**/#/analysis/*")
    assert len(quick.jobs()) == 1


@pytest.mark.expected_console("ERR_")
def test_a_server_that_is_away_is_said_and_asked_again(page: Page):
    page.route("**/v1/limits", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("See whether the server is running")
    expect(page.locator("#start")).to_be_hidden()
    shoot(page, "error-away")
    page.unroute("**/v1/limits")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#start")).to_be_visible()


@pytest.mark.expected_console("ERR_")
def test_a_connection_that_breaks_while_it_is_followed_is_taken_up_again(page: Page, tmp_path: Any):
    broken: list[str] = []

    def cut(route: Route) -> None:
        broken.append(route.request.url)
        route.abort()

    page.route("**/events", cut, times=1)
    (tmp_path / "go").touch()
    hand_in(page, FINE)
    page.wait_for_url("**/#/analysis/*")
    assert broken


@pytest.mark.expected_console("404")
def test_an_analysis_that_was_deleted_elsewhere_is_no_longer_waited_for(page: Page, quick: Running):
    hand_in(page, {"name": "long.mp4", "mimeType": "video/mp4", "buffer": b"wait"})
    expect(page.locator('li[data-state="running"]')).to_be_visible()
    quick.service.remove(quick.jobs()[0].id)
    expect(page.locator('li[data-state="failed"]')).to_contain_text("no longer there")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("#queue")).to_be_hidden()


@pytest.mark.expected_console("ERR_")
def test_a_view_that_cannot_be_loaded_says_so(page: Page):
    page.route(re.compile(r"/static/js/live/live\.js"), lambda route: route.abort())
    page.goto("/#/live")
    expect(page.get_by_role("alert")).to_contain_text("Code page_error")


def test_an_unknown_address_shows_the_start(page: Page):
    page.goto("/#/nowhere")
    expect(page.locator("#start")).to_be_visible()
