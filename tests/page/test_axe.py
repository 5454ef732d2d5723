"""axe-core on every state of the page, light on a desktop and dark on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.factory.browser import DESKTOP, PHONE, shoot
from tests.page.conftest import NewPage
from tests.page.states import ALL_STATES, Around, State, reached

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.states

GRAVE = ("serious", "critical")
LOOKS = {
    ("light", "desktop"): DESKTOP["viewport"],
    ("dark", "phone"): PHONE["viewport"],
}
"""Each scheme and each size once: contrast depends on the one, layout on the other."""
SETTLED_MS = 500
"""Figures are drawn anew in the other colours."""


@pytest.mark.parametrize("state", ALL_STATES)
def test_no_serious_finding(
    request: pytest.FixtureRequest, new_page: NewPage, state: State
) -> None:
    found: list[str] = []
    with reached(state, Around(new_page, request.getfixturevalue)) as page:
        for (scheme, size), viewport in LOOKS.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size(viewport)
            page.wait_for_timeout(SETTLED_MS)
            shoot(page, f"axe-{state.name}-{scheme}-{size}")
            found += [f"{scheme}, {size}: {text}" for text in _grave(page)]
    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.goto("/")
    page.locator("#start").wait_for()
    page.evaluate("document.getElementById('main').append(document.createElement('select'))")
    assert any("select-name" in text for text in _grave(page))


def _grave(page: Page) -> list[str]:
    """Serious and critical findings, with the places that they are about."""
    response: dict[str, Any] = Axe().run(page).response
    return [
        f"{one['id']} ({one['impact']}): {_place(node)}"
        for one in response["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def _place(node: dict[str, Any]) -> str:
    why = node["failureSummary"].splitlines()[-1].strip()
    return f"{' '.join(map(str, node['target']))} {why}"
