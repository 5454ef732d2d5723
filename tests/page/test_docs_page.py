"""Swagger UI at /docs: routes are tried from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.factory.browser import shoot
from tests.factory.quick_server import Running
from tests.page.conftest import PATIENCE_S

OLD = "post-_analyze-video_-"
CONTRAST = 4.5
"""Least contrast of text by WCAG 2.1 AA."""
MEASURE = """(element) => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  let behind = element;
  const isClear = (one) => /, 0\\)$|transparent/.test(getComputedStyle(one).backgroundColor);
  while (isClear(behind) && behind.parentElement) behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
    .map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""


def opened(page: Page) -> Page:
    page.goto("/docs")
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
    return page


def route(page: Page, name: str) -> Locator:
    """A route with its form to try it."""
    block = page.locator(f"[id$='{name}']")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def test_a_video_is_uploaded_and_the_answer_shown(page: Page, clip: Path):
    block = route(opened(page), "analyze_video")
    block.locator("input[type=file]").set_input_files(clip)
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    expect(status).to_contain_text("200", timeout=1000 * PATIENCE_S)
    shoot(page, "docs-answer")
    shown = block.locator(".live-responses-table .response-col_description pre").first
    answer = json.loads(shown.inner_text())
    assert answer["formula"] == "v1-legacy"
    assert answer["frame_data"]
    assert answer["peak_stress"] == max(frame["stress"] for frame in answer["frame_data"])


def test_a_video_is_accepted_for_later(page: Page, clip: Path):
    block = route(opened(page), "submit")
    block.locator("input[type=file]").first.set_input_files(clip)
    block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    expect(status).to_contain_text("202", timeout=1000 * PATIENCE_S)


@pytest.mark.states
def test_every_route_can_be_tried(server: Running, page: Page):
    api = page.request.get("/openapi.json").json()
    opened(page)
    operations = sum(len(methods) for methods in api["paths"].values())
    blocks = page.locator(".swagger-ui .opblock")
    expect(blocks).to_have_count(operations)
    for number in range(operations):
        block = blocks.nth(number)
        block.locator(".opblock-summary-control").click()
        expect(block.get_by_role("button", name="Try it out")).to_be_visible()
        block.locator(".opblock-summary-control").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_both_colour_schemes(page: Page, scheme: str):
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    block = route(opened(page), "analyze_video")
    expect(block.locator("input[type=file]")).to_be_visible()
    shoot(page, f"docs-{scheme}")
    for place in (
        ".opblock-summary-path",
        ".opblock-summary-description",
        ".opblock-description",
        ".parameter__name",
        ".parameters .renderedMarkdown p",
        ".opblock-section-header h4",
        ".btn",
    ):
        found = block.locator(place).first
        expect(found).to_be_visible()
        assert found.evaluate(MEASURE) >= CONTRAST, place


def test_guides_are_linked(page: Page):
    opened(page)
    page.get_by_role("link", name="Moving from the old service").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Moving an app from the old service")
    shoot(page, "docs-guide")
