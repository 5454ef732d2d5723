"""Debian's Chromium under Playwright, and pages that tell when something went wrong in them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.factory.fake_camera import FakeCamera
from tests.factory.patience import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

SHOTS_VARIABLE = "EVOLVISENSE_SHOTS"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


def chromium() -> str:
    """Path of the browser; the test is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return found


@contextmanager
def browsing(camera: FakeCamera) -> Iterator[Browser]:
    """A browser whose camera and microphone play the files."""
    executable = chromium()
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", *camera.arguments]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_context(
    browser: Browser, expected: Sequence[str] = (), **options: Any
) -> Iterator[BrowserContext]:
    """A fresh profile; fails at its end for errors in the console of its pages.

    What the content security policy refuses stands there too. `expected`: regular expressions of
    messages that belong to the test.
    """
    context = browser.new_context(accept_downloads=True, **options)
    context.set_default_timeout(PATIENCE_MS)
    found: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(f"{message.text} ({message.location.get('url', '')})")

    context.on("console", hear)
    context.on("weberror", lambda error: found.append(f"uncaught: {error.error}"))
    try:
        yield context
    finally:
        context.close()
    surprising = [text for text in found if not any(re.search(e, text) for e in expected)]
    assert not surprising, "errors in the console: " + "; ".join(surprising)


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page as NAME.png in $EVOLVISENSE_SHOTS; nothing without it."""
    if folder := os.environ.get(SHOTS_VARIABLE):
        target = Path(folder) / f"{name}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=target, full_page=True)
