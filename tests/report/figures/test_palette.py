"""Colours of figures: seen, and those of the page around them."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from evolvisense.report.figures.style import PALETTES, Theme

COLOUR = r"#[0-9a-f]{6}|rgba\([^)]*\)"
SHARED = ("card", "text", "muted", "line", "accent", "speech", "unread")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_stand_out_from_the_card(theme: Theme) -> None:
    palette = PALETTES[theme]
    for colour in (palette.text, palette.muted, palette.accent, palette.second):
        assert contrast(colour, palette.card) >= 4.5
    for name, colour in palette.emotions.items():  # the page writes their names in them
        assert contrast(colour, palette.card) >= 4.5, name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_has_the_same_colours(theme: Theme) -> None:
    css = (files("evolvisense") / "web/css/base.css").read_text("utf-8")
    pairs = re.findall(rf"--([a-z-]+): light-dark\(({COLOUR}), ({COLOUR})\)", css)
    page = {name: dark if theme == "dark" else light for name, light, dark in pairs}
    palette = PALETTES[theme]
    for name in SHARED:
        assert page[name] == getattr(palette, name), name
    for emotion, colour in palette.emotions.items():
        assert page[emotion] == colour, emotion


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: contrast ratio of two colours `#rrggbb`."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    shares = [int(pair, 16) / 255 for pair in re.findall("[0-9a-f]{2}", colour)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
