"""The page on a phone, 390 pixels wide: nothing beside the screen, every control under a finger."""

from __future__ import annotations

import pytest

from tests.factory.browser import PHONE, shoot
from tests.page.conftest import NewPage
from tests.page.states import ALL_STATES, Around, State, reached

pytestmark = pytest.mark.states

WIDTH_PX = PHONE["viewport"]["width"]
TARGET_PX = 24
"""Least side of a control (WCAG 2.2, 2.5.8)."""

BESIDE = """(width) => {
  const wide = document.documentElement.scrollWidth;
  const scrolls = (node) => {
    for (let at = node; at; at = at.parentElement)
      if (/(auto|scroll)/.test(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const beyond = [...document.querySelectorAll("body *")]
    .filter((node) => node.checkVisibility() && node.getBoundingClientRect().right > width + 1)
    .filter((node) => !scrolls(node) && !node.closest("svg, .visually-hidden"))
    .map((node) => `${node.tagName} ${node.id || node.className}`);
  return { wide, beyond: wide > width ? beyond.slice(0, 8) : [] };
}"""

CONTROLS = """([least, width]) => {
  const within = document.querySelector("dialog[open]") ?? document;
  const seen = [...within.querySelectorAll(
    "button, summary, select, input:not([type=hidden]), a.button, label.button, [role=tab]")]
    .filter((node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((node) => !node.closest(".visually-hidden, .modebar, .skip"));
  return seen.flatMap((node) => {
    const label = node.closest("label") ?? node;
    const box = (/^(checkbox|radio|file)$/.test(node.type ?? "") ? label : node)
      .getBoundingClientRect();
    const name = `${node.tagName} ${node.id || node.textContent?.trim().slice(0, 30)}`;
    const problems = [];
    if (box.width < least || box.height < least)
      problems.push(`${name}: ${Math.round(box.width)} x ${Math.round(box.height)} px`);
    if (box.left < -1 || box.right > width + 1) {
      const scroller = node.closest(".scroll, [role=tablist], .tabs");
      if (!scroller) problems.push(`${name}: ${Math.round(box.left)}-${Math.round(box.right)}`);
    }
    return problems;
  });
}"""


@pytest.mark.parametrize("state", ALL_STATES)
def test_all_of_it_fits_and_can_be_touched(
    request: pytest.FixtureRequest, new_page: NewPage, state: State
) -> None:
    around = Around(lambda url: new_page(url, **PHONE), request.getfixturevalue)
    with reached(state, around) as page:
        shoot(page, f"phone-{state.name}")
        found = page.evaluate(BESIDE, WIDTH_PX)
        awkward = page.evaluate(CONTROLS, [TARGET_PX, WIDTH_PX])
    assert found["wide"] <= WIDTH_PX, found["beyond"]
    assert awkward == []
