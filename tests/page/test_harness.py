"""The fixtures themselves: a camera that plays the clip, and errors that are not overlooked."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.factory.browser import watched_context
from tests.factory.quick_server import Running


def test_the_camera_plays_the_clip_and_the_microphone_its_sound(page: Page):
    page.goto("/")
    heard = page.evaluate(
        """async () => {
          const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
          const { width, height } = stream.getVideoTracks()[0].getSettings();
          const context = new AudioContext();
          const analyser = context.createAnalyser();
          context.createMediaStreamSource(stream).connect(analyser);
          const samples = new Float32Array(analyser.fftSize);
          let loudest = 0;
          for (let turn = 0; turn < 200 && loudest < 0.01; turn++) {
            await new Promise((done) => setTimeout(done, 50));
            analyser.getFloatTimeDomainData(samples);
            loudest = Math.max(loudest, ...samples.map(Math.abs));
          }
          stream.getTracks().forEach((track) => track.stop());
          return { width, height, loudest };
        }"""
    )
    assert (heard["width"], heard["height"]) == (640, 480)
    assert heard["loudest"] >= 0.01


def test_the_clip_was_analysed(server: Running, analysed: str):
    job = server.service.store.get(analysed)
    assert job is not None
    assert job.state == "succeeded"


@pytest.mark.expected_console("as expected")
def test_an_error_that_is_expected_passes(page: Page):
    page.goto("/")
    page.evaluate("console.error('as expected')")


SURPRISES = [
    ("console.error('a surprise')", "a surprise"),
    ("setTimeout(() => { throw new Error('nobody caught it'); })", "nobody caught it"),
    ("document.body.setAttribute('onclick', 'close()')", "Content Security Policy"),
]


@pytest.mark.parametrize(("script", "told"), SURPRISES)
def test_any_other_error_in_a_page_fails_its_test(
    server: Running, browser: Browser, script: str, told: str
):
    def visit() -> None:
        with watched_context(browser, ["as expected"], base_url=server.url) as context:
            page = context.new_page()
            page.goto("/")
            page.evaluate(f"() => {{ {script} }}")
            page.wait_for_timeout(100)

    with pytest.raises(AssertionError, match=told):
        visit()
