"""Figures of a report as plotly's JSON: built once here, drawn by the page, the HTML report and
notebooks. Nothing here imports plotly.
"""

from evolvisense.report.figures.build import figure_of, figures_of
from evolvisense.report.figures.combine import combine
from evolvisense.report.figures.comparison import (
    ComparisonRow,
    changes_of,
    comparison_of,
    comparison_rows,
)
from evolvisense.report.figures.layout import MARGIN
from evolvisense.report.figures.style import (
    FIGURES,
    EmotionsAs,
    Figure,
    FigureName,
    FigureOptions,
    Theme,
)

__all__ = [
    "FIGURES",
    "MARGIN",
    "ComparisonRow",
    "EmotionsAs",
    "Figure",
    "FigureName",
    "FigureOptions",
    "Theme",
    "changes_of",
    "combine",
    "comparison_of",
    "comparison_rows",
    "figure_of",
    "figures_of",
]
