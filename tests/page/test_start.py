"""The start view: what is said before, choosing, options, consent, the sample, the key."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from evolvisense.report.parts import LIMITS_NOTICE
from evolvisense.service.access.purpose import CONSENT_TEXT, CONSENT_VERSION, PURPOSES
from tests.factory.browser import PHONE, shoot
from tests.factory.quick_server import Running
from tests.page.conftest import NewPage

FINE = {"name": "a talk.mp4", "mimeType": "video/mp4", "buffer": b"fine"}
MORE = {"name": "another.webm", "mimeType": "video/webm", "buffer": b"fine, too"}
WAIT = {"name": "long.mp4", "mimeType": "video/mp4", "buffer": b"wait"}

DROP = """([kind, files]) => {
  const carried = new DataTransfer();
  for (const [name, size] of files) carried.items.add(new File([new Uint8Array(size)], name));
  window.dispatchEvent(new DragEvent(kind, { dataTransfer: carried, cancelable: true }));
}"""


def opened(page: Page) -> Page:
    page.goto("/")
    expect(page.locator("#what-list li").first).to_be_visible()
    return page


def strict(server: Running) -> str:
    """The server under the strict profile from now on; a key for it."""
    server.service.settings = server.service.settings.model_copy(update={"profile": "strict"})
    return server.service.keys.create("tests", ["analyze", "read"])[1]


def drag(page: Page, kind: str, *files: tuple[str, int]) -> None:
    page.evaluate(DROP, [kind, files])


def test_what_happens_to_a_recording_is_said_before(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    said = page.locator("#what-list")
    expect(said).to_contain_text("deleted when the analysis ends")
    expect(said).to_contain_text("kept for 24 hours")
    expect(page.locator("#analyse-note")).to_contain_text("Nothing is sent before")
    expect(page.get_by_role("button", name="Analyse")).to_be_disabled()
    shoot(page, "start-empty")


def test_files_are_chosen_taken_out_and_named_on_the_button(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    page.locator("#file").set_input_files([FINE, MORE])
    expect(page.get_by_role("button", name="Analyse 2 recordings")).to_be_enabled()
    page.get_by_role("button", name="Take another.webm out").click()
    expect(page.locator("#chosen-list li")).to_have_count(1)
    expect(page.locator("#file")).to_be_focused()
    expect(page.locator("#analyse")).to_have_text("Analyse")
    assert quick.jobs() == ()


def test_files_are_dropped_anywhere_on_the_page(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    drag(page, "dragenter", ("one.mp4", 5))
    expect(page.locator("#drop.over")).to_have_count(1)
    shoot(page, "start-dragging")
    drag(page, "dragleave", ("one.mp4", 5))
    expect(page.locator("#drop.over")).to_have_count(0)
    drag(page, "dragenter", ("one.mp4", 5))
    drag(page, "drop", ("one.mp4", 5), ("two.mp4", 6))
    expect(page.locator("#drop.over")).to_have_count(0)
    expect(page.locator("#chosen-list .file-name")).to_have_text(["one.mp4", "two.mp4"])


def test_options_are_sent_and_remembered_and_file_names_are_not(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.post_data or "") if r.method == "POST" else None)
    page.locator("#file").set_input_files(FINE)
    page.get_by_text("Options", exact=False).first.click()
    page.get_by_label("Spoken language").select_option("pl")
    page.get_by_label("Look at").select_option("5")
    page.get_by_label("Read faces in at most").fill("300")
    page.get_by_label("Read the voice").uncheck()
    page.get_by_label("Observations only").check()
    expect(page.locator("#options-summary")).to_contain_text("Polish")
    shoot(page, "start-options")
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_url("**/#/analysis/*")
    (job,) = quick.jobs()
    analysis: dict[str, Any] = job.options["analysis"]
    assert (analysis["language"], analysis["frame_skip"], analysis["max_frames"]) == ("pl", 5, 300)
    assert analysis["voice"] is False
    assert analysis["landmarks"] is True
    assert job.options["observations_only"] is True
    assert not any("a talk" in body for body in sent)
    opened(page)
    expect(page.locator("#language")).to_have_value("pl")


def test_a_number_that_does_not_fit_is_said_at_its_field(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    page.locator("#file").set_input_files(FINE)
    page.get_by_text("Options", exact=False).first.click()
    page.get_by_label("Read faces in at most").fill("0")
    page.get_by_text("Options", exact=False).first.click()
    page.get_by_role("button", name="Analyse").click()
    expect(page.locator("#start-hint")).to_contain_text("1 or more")
    expect(page.locator("#max-frames")).to_be_focused()
    assert quick.jobs() == ()


def test_the_sample_is_tried_with_one_press(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    page.get_by_role("button", name="Try a sample").click()
    page.wait_for_url("**/#/analysis/*")
    (job,) = quick.jobs()
    assert job.media_bytes > 10_000
    page.goto("/")
    expect(page.locator("#results-list")).to_contain_text("Sample")


def test_colours_follow_the_system_until_they_are_chosen(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url, color_scheme="dark"))
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_role("button", name="Dark colours").click()
    light = page.evaluate(colour)
    assert light != dark
    page.reload()
    assert page.evaluate(colour) == light
    page.get_by_role("button", name="Dark colours").click()
    assert page.evaluate(colour) == dark


@pytest.mark.parametrize("options", [{}, PHONE, {**PHONE, "color_scheme": "dark"}])
def test_nothing_is_wider_than_the_window(
    quick: Running, new_page: NewPage, options: dict[str, Any]
):
    page = opened(new_page(quick.url, **options))
    page.locator("#file").set_input_files({**FINE, "name": "a_name_without_a_break" * 5 + ".mp4"})
    page.get_by_text("Options", exact=False).first.click()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    shoot(page, f"start-chosen-{len(options)}")


@pytest.mark.expected_console("401")
def test_the_key_is_asked_for_refused_taken_and_forgotten(quick: Running, new_page: NewPage):
    key = strict(quick)
    page = new_page(quick.url)
    page.goto("/")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    shoot(page, "key")
    page.get_by_label("Key", exact=True).fill("evs_not_one")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("not known here")
    page.get_by_role("button", name="Not now").click()
    expect(page.get_by_role("alert")).to_contain_text("wants a key")
    expect(page.locator("#start")).to_be_hidden()
    shoot(page, "key-missing")
    page.get_by_role("button", name="Enter the key").click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#declaration")).to_be_visible()
    page.reload()
    expect(page.locator("#declaration")).to_be_visible()
    page.get_by_role("button", name="Forget key").click()
    expect(dialog).to_be_visible()
    assert page.evaluate("localStorage.getItem('evolvisense.key')") is None


@pytest.mark.expected_console("401")
def test_strict_wants_consent_and_purpose_before_anything_is_sent(
    quick: Running, new_page: NewPage
):
    key = strict(quick)
    page = new_page(quick.url)
    page.goto("/")
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("#consent-text li")).to_have_count(CONSENT_TEXT.count("\n") - 1)
    page.locator("#file").set_input_files(FINE)
    analyse = page.get_by_role("button", name="Analyse")
    hint = page.locator("#start-hint")
    analyse.click()
    expect(hint).to_contain_text("what the analysis is for")
    assert page.locator("#purpose option").count() == len(PURPOSES) + 1
    page.locator("#purpose").select_option("research")
    analyse.click()
    expect(hint).to_contain_text("ethics committee")
    page.locator("#ethics").fill("EK 12/2026")
    analyse.click()
    expect(hint).to_contain_text("who confirms")
    page.locator("#confirmed-by").fill("A. Nowak")
    analyse.click()
    expect(hint).to_contain_text("confirm it")
    shoot(page, "strict")
    assert quick.jobs() == ()
    page.locator("#confirmed").check()
    analyse.click()
    page.wait_for_url("**/#/analysis/*")
    (job,) = quick.jobs()
    said = job.options["declaration"]
    assert said["purpose"] == {"kind": "research", "ethics_id": "EK 12/2026"}
    assert said["consent"]["confirmed_by"] == "A. Nowak"
    assert said["consent"]["text_version"] == CONSENT_VERSION
    page.goto("/")
    expect(page.locator("#confirmed")).not_to_be_checked()
    assert "Nowak" not in json.dumps(page.evaluate("({...localStorage})"))


def test_the_limits_of_the_server_are_those_of_the_report(quick: Running, new_page: NewPage):
    page = opened(new_page(quick.url))
    assert page.evaluate("fetch('/v1/limits').then((a) => a.json())")["notice"] == LIMITS_NOTICE
