"""What is answered with figures: of one analysis, and of two side by side."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class FigureShown(BaseModel):
    """A figure for plotly: `Plotly.newPlot(element, data, layout)`."""

    name: str
    title: str
    description: str = Field(description="One sentence, for those who do not see it.")
    data: list[dict[str, Any]] = Field(description="Traces; none where there is nothing to show.")
    layout: dict[str, Any]
    height_px: int
    absent_reason: str | None = Field(description="In words, why there is nothing to show.")


class Figures(BaseModel):
    """Figures of one analysis."""

    figures: list[FigureShown] = Field(description="In the order in which they were asked for.")
    start_s: float = Field(description="Begin of the window, seconds since the recording's own.")
    end_s: float = Field(description="End of the window.")


class ComparedValue(BaseModel):
    """One measure of two recordings. Whether they differ by more than chance is not said."""

    figure: str = Field(description="Name of the figure that shows it.")
    name: str = Field(description="Stable, for programs.")
    label: str = Field(description="For people.")
    unit: str
    first: float | None = Field(description="null where it cannot be told.")
    second: float | None
    first_interval: tuple[float, float] | None = Field(description="90 %, where there is one.")
    second_interval: tuple[float, float] | None
    note: str = Field(description="Whether the intervals overlap, or why a value is not there.")


class ComparisonWarning(BaseModel):
    """Why two analyses can be compared with care only, or not at all."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="For people.")


class Comparison(BaseModel):
    """Two analyses side by side."""

    figures: list[FigureShown]
    rows: list[ComparedValue]
    warnings: list[ComparisonWarning]
    limits: str = Field(description="What the numbers do not mean; to be shown beside them.")
