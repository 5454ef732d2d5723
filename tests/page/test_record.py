"""Recording from camera and microphone on the start page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.factory.browser import chromium, shoot
from tests.factory.patience import wait_until
from tests.factory.quick_server import Running, quick_gate, running
from tests.page.cameras import (
    ask_for_ever,
    make_insecure,
    refuse,
    remember_blobs,
    remember_streams,
    tracks_on,
    unplug,
)
from tests.page.conftest import NewPage
from tests.page.steps import in_state, press

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.states

SMALL_BYTES = 300_000


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[Running]:
    """Takes recordings of a few seconds at most."""
    chromium()
    with (
        quick_gate(tmp_path),
        running(tmp_path / "data", max_upload_bytes=SMALL_BYTES, rate_per_minute=0) as started,
    ):
        yield started


def recorder_of(page: Page) -> Locator:
    remember_streams(page)
    page.goto("/")
    return page.locator("#recorder .recorder")


def open_camera(page: Page) -> Locator:
    recorder = recorder_of(page)
    press(recorder, "Record with camera and microphone")
    in_state(recorder, "preview")
    return recorder


def record(recorder: Locator, seconds: float) -> None:
    press(recorder, "Start recording")
    in_state(recorder, "recording")
    recorder.page.wait_for_function(
        """(least) => {
          const [minutes, seconds] = document.querySelector(
            '#recorder [data-part="elapsed"]').textContent.split(":").map(Number);
          return minutes * 60 + seconds >= least;
        }""",
        arg=seconds,
    )


def test_a_recording_is_analysed_and_nothing_is_sent_before(server: Running, page: Page):
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    before = len(server.jobs())
    recorder = open_camera(page)
    page.wait_for_function(
        "() => document.querySelector('#recorder [data-part=picture]').videoWidth === 640"
    )
    page.wait_for_function(
        "() => Number(document.querySelector('#recorder [role=meter]').ariaValueNow) > -50"
    )
    shoot(page, "record-preview")
    press(recorder, "Start recording")
    recorder.get_by_text("3", exact=True).first.wait_for()
    shoot(page, "record-countdown")
    in_state(recorder, "recording")
    page.wait_for_timeout(2500)
    shoot(page, "record-recording")
    press(recorder, "Stop recording")
    in_state(recorder, "review")
    page.wait_for_function(
        "() => Number.isFinite(document.querySelector('#recorder [data-part=replay]').duration)"
    )
    shoot(page, "record-review")
    assert tracks_on(page) == 0
    assert "POST" not in sent
    press(recorder, "Use this recording")
    in_state(recorder, "idle")
    wait_until(lambda: len(server.jobs()) == before + 1)
    job_id = max(server.jobs(), key=lambda job: job.created_s).id
    wait_until(lambda: state_of(server, job_id) not in ("queued", "running"))
    assert state_of(server, job_id) == "succeeded"
    report = page.request.get(f"/v1/analyses/{job_id}/report").json()
    assert report["people"]
    assert report["voice"] is not None
    assert report["media"]["duration_s"] > 2


def state_of(server: Running, job_id: str) -> str:
    job = server.service.store.get(job_id)
    return job.state if job is not None else "deleted"


def test_a_discarded_recording_is_gone(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    recorder = open_camera(page)
    record(recorder, 1)
    press(recorder, "Stop recording")
    in_state(recorder, "review")
    press(recorder, "Discard")
    recorder.get_by_text("Nothing of it is left").wait_for()
    assert not page.evaluate(
        "document.querySelector('#recorder [data-part=replay]').hasAttribute('src')"
    )
    assert quick.jobs() == ()


def test_a_recording_can_be_made_again(quick: Running, new_page: NewPage):
    recorder = open_camera(new_page(quick.url))
    record(recorder, 1)
    press(recorder, "Stop recording")
    in_state(recorder, "review")
    press(recorder, "Discard and record again")
    in_state(recorder, "preview")
    assert tracks_on(recorder.page) == 2


def test_the_countdown_can_be_cancelled(quick: Running, new_page: NewPage):
    recorder = open_camera(new_page(quick.url))
    press(recorder, "Start recording")
    in_state(recorder, "countdown")
    press(recorder, "Cancel")
    in_state(recorder, "preview")
    recorder.page.wait_for_timeout(3500)
    in_state(recorder, "preview")


def test_the_camera_goes_off_when_it_is_closed_or_the_view_is_left(
    quick: Running, new_page: NewPage
):
    page = new_page(quick.url)
    recorder = open_camera(page)
    assert tracks_on(page) == 2
    press(recorder, "Switch the camera off")
    in_state(recorder, "idle")
    assert tracks_on(page) == 0
    press(recorder, "Record with camera and microphone")
    in_state(recorder, "preview")
    page.get_by_role("link", name="Live").click()
    page.wait_for_function("() => location.hash === '#/live'")
    page.wait_for_function(
        "() => window.opened.every((s) => s.getTracks().every((t) => t.readyState === 'ended'))"
    )


def test_a_recording_ends_before_it_is_too_large(small_server: Running, new_page: NewPage):
    page = new_page(small_server.url)
    remember_blobs(page)
    recorder = open_camera(page)
    recorder.get_by_text("fit into what this server takes").wait_for()
    press(recorder, "Start recording")
    in_state(recorder, "review")
    recorder.get_by_text("It ended by itself").wait_for()
    assert 0 < recorder.page.evaluate("window.newestBytes") <= SMALL_BYTES


def test_without_a_microphone_the_voice_is_said_to_be_missing(quick: Running, new_page: NewPage):
    recorder = open_camera(new_page(quick.url))
    recorder.get_by_role("combobox", name="Microphone").select_option("none")
    recorder.get_by_text("off: the voice will not be read").wait_for()
    assert tracks_on(recorder.page) == 1


def test_a_camera_that_is_unplugged_leaves_what_was_recorded(quick: Running, new_page: NewPage):
    recorder = open_camera(new_page(quick.url))
    record(recorder, 1.5)
    unplug(recorder.page)
    in_state(recorder, "review")
    recorder.get_by_text("It ended early").wait_for()


def test_a_camera_that_is_unplugged_before_is_told(quick: Running, new_page: NewPage):
    recorder = open_camera(new_page(quick.url))
    unplug(recorder.page)
    in_state(recorder, "problem")
    recorder.get_by_text("The camera stopped").wait_for()
    press(recorder, "Try again")
    in_state(recorder, "preview")


def test_what_the_browser_asks_is_announced(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    ask_for_ever(page)
    page.goto("/")
    recorder = page.locator("#recorder .recorder")
    press(recorder, "Record with camera and microphone")
    recorder.get_by_text("Your browser asks").wait_for()
    shoot(page, "record-asking")


PROBLEMS = [
    ("NotAllowedError", "blocked for this page"),
    ("SecurityError", "blocked for this page"),
    ("NotReadableError", "is in use"),
    ("AbortError", "is in use"),
    ("OverconstrainedError", "is gone"),
    ("TypeError", "cannot be opened"),
]


@pytest.mark.parametrize(("name", "told"), PROBLEMS)
def test_why_there_is_no_camera(quick: Running, new_page: NewPage, name: str, told: str):
    page = new_page(quick.url)
    refuse(page, name)
    page.goto("/")
    recorder = page.locator("#recorder .recorder")
    press(recorder, "Record with camera and microphone")
    recorder.get_by_role("alert").get_by_text(told).wait_for()
    shoot(page, f"record-{name}")
    press(recorder, "Close")
    in_state(recorder, "idle")


MISSING = [
    ([], "No camera and no microphone was found"),
    (["audioinput"], "No camera was found"),
    (["videoinput"], "No microphone was found"),
]


@pytest.mark.parametrize(("present", "told"), MISSING)
def test_which_device_is_missing(quick: Running, new_page: NewPage, present: list[str], told: str):
    page = new_page(quick.url)
    refuse(page, "NotFoundError")
    kinds = [{"kind": kind, "deviceId": kind, "label": "one"} for kind in present]
    page.add_init_script(f"navigator.mediaDevices.enumerateDevices = async () => {kinds}")
    page.goto("/")
    recorder = page.locator("#recorder .recorder")
    press(recorder, "Record with camera and microphone")
    recorder.get_by_role("alert").get_by_text(told).wait_for()


def test_an_insecure_page_says_what_to_do(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    make_insecure(page)
    page.goto("/")
    recorder = page.locator("#recorder .recorder")
    press(recorder, "Record with camera and microphone")
    recorder.get_by_role("alert").get_by_text("https://").wait_for()
