"""The queue of a browser: progress, cancel, again, reload, results, tabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.factory.browser import shoot
from tests.factory.patience import wait_until
from tests.factory.quick_server import Running
from tests.page.conftest import NewPage
from tests.page.test_start import FINE, MORE, WAIT, opened

REFUSE = {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"refuse"}
STORED = """() => new Promise((done) => {
  const opened = indexedDB.open("evolvisense", 1);
  opened.onsuccess = () => {
    const keys = opened.result.transaction("recordings").objectStore("recordings").getAllKeys();
    keys.onsuccess = () => { opened.result.close(); done(keys.result); };
  };
})"""

RELOAD_AT_FORGETTING = """
  if (sessionStorage.reloaded) sessionStorage.isBack = "yes";
  const forget = IDBObjectStore.prototype.delete;
  IDBObjectStore.prototype.delete = function (key) {
    if (key.startsWith("own-") && !sessionStorage.reloaded) {
      this.transaction.addEventListener("complete", (event) => {
        event.stopImmediatePropagation();
        sessionStorage.reloaded = "yes";
        location.reload();
      }, { capture: true });
    }
    return forget.call(this, key);
  };
"""


def hand_in(page: Page, *files: dict[str, object]) -> Page:
    opened(page).locator("#file").set_input_files(list(files))  # type: ignore[arg-type]
    page.locator("#analyse").click()
    return page


def state(page: Page, name: str) -> str:
    return f'li[data-state="{name}"]'


def hold_uploads(page: Page) -> list[Route]:
    """The uploads that wait from now on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/analyses", hold)
    return held


@pytest.fixture
def page(quick: Running, new_page: NewPage) -> Page:
    return new_page(quick.url)


def test_several_files_with_their_progress_and_their_ends(
    page: Page, quick: Running, tmp_path: Path
):
    hand_in(page, WAIT, REFUSE, FINE)
    running = page.locator(state(page, "running"))
    expect(running).to_contain_text("Reading face and voice")
    bar = running.locator("progress")
    wait_until(lambda: float(bar.get_attribute("value") or 0) > 0 or page.wait_for_timeout(20))
    expect(page.locator(state(page, "queued")).nth(1)).to_contain_text("1 before it")
    shoot(page, "queue-working")
    (tmp_path / "go").touch()
    expect(page.locator(state(page, "failed"))).to_contain_text("not a video that can be read")
    expect(page.locator("#results-list li")).to_have_count(2)
    expect(page.locator("#ended-title")).to_have_text("Not analysed")
    assert "#/analysis" not in page.url
    shoot(page, "queue-ended")
    assert {job.state for job in quick.jobs()} == {"succeeded", "failed"}


def test_cancel_stops_it_on_the_server_and_it_can_be_tried_again(
    page: Page, quick: Running, tmp_path: Path
):
    hand_in(page, WAIT)
    page.locator(state(page, "running")).get_by_role("button", name="Cancel").click()
    expect(page.locator(state(page, "canceled"))).to_be_visible()
    wait_until(lambda: quick.jobs()[0].state == "canceled")
    (tmp_path / "go").touch()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/#/analysis/*")
    assert sorted(job.state for job in quick.jobs()) == ["canceled", "succeeded"]


def test_a_reload_while_it_is_analysed_loses_nothing(page: Page, tmp_path: Path):
    hand_in(page, WAIT, FINE)
    expect(page.locator(state(page, "running"))).to_be_visible()
    page.reload()
    expect(page.locator(state(page, "running"))).to_contain_text("long.mp4")
    (tmp_path / "go").touch()
    expect(page.locator("#results-list li")).to_have_count(2)


def test_a_reload_before_it_is_sent_loses_nothing_and_sends_it_once(page: Page, quick: Running):
    held = hold_uploads(page)
    hand_in(page, FINE, MORE)
    wait_until(lambda: held or page.wait_for_timeout(20))
    assert len(page.evaluate(STORED)) == 2
    page.unroute("**/v1/analyses")
    page.reload()
    expect(page.locator("#results-list li")).to_have_count(2)
    assert len(quick.jobs()) == 2
    assert page.evaluate(STORED) == []


def test_a_reload_just_when_it_has_been_sent_loses_nothing(page: Page, quick: Running):
    page.add_init_script(RELOAD_AT_FORGETTING)
    hand_in(page, FINE)
    page.wait_for_function("() => sessionStorage.isBack")
    expect(page.locator("#results-list li")).to_have_count(1)
    expect(page.locator("#queue-list li")).to_have_count(0)
    assert len(quick.jobs()) == 1
    assert page.evaluate(STORED) == []


@pytest.mark.expected_console("ERR_FAILED")
def test_an_answer_that_was_lost_does_not_make_a_second_analysis(page: Page, quick: Running):
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/v1/analyses", lose, times=1)
    page.goto("/")
    with page.expect_event("requestfailed"):
        hand_in(page, FINE)
    expect(page.locator("#queue-list")).to_contain_text("No connection: trying again")
    page.wait_for_url("**/#/analysis/*")
    assert len(quick.jobs()) == 1


def test_a_video_is_kept_over_a_reload_only_where_asked(page: Page, tmp_path: Path):
    (tmp_path / "go").touch()
    hand_in(page, FINE)
    page.wait_for_url("**/#/analysis/*")
    assert page.evaluate(STORED) == []
    opened(page)
    page.locator("#options summary").click()
    page.get_by_label("Keep the video in this browser").check()
    page.locator("#file").set_input_files(MORE)
    page.locator("#analyse").click()
    page.wait_for_url("**/#/analysis/*")
    assert page.evaluate(STORED) == [page.url.rsplit("/", 1)[1]]
    opened(page)
    page.get_by_role("button", name="Delete another.webm").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#results-list li")).to_have_count(1)
    assert page.evaluate(STORED) == []


def test_a_result_is_deleted_on_the_server_too(page: Page, quick: Running):
    hand_in(page, FINE)
    page.wait_for_url("**/#/analysis/*")
    opened(page)
    page.get_by_role("button", name="Delete a talk.mp4").click()
    page.get_by_role("button", name="Keep").click()
    assert len(quick.jobs()) == 1
    page.get_by_role("button", name="Delete a talk.mp4").click()
    shoot(page, "result-delete")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#results")).to_be_hidden()
    assert quick.jobs() == ()


def test_two_results_are_compared_the_older_one_first(page: Page, quick: Running):
    hand_in(page, FINE, MORE)
    expect(page.locator("#results-list li")).to_have_count(2)
    compare = page.get_by_role("button", name="Compare two")
    expect(compare).to_be_disabled()
    page.get_by_label("Compare another.webm").check()
    expect(compare).to_be_disabled()
    page.get_by_label("Compare a talk.mp4").check()
    compare.click()
    newer, older = (job.id for job in quick.jobs())
    assert page.url.endswith(f"#/compare/{older}/{newer}")


def test_another_tab_shows_the_same_and_may_cancel(page: Page, quick: Running):
    hand_in(page, WAIT)
    other = page.context.new_page()
    opened(other)
    other.locator(state(other, "running")).get_by_role("button", name="Cancel").click()
    expect(page.locator(state(page, "canceled"))).to_be_visible()
    assert len(quick.jobs()) == 1


def test_canceled_before_it_is_sent_nothing_is_sent(page: Page, quick: Running):
    held = hold_uploads(page)
    hand_in(page, FINE, MORE)
    wait_until(lambda: held or page.wait_for_timeout(20))
    page.locator(state(page, "waiting")).get_by_role("button", name="Cancel").click()
    expect(page.locator(state(page, "canceled"))).to_contain_text("another.webm")
    held[0].continue_()
    page.unroute("**/v1/analyses")
    expect(page.locator("#results-list li")).to_have_count(1)
    assert len(quick.jobs()) == 1
    assert page.evaluate(STORED) == []
