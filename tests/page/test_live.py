"""The live view: numbers that move, a baseline, and what becomes of the session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from websockets.sync.client import connect

from evolvisense.report import LIMITS_NOTICE
from evolvisense.service.live.protocol import PICTURE
from tests.factory.browser import PHONE, chromium, shoot
from tests.factory.patience import PATIENCE_MS, wait_until
from tests.factory.quick_server import Running, quick_gate, running
from tests.page.cameras import (
    make_insecure,
    refuse,
    remember_streams,
    show_grey,
    take_no_sound,
    tracks_on,
    unplug,
)
from tests.page.conftest import NewPage, Strict
from tests.page.steps import in_state, press

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

pytestmark = pytest.mark.states

PICTURES = 5
LONG_MS = PATIENCE_MS


def live_of(page: Page) -> Locator:
    page.goto("/#/live")
    return page.locator("#view-live")


def start(page: Page) -> Locator:
    view = live_of(page)
    press(view, "Switch the camera on")
    in_state(view, "preview")
    press(view, "Start")
    return view


def started_through(page: Page) -> tuple[Locator, list[WebSocketRoute]]:
    """A running view, and its connections to the server, which grow as it reconnects."""
    opened: list[WebSocketRoute] = []

    def connect_through(route: WebSocketRoute) -> None:
        route.connect_to_server()
        opened.append(route)

    page.route_web_socket("**/v1/live", connect_through)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page, 3)
    return view, opened


def wait_for_pictures(page: Page, count: int = PICTURES) -> None:
    page.wait_for_function(
        "(count) => Number(document.querySelector('#view-live').dataset.delayCount) >= count",
        arg=count,
        timeout=LONG_MS,
    )


def answer_at_once(page: Page) -> None:
    """A server that looks at nothing: a quarter of a second and a changing smile per picture."""

    def serve(route: WebSocketRoute) -> None:
        seq = 0

        def hear(message: str | bytes) -> None:
            nonlocal seq
            if isinstance(message, str):
                route.send(
                    json.dumps({"type": "configured", "max_fps": 10, "limits": LIMITS_NOTICE})
                )
            elif message[0] == PICTURE:
                seq += 1
                route.send(json.dumps(_frame(seq)))

        route.on_message(hear)

    page.route_web_socket("**/v1/live", serve)


def _frame(seq: int) -> dict[str, object]:
    others = dict.fromkeys(("surprise", "sad", "fear", "angry", "disgust"), 0.02)
    pose = {"pitch_deg": 1, "yaw_deg": seq % 3, "roll_deg": 0}
    face = {
        "track_id": 1,
        "box": [200, 100, 300, 220],
        "presence": 1,
        "is_main": True,
        "probabilities": {"happy": 0.5, "neutral": 0.4, **others},
        "uncertain": "",
        "smile": 0.5 + 0.1 * (seq % 2),
        "eye_openness": 0.9,
        "mouth_opening": 0.1,
        "pose": pose,
    }
    about = {"type": "frame", "seq": seq, "time_s": seq / 4, "width_px": 640, "height_px": 480}
    silent = {"voice": None, "voice_absent_reason": "no_recent_sound"}
    return {**about, **silent, "faces": [face], "dropped": 0}


def tile(view: Locator, name: str) -> Locator:
    exact = view.page.get_by_text(name, exact=True)
    return view.locator(".tile").filter(has=exact)


def is_drawn(page: Page, selector: str) -> bool:
    return page.evaluate(
        """(selector) => {
          const canvas = document.querySelector(selector);
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.some((value) => value > 0);
        }""",
        selector,
    )


def test_numbers_move_while_somebody_speaks(server: Running, page: Page):
    before = len(server.jobs())
    remember_streams(page)
    view = live_of(page)
    shoot(page, "live-idle")
    press(view, "Switch the camera on")
    in_state(view, "preview")
    shoot(page, "live-preview")
    press(view, "Start")
    in_state(view, "running")
    wait_for_pictures(page)
    assert view.get_attribute("data-faces") == "1"
    assert "cannot tell" not in tile(view, "Smile").inner_text()
    assert "cannot tell" not in tile(view, "Level").inner_text()
    assert is_drawn(page, "[data-part=boxes]")
    # Only frames whose expression can be read are drawn, which those at the beginning need not be.
    wait_until(lambda: is_drawn(page, "[data-part=expression-history]"))
    assert is_drawn(page, ".tile canvas")
    shares = [float(text[:-2]) for text in view.locator(".live-bar .value").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=4)
    view.get_by_text("They do not measure how you feel").wait_for()
    view.get_by_text("ms from picture to numbers").wait_for()
    shoot(page, "live-running")
    press(view, "Stop")
    in_state(view, "stopped")
    shoot(page, "live-stopped")
    assert tracks_on(page) == 0
    press(view, "Forget it")
    view.get_by_text("Nothing of that session is left").wait_for()
    assert len(server.jobs()) == before


def test_a_session_can_be_kept_as_a_report(server: Running, page: Page):
    known = {job.id for job in server.jobs()}
    view = start(page)
    in_state(view, "running")
    page.wait_for_timeout(3000)
    press(view, "Stop")
    in_state(view, "stopped")
    press(view, "Keep as a report")
    wait_until(lambda: {job.id for job in server.jobs()} - known)
    (job_id,) = {job.id for job in server.jobs()} - known
    wait_until(lambda: state_of(server, job_id) not in ("queued", "running"))
    assert state_of(server, job_id) == "succeeded"
    page.wait_for_url(f"**/#/analysis/{job_id}")
    report = page.request.get(f"/v1/analyses/{job_id}/report").json()
    assert report["people"]
    assert report["voice"] is not None


def state_of(server: Running, job_id: str) -> str:
    job = server.service.store.get(job_id)
    return job.state if job is not None else "deleted"


def test_a_session_that_is_not_recorded_leaves_nothing(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    view = live_of(page)
    press(view, "Switch the camera on")
    in_state(view, "preview")
    view.get_by_label("Record the session in this browser").uncheck()
    press(view, "Start")
    in_state(view, "running")
    wait_for_pictures(page, 3)
    press(view, "Stop")
    view.get_by_text("Nothing of that session is left").wait_for()
    in_state(view, "idle")


def test_changes_are_shown_against_a_baseline(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    answer_at_once(page)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page, 3)
    press(view, "Take a baseline")
    view.and_(page.locator("[data-baseline=taking]")).wait_for()
    shoot(page, "live-baseline-taking")
    view.and_(page.locator("[data-baseline=taken]")).wait_for(timeout=LONG_MS)
    tile(view, "Smile").get_by_text("5 %, 1.0 spreads").wait_for()
    tile(view, "Pitch").get_by_text("no sound arrives").wait_for()
    assert view.locator(".live-bar .mark:not([hidden])").count() == 7
    shoot(page, "live-baseline-taken")
    press(view, "Forget it")
    tile(view, "Smile").get_by_text("corners of the mouth").wait_for()


def test_without_a_face_and_sound_the_reasons_are_shown(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    show_grey(page)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page, 5)
    assert "no face in the picture" in tile(view, "Smile").inner_text()
    assert "no microphone" in tile(view, "Pitch").inner_text()
    assert "cannot tell: no face in the picture" in view.inner_text()
    assert not is_drawn(page, "[data-part=boxes]")
    shoot(page, "live-no-face")


def test_without_sound_the_pictures_go_on(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    take_no_sound(page)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page, 3)
    view.get_by_text("the sound cannot be taken").wait_for()
    assert "no microphone" in tile(view, "Pitch").inner_text()


def test_a_busy_server_is_waited_for(tmp_path: Path, new_page: NewPage):
    chromium()
    with (
        quick_gate(tmp_path),
        running(tmp_path / "data", live_streams=1, rate_per_minute=0) as one,
    ):
        page = new_page(one.url)
        with connect(f"{one.url.replace('http', 'ws')}/v1/live") as other:
            other.send(json.dumps({"type": "configure"}))
            other.recv(60)
            view = start(page)
            view.get_by_text("All live streams of this server are taken").wait_for()
            view.get_by_text("tried again in 10 s").wait_for()
            shoot(page, "live-busy")
        in_state(view, "running")


def test_a_lost_connection_is_taken_up_again(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    view, opened = started_through(page)
    opened[0].close(code=1012)
    view.get_by_text("The connection is lost").wait_for()
    in_state(view, "running")
    assert len(opened) == 2
    wait_for_pictures(page, 6)


def test_an_end_by_the_server_is_told_and_the_recording_stays(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    view, opened = started_through(page)
    ending = {"code": "too_many_problems", "detail": "no", "fatal": True, "seq": None}
    opened[0].send(json.dumps({"type": "error", **ending}))
    opened[0].close(code=1008)
    in_state(view, "cut")
    view.get_by_text("The server could not use the pictures").wait_for()
    view.get_by_role("button", name="Keep as a report").wait_for()
    shoot(page, "live-cut")


def test_a_camera_that_is_unplugged_leaves_the_recording(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    remember_streams(page)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page)
    unplug(page)
    in_state(view, "cut")
    view.get_by_text("The camera stopped").wait_for()


def test_leaving_the_view_switches_everything_off(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    remember_streams(page)
    view = start(page)
    in_state(view, "running")
    page.get_by_role("link", name="Recordings").click()
    page.wait_for_function(
        "() => window.opened.every((s) => s.getTracks().every((t) => t.readyState === 'ended'))"
    )
    page.get_by_role("link", name="Live").click()
    in_state(view, "idle")


@pytest.mark.parametrize("name", ["NotAllowedError", "NotReadableError"])
def test_why_there_is_no_camera(quick: Running, new_page: NewPage, name: str):
    page = new_page(quick.url)
    refuse(page, name)
    view = live_of(page)
    press(view, "Switch the camera on")
    in_state(view, "problem")
    shoot(page, f"live-{name}")
    press(view, "Stop")
    in_state(view, "idle")


def test_an_insecure_page_says_what_to_do(quick: Running, new_page: NewPage):
    page = new_page(quick.url)
    make_insecure(page)
    view = live_of(page)
    press(view, "Switch the camera on")
    view.get_by_role("alert").get_by_text("https://").wait_for()


def test_a_server_of_observations_only_has_no_live_view(tmp_path: Path, new_page: NewPage):
    chromium()
    with quick_gate(tmp_path), running(tmp_path / "data", observations_only=True) as plain:
        view = live_of(new_page(plain.url))
        view.get_by_text("No live view on this server").wait_for()
        assert not view.get_by_role("button", name="Switch the camera on").is_visible()


@pytest.mark.expected_console("401")
def test_a_strict_server_gets_key_consent_and_purpose(strict_server: Strict, new_page: NewPage):
    page = new_page(strict_server.url)
    view = live_of(page)
    page.get_by_label("Key", exact=True).fill(strict_server.key)
    page.get_by_role("button", name="Use this key").click()
    press(view, "Switch the camera on")
    in_state(view, "preview")
    press(view, "Start")
    view.get_by_text("Say what the analysis is for.").wait_for()
    shoot(page, "live-strict")
    view.get_by_label("What is it for?").select_option("software-testing")
    view.get_by_label("Who confirms?").fill("the tests")
    view.get_by_label("I confirm all of this").check()
    press(view, "Start")
    in_state(view, "running")
    wait_for_pictures(page, 3)


def test_phone(quick: Running, new_page: NewPage):
    page = new_page(quick.url, **PHONE)
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page)
    shoot(page, "live-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_dark_colours(quick: Running, new_page: NewPage):
    page = new_page(quick.url, color_scheme="dark")
    view = start(page)
    in_state(view, "running")
    wait_for_pictures(page)
    shoot(page, "live-dark")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in background[4:-1].split(",")) < 200
