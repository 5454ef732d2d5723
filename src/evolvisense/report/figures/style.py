"""What a figure is, its options, the colours of both themes, and scales of measures.

Every colour that carries a meaning stands out from the card behind it by 3:1 at least, text by
4.5:1 (WCAG 2.2, 1.4.11 and 1.4.3). No colour stands alone: lines differ in their dashes too, and
everything has a name on hover or beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from evolvisense.errors import InvalidOptionError
from evolvisense.report.words import FEATURE_NAMES, FEATURE_UNITS
from evolvisense.types.indicators import Feature
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


@dataclass(frozen=True)
class Scale:
    """A measure with its unit and the ends of its ruler: round numbers about what is usual, ours.
    They judge nothing.
    """

    label: str
    unit: str
    low: float
    high: float
    decimals: int


_ENDS: Mapping[Feature, tuple[float, float, int]] = {
    "f0_level_st": (-6, 24, 1),
    "f0_sd_st": (0, 8, 1),
    "f0_range_st": (0, 24, 1),
    "syllable_rate_hz": (0, 8, 1),
    "pause_share": (0, 1, 2),
    "pause_mean_log_s": (-2, 2, 2),
    "level_sd_db": (0, 15, 1),
    "level_range_db": (0, 40, 1),
    "voice_anger_or_fear": (0, 1, 2),
    "voice_fear": (0, 1, 2),
    "smile_share_silent": (0, 1, 2),
    "blinks_log_per_min": (0, 4.5, 2),
    "head_speed_log_deg_s": (0, 5, 2),
}

FEATURE_SCALES: Mapping[Feature, Scale] = {
    name: Scale(FEATURE_NAMES[name].capitalize(), FEATURE_UNITS[name], *ends)
    for name, ends in _ENDS.items()
}

VOICE_SCALES: Mapping[str, Scale] = {
    "f0_median_hz": Scale("Pitch, median (F0)", "Hz", 50, 400, 0),
    **{
        name: FEATURE_SCALES[name]
        for name in (
            "f0_sd_st",
            "f0_range_st",
            "syllable_rate_hz",
            "pause_share",
            "pause_mean_log_s",
            "level_sd_db",
            "level_range_db",
        )
    },
}
"""Fields of the voice's measures that two recordings are compared by."""


def widened(scale: Scale, values: Sequence[float]) -> tuple[float, float]:
    """The ends of the scale, moved out so far that the values are inside."""
    return min([scale.low, *values]), max([scale.high, *values])


def shown_unit(scale: Scale) -> str:
    """The unit beside a value; a range such as `0-1` is told by the ruler."""
    return "" if scale.unit.startswith("0-") else scale.unit


FigureName = Literal["expression", "behaviour", "actions", "voice", "voice_emotion", "indicators"]
FIGURES: tuple[FigureName, ...] = get_args(FigureName)
"""The figures of one report, in the order in which they are shown."""

OtherName = Literal["compared_indicators", "compared_expression", "compared_voice", "changes"]
"""Figures of two recordings, or of one against a personal baseline."""

Theme = Literal["light", "dark"]
EmotionsAs = Literal["lines", "areas"]

Trace = dict[str, Any]
"""A trace of plotly, ready for JSON."""
Layout = dict[str, Any]
"""A layout of plotly, or a part of one, ready for JSON."""

LEAST_POINTS = 2


@dataclass(frozen=True)
class FigureOptions:
    """What to draw. Raises InvalidOptionError for values outside their range."""

    person_id: int | None = None
    """None: the main person."""
    theme: Theme = "light"
    start_s: float = 0.0
    """Begin of the window, seconds from the beginning of the recording."""
    end_s: float | None = None
    """End of the window; None: the end of the recording."""
    points: int = 480
    """Most points of a trace inside the window; each is the mean of the samples around it."""
    actions: tuple[str, ...] = ()
    """Facial actions to draw; empty: the twelve that move most."""
    emotions_as: EmotionsAs = "lines"

    def __post_init__(self) -> None:
        for name, allowed in (("theme", Theme), ("emotions_as", EmotionsAs)):
            if getattr(self, name) not in get_args(allowed):
                raise InvalidOptionError(f"{name} is one of {', '.join(get_args(allowed))}")
        if self.points < LEAST_POINTS:
            raise InvalidOptionError(f"points must be at least {LEAST_POINTS}")
        end_s = math.inf if self.end_s is None else self.end_s
        if not 0 <= self.start_s < end_s:
            raise InvalidOptionError("a window begins at 0 s or later and ends after its begin")


@dataclass(frozen=True)
class Figure:
    """A figure in plotly's terms, with words for those who do not see it."""

    name: FigureName | OtherName
    title: str
    description: str
    """One sentence."""
    data: list[Trace]
    """Empty where there is nothing to draw."""
    layout: Layout
    height_px: int
    absent_reason: str | None = None
    """Why there is nothing to draw, in words."""

    def to_json(self) -> dict[str, Any]:
        """Its fields; every value has a place in JSON, None where a number is not known."""
        return asdict(self)
