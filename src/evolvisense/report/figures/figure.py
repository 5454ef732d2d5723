"""What a figure is, and what can be chosen about it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from evolvisense.errors import InvalidOptionError

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
