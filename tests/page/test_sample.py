"""The sample in the browser: Chromium plays it from begin to end, with picture and sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


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
    assert seen["duration"] == pytest.approx(36, abs=1)
    assert seen["width"] == 480
    assert seen["kinds"] == ["audio", "video"]
