"""The sample in the browser: it plays, and the example opens without any analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

STARTING_BYTES = 600_000
"""On the wire until the start page stands."""


def test_the_sample_plays(page: Page) -> None:
    page.goto("/")
    seen = page.evaluate(
        """async () => {
          const video = document.createElement("video");
          video.src = "/static/sample/sample.webm";
          await new Promise((done, failed) => {
            video.onloadeddata = done;
            video.onerror = () => failed(new Error(video.error.message));
          });
          video.currentTime = video.duration - 1;
          await new Promise((done) => { video.onseeked = done; });
          const stream = video.captureStream();
          const kinds = stream.getTracks().map((track) => track.kind).sort();
          return { duration: video.duration, width: video.videoWidth, kinds };
        }"""
    )
    assert seen["duration"] == pytest.approx(37.6, abs=1)
    assert seen["width"] == 480
    assert seen["kinds"] == ["audio", "video"]


def test_the_example_opens_at_once_and_nothing_is_sent(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    page.goto("/")
    page.get_by_role("link", name="See an example").click()
    page.wait_for_selector("#view-result[data-ready=example]")
    expect(page.locator("#headline")).not_to_be_empty()
    expect(page.locator("#result-facts")).to_contain_text("did not speak or smile like this")
    page.wait_for_selector("#overview[data-drawn]")
    expect(page.locator("#screen")).to_be_visible()
    assert page.locator(".answer-tile").count() >= 6
    page.locator(".moment").first.click()
    assert not [one for one in sent if "/v1/analyses" in one or one.startswith("POST")]
    for name in ("#export-menu", "#remove-open", "#compare-link", ".stage-main"):
        expect(page.locator(name)).to_be_hidden()


def test_the_start_page_is_light(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[int] = []
    devtools.on("Network.loadingFinished", lambda seen: sizes.append(seen["encodedDataLength"]))
    page.goto("/", wait_until="networkidle")
    expect(page.locator("#what-list li").first).to_be_visible()
    print(f"{len(sizes)} files, {round(sum(sizes))} bytes on the wire")  # noqa: T201 - shown by `-rP`
    assert len(sizes) > 10
    assert sum(sizes) <= STARTING_BYTES


def test_texts_are_compressed_and_media_are_not(page: Page) -> None:
    page.goto("/")
    assert page.request.get("/static/js/app.js").headers["content-encoding"] == "gzip"
    assert page.request.get("/static/explanations.json").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in page.request.get("/static/sample/sample.webm").headers
