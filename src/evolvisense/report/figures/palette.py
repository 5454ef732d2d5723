"""Colours of the figures for both themes.

Every colour that carries a meaning stands out from the card behind it by 3:1 at least, text by
4.5:1 (WCAG 2.2, 1.4.11 and 1.4.3). No colour stands alone: lines differ in their dashes too, and
everything has a name on hover or beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evolvisense.report.figures.figure import Theme
from evolvisense.types.scores import Emotion


@dataclass(frozen=True)
class Palette:
    """Colours as CSS writes them."""

    card: str
    """What figures are drawn on; they are transparent themselves."""
    text: str
    muted: str
    line: str
    accent: str
    second: str
    """Beside `accent`: the second of two recordings, head pitch."""
    third: str
    speech: str
    """Shade of speech."""
    unread: str
    """Shade of what was not read or should not be."""
    heat: tuple[str, str, str]
    """Of 0, 0.3 and 1."""
    emotions: Mapping[Emotion, str]


PALETTES: Mapping[Theme, Palette] = {
    "light": Palette(
        card="#ffffff",
        text="#1a2524",
        muted="#52615f",
        line="#d9e0dd",
        accent="#0f6e66",
        second="#7a4fbf",
        third="#b5601d",
        speech="rgba(15, 118, 110, 0.13)",
        unread="rgba(86, 102, 100, 0.14)",
        heat=("#edf2f0", "#6cb8ae", "#063f3a"),
        emotions={
            "angry": "#c8384a",
            "disgust": "#43791f",
            "fear": "#8550b5",
            "happy": "#946200",
            "sad": "#2b76c2",
            "surprise": "#b84f1d",
            "neutral": "#687573",
        },
    ),
    "dark": Palette(
        card="#18201e",
        text="#e4ebe9",
        muted="#a3b3af",
        line="#2c3835",
        accent="#55d3c3",
        second="#bd9cf2",
        third="#f0a55f",
        speech="rgba(79, 209, 193, 0.16)",
        unread="rgba(159, 176, 172, 0.15)",
        heat=("#232d2b", "#2b8b80", "#b4fff5"),
        emotions={
            "angry": "#f0717f",
            "disgust": "#8cc968",
            "fear": "#bd93e6",
            "happy": "#efc14a",
            "sad": "#6db0f0",
            "surprise": "#f2915c",
            "neutral": "#9aa8a5",
        },
    ),
}

STACK: tuple[Emotion, ...] = ("happy", "surprise", "neutral", "sad", "fear", "angry", "disgust")
"""Order of the expressions in every figure; from the bottom up where they are stacked."""

DASHES: Mapping[Emotion, str] = {
    "happy": "solid",
    "surprise": "8px 3px",
    "neutral": "2px 2px",
    "sad": "14px 4px",
    "fear": "8px 3px 2px 3px",
    "angry": "4px 3px",
    "disgust": "14px 3px 2px 3px 2px 3px",
}
"""Dashes of the expressions' lines, as SVG writes them."""
