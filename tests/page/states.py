"""Every state of the page that a person can come to, and the steps to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.page.cameras import ask_for_ever, refuse
from tests.page.results import SLOW_MS, open_result, wait_for_plot

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.factory.quick_server import Running
    from tests.page.conftest import Strict

Files = list[dict[str, Any]]
FINE: Files = [{"name": "a talk.mp4", "mimeType": "video/mp4", "buffer": b"fine"}]
SEVERAL: Files = [
    {"name": "waits.mp4", "mimeType": "video/mp4", "buffer": b"wait"},
    {"name": "no video.mp4", "mimeType": "video/mp4", "buffer": b"refuse"},
]
EMPTY: Files = [{"name": "empty.mp4", "mimeType": "video/mp4", "buffer": b""}]


@dataclass(frozen=True)
class Around:
    """What the steps need of a test: pages, and fixtures by their name."""

    new_page: Callable[[str], Page]
    fixture: Callable[[str], Any]

    def page(self) -> Page:
        """Of the real server."""
        server: Running = self.fixture("server")
        return self.new_page(server.url)

    def quick_page(self) -> Page:
        """Of a server that looks at no video."""
        quick: Running = self.fixture("quick")
        return self.new_page(quick.url)


@dataclass(frozen=True)
class State:
    """One of them."""

    name: str
    reach: Callable[[Around], Page]
    console: tuple[str, ...] = field(default=())
    """Errors in the console that belong to it."""


@contextmanager
def reached(state: State, around: Around) -> Iterator[Page]:
    """The page in that state; it is left before its server stops."""
    page = state.reach(around)
    yield page
    page.close()


def _start(around: Around) -> Page:
    page = around.quick_page()
    page.goto("/")
    page.locator("#start").wait_for()
    return page


def _chosen(around: Around) -> Page:
    page = _start(around)
    page.set_input_files("#file", FINE)  # type: ignore[arg-type]
    page.locator("#options > summary").click()
    page.locator("#chosen-list li").wait_for()
    return page


def _not_taken(around: Around) -> Page:
    page = _start(around)
    page.set_input_files("#file", EMPTY)  # type: ignore[arg-type]
    page.locator("#start-problem .problem").wait_for()
    return page


def _queue(around: Around) -> Page:
    page = _start(around)
    page.set_input_files("#file", SEVERAL)  # type: ignore[arg-type]
    page.locator("#analyse").click()
    page.locator('li[data-state="running"]').wait_for()
    return page


def _ended(around: Around) -> Page:
    page = _queue(around)
    (around.fixture("tmp_path") / "go").touch()
    page.locator('li[data-state="failed"]').wait_for()
    page.locator("#results-list li").first.wait_for()
    return page


def _away(around: Around) -> Page:
    page = around.quick_page()
    page.route("**/v1/limits", lambda route: route.abort())
    page.goto("/")
    page.get_by_role("alert").first.wait_for()
    return page


def _key(around: Around) -> Page:
    strict: Strict = around.fixture("strict_server")
    page = around.new_page(strict.url)
    page.goto("/#/analysis/0123456789abcdef")
    page.locator("#key-dialog[open]").wait_for()
    return page


def _consent(around: Around) -> Page:
    strict: Strict = around.fixture("strict_server")
    page = around.new_page(strict.url)
    page.goto("/")
    page.fill("#key-field", strict.key)
    _press(page, "Use this key")
    page.locator("#start").wait_for()
    return page


def _recorder(around: Around, button: str, state: str) -> Page:
    page = around.page()
    page.goto("/")
    _press(page, button)
    page.locator(f".recorder[data-state={state}]").wait_for()
    return page


OPEN = "Record with camera and microphone"


def _camera(around: Around) -> Page:
    return _recorder(around, OPEN, "preview")


def _recorded(around: Around) -> Page:
    page = _camera(around)
    _press(page, "Start recording")
    page.locator(".recorder[data-state=recording]").wait_for()
    page.wait_for_timeout(500)
    _press(page, "Stop recording")
    page.locator(".recorder[data-state=review]").wait_for()
    return page


def _no_camera(around: Around) -> Page:
    page = around.page()
    refuse(page, "NotFoundError")
    page.goto("/")
    _press(page, OPEN)
    page.locator(".recorder[data-state=problem]").wait_for()
    return page


def _asked(around: Around) -> Page:
    page = around.page()
    ask_for_ever(page)
    page.goto("/")
    _press(page, OPEN)
    page.locator(".recorder[data-state=asking]").wait_for()
    return page


def _live(around: Around) -> Page:
    page = around.page()
    page.goto("/#/live")
    page.locator("#view-live[data-state=idle]").wait_for()
    return page


def _live_preview(around: Around) -> Page:
    page = _live(around)
    _press(page, "Switch the camera on")
    page.locator("#view-live[data-state=preview]").wait_for()
    return page


def _live_running(around: Around) -> Page:
    page = _live_preview(around)
    _press(page, "Start")
    page.wait_for_function(
        "() => Number(document.querySelector('#view-live').dataset.delayCount) >= 3",
        timeout=SLOW_MS,
    )
    return page


def _live_stopped(around: Around) -> Page:
    page = _live_running(around)
    _press(page, "Stop")
    page.locator("#view-live[data-state=stopped]").wait_for()
    return page


def _result(around: Around) -> Page:
    page = around.page()
    clip: Path = around.fixture("clip")
    open_result(page, around.fixture("analysed"), clip)
    for name in ("expression", "voice"):
        wait_for_plot(page, name)
    page.evaluate("scrollTo(0, 0)")
    return page


def _withheld(around: Around) -> Page:
    page = around.page()
    open_result(page, around.fixture("withheld"))
    wait_for_plot(page, "behaviour")
    return page


def _without_video(around: Around) -> Page:
    page = around.page()
    open_result(page, around.fixture("long_analysis"))
    for name in ("expression", "indicators"):
        wait_for_plot(page, name)
    return page


def _tab(name: str) -> Callable[[Around], Page]:
    def reach(around: Around) -> Page:
        page = around.page()
        open_result(page, around.fixture("analysed"))
        page.locator(f"#tab-{name}").click()
        page.locator(f"#panel-{name}").wait_for()
        return page

    return reach


def _exporting(around: Around) -> Page:
    page = around.page()
    open_result(page, around.fixture("analysed"))
    page.locator("#export-menu > summary").click()
    page.locator("#export-list li").first.wait_for()
    return page


def _explained(around: Around) -> Page:
    page = around.page()
    open_result(page, around.fixture("long_analysis"))
    page.locator("#scores button").first.click()
    page.locator("dialog[open]").wait_for()
    return page


def _deleting(around: Around) -> Page:
    page = around.page()
    open_result(page, around.fixture("analysed"))
    page.locator("#remove-open").click()
    page.locator("dialog[open]").wait_for()
    return page


def _gone(around: Around) -> Page:
    page = around.page()
    page.goto(f"/#/analysis/{'0' * 32}")
    page.get_by_role("alert").locator("visible=true").first.wait_for()
    return page


def _compared(around: Around) -> Page:
    page = around.page()
    first, second = around.fixture("analysed"), around.fixture("long_analysis")
    page.goto(f"/#/compare/{first}/{second}")
    page.wait_for_selector(f"#view-compare[data-ready='{first} {second}']", timeout=SLOW_MS)
    page.locator("#compare-figures .main-svg").first.wait_for()
    return page


def _docs(around: Around) -> Page:
    page = around.page()
    page.goto("/docs")
    page.locator("main").wait_for()
    return page


def _report(around: Around) -> Page:
    page = around.page()
    page.goto(f"/v1/analyses/{around.fixture('analysed')}/report?format=html")
    page.locator("h1").wait_for()
    return page


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


STATES = (
    State("start", _start),
    State("start-chosen", _chosen),
    State("start-not-taken", _not_taken),
    State("start-queue", _queue),
    State("start-ended", _ended),
    State("start-away", _away, ("ERR_",)),
    State("start-key", _key, ("401",)),
    State("start-consent", _consent, ("401",)),
    State("record-asked", _asked),
    State("record-preview", _camera),
    State("record-review", _recorded),
    State("record-problem", _no_camera),
    State("live", _live),
    State("live-preview", _live_preview),
    State("live-running", _live_running),
    State("live-stopped", _live_stopped),
    State("result", _result),
    State("result-long-without-video", _without_video),
    State("result-withheld", _withheld),
    State("result-export", _exporting),
    State("result-explained", _explained),
    State("result-delete", _deleting),
    State("result-baseline", _tab("baseline")),
    State("result-about", _tab("about")),
    State("result-gone", _gone, ("404",)),
    State("compare", _compared),
    State("docs", _docs),
    State("report", _report),
)
ALL_STATES = [
    pytest.param(
        state,
        id=state.name,
        marks=[pytest.mark.expected_console(*state.console)] if state.console else [],
    )
    for state in STATES
]
