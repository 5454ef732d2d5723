"""What tests do with a part of the page that is in one of its named states."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def in_state(part: Locator, state: str) -> None:
    """Wait until it is."""
    part.and_(part.page.locator(f"[data-state={state}]")).wait_for()


def press(part: Locator, name: str) -> None:
    """A button of it."""
    part.get_by_role("button", name=name, exact=True).click()
