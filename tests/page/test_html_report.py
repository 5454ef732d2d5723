"""The HTML report in a browser: drawn from its own scripts alone, on screens and on paper."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from evolvisense.report.figures.style import PALETTES
from tests.factory.browser import PHONE, shoot
from tests.factory.patience import PATIENCE_S
from tests.factory.quick_server import Running
from tests.page.conftest import NewPage

PLOTS = "figure .plot"
DRAWN = f"{PLOTS}.js-plotly-plot"
SMILE = "[id^=behaviour] .scatterlayer .trace path.js-line"
FACE = "[id^=behaviour]"


@pytest.fixture(scope="session")
def address(server: Running, analysed: str) -> str:
    return f"{server.url}/v1/analyses/{analysed}/report?format=html"


@pytest.fixture(scope="session")
def file(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report as somebody hands it to a colleague."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(httpx.get(address, timeout=PATIENCE_S).raise_for_status().content)
    return path


def stroke(page: Page) -> str:
    page.locator(FACE).scroll_into_view_if_needed()
    line = page.locator(SMILE).first
    line.wait_for(state="attached")
    return line.evaluate("line => getComputedStyle(line).stroke")


def rgb(colour: str) -> str:
    """`#0f766e` as a browser computes it."""
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def drawn(page: Page) -> int:
    return page.locator(DRAWN).count()


def test_figures_are_drawn_when_they_come_near(page: Page, address: str) -> None:
    page.goto(address)
    places = page.locator(PLOTS)
    assert places.count() > 0
    assert drawn(page) < places.count()
    for place in places.all():
        place.scroll_into_view_if_needed()
        place.locator(".main-svg").first.wait_for(state="attached")
    assert drawn(page) == places.count()
    shoot(page, "html-report")


def test_it_needs_no_server(new_page: NewPage, file: Path) -> None:
    page = new_page("about:blank", offline=True)
    page.goto(file.as_uri())
    assert stroke(page) == rgb(PALETTES["light"].accent)


def test_dark_screens_have_dark_figures_and_paper_light_ones(dark: Page, address: str) -> None:
    dark.goto(address)
    assert stroke(dark) == rgb(PALETTES["dark"].accent)
    shoot(dark, "html-report-dark")
    dark.emulate_media(color_scheme="dark", media="print")
    assert stroke(dark) == rgb(PALETTES["light"].accent)
    dark.emulate_media(color_scheme="dark", media="screen")
    assert stroke(dark) == rgb(PALETTES["dark"].accent)


def test_on_paper_all_figures_are_there_and_none_is_wider_than_the_page(
    page: Page, address: str
) -> None:
    page.set_viewport_size({"width": 690, "height": 1000})
    page.goto(address)
    page.emulate_media(media="print")
    # Those near the top of the screen are drawn in any case.
    page.locator(f"{PLOTS}:not(.js-plotly-plot)").first.wait_for(state="detached")
    assert drawn(page) == page.locator(PLOTS).count() > 1
    for svg in page.locator(f"{DRAWN} .main-svg").all():
        right = svg.evaluate("svg => svg.getBoundingClientRect().right")
        assert right <= 690
    shoot(page, "html-report-paper")


def test_on_a_phone_nothing_is_wider_than_the_screen(new_page: NewPage, file: Path) -> None:
    page = new_page("about:blank", **PHONE)
    page.goto(file.as_uri())
    stroke(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "html-report-phone")


@pytest.mark.expected_console("Content Security Policy")
def test_no_other_script_runs(new_page: NewPage, file: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.html"
    script = "<script>document.title = 'ran'</script></body>"
    changed.write_text(file.read_text().replace("</body>", script))
    page = new_page("about:blank")
    page.goto(changed.as_uri())
    stroke(page)
    assert page.title() != "ran"


def test_without_scripts_it_says_so_and_has_its_words(new_page: NewPage, file: Path) -> None:
    page = new_page("about:blank", java_script_enabled=False)
    page.goto(file.as_uri())
    # Playwright's selectors by text pass over this element.
    assert page.locator("noscript li").is_visible()
    assert not page.locator("figure").first.is_visible(), "no empty places"
    assert page.get_by_role("heading", name="Indicators").is_visible()
