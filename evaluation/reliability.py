"""Reliability diagram and confusion matrix: as plotly figures, and as SVG text for a page in git.

The diagram shows the accuracy of each bin of confidence (Guo et al. 2017, arXiv:1706.04599): on the
diagonal an engine is as sure as it is right, below it claims too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import plotly.graph_objects as _graph_objects

from evaluation import svg
from evaluation.metrics import ReliabilityBins, expected_calibration_error
from evolvisense.types.arrays import F64, I64

# Plotly's types are partial.
go = cast("Any", _graph_objects)

BLUE = (31, 97, 165)
BLUE_CSS = f"rgb{BLUE}".replace(" ", "")
CONFIDENCE, ACCURACY = "confidence", "accuracy"
LABEL, ANSWER = "label", "answer"
PLOT_PX, CELL_PX = 300, 52
DARK_SHARE = 0.75
"""Above it the shade of a cell needs white figures."""
TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


def calibration_text(bins: ReliabilityBins) -> str:
    """ECE and number of answers."""
    return f"ECE {expected_calibration_error(bins):.3f}, n = {bins.count.sum()}"


def reliability_figure(bins: ReliabilityBins, name: str) -> Any:
    """plotly Figure: bars of accuracy and the diagonal; count and mean confidence on hover."""
    figure = go.Figure()
    figure.add_bar(
        x=(bins.edges[:-1] + bins.edges[1:]) / 2,
        y=bins.accuracy,
        width=np.diff(bins.edges),
        customdata=np.stack([bins.count, bins.confidence], axis=1),
        hovertemplate="accuracy %{y:.3f}<br>mean confidence %{customdata[1]:.3f}"
        "<br>%{customdata[0]} answers<extra></extra>",
        marker={"color": BLUE_CSS, "line": {"color": "white", "width": 1}},
    )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", hoverinfo="skip", line={"color": "grey", "dash": "dash"}
    )
    unit = {"range": [0, 1], "constrain": "domain"}
    return figure.update_layout(
        title=f"{name}: {calibration_text(bins)}",
        xaxis={"title": CONFIDENCE, **unit},
        yaxis={"title": ACCURACY, "scaleanchor": "x", **unit},
        showlegend=False,
        template="plotly_white",
    )


def confusion_figure(confusion: I64, labels: Sequence[str], name: str) -> Any:
    """plotly Figure: counts (C, C) or (C, C + 1), coloured by their share of the row."""
    figure = go.Figure(
        go.Heatmap(
            z=_row_shares(confusion),
            x=_answers(confusion, labels),
            y=list(labels),
            text=_shown(confusion),
            texttemplate="%{text}",
            colorscale=[[0, "white"], [1, BLUE_CSS]],
            zmin=0,
            zmax=1,
            hovertemplate="%{y} answered as %{x}: %{text} (%{z:.0%})<extra></extra>",
        )
    )
    return figure.update_layout(
        title=name,
        xaxis={"title": ANSWER},
        yaxis={"title": LABEL, "autorange": "reversed"},
        template="plotly_white",
    )


def to_svg(bins: ReliabilityBins, name: str) -> str:
    """The reliability diagram as an SVG text of a few kB."""
    left, top = 50.0, 50.0
    bottom, right = top + PLOT_PX, left + PLOT_PX
    middle = (left + right) / 2
    elements = [
        svg.text(middle, 18, name, bold=True),
        svg.text(middle, 36, calibration_text(bins)),
    ]
    for low, high, accuracy in zip(bins.edges[:-1], bins.edges[1:], bins.accuracy, strict=True):
        if accuracy > 0:
            x, height = left + low * PLOT_PX, accuracy * PLOT_PX
            width = (high - low) * PLOT_PX - 1
            elements.append(svg.rect(x + 0.5, bottom - height, width, height, BLUE_CSS))
    elements += [
        svg.line((left, bottom), (right, bottom)),
        svg.line((left, bottom), (left, top)),
        svg.line((left, bottom), (right, top), dashed=True),
        svg.text(middle, bottom + 36, CONFIDENCE),
        svg.text(16, (top + bottom) / 2, ACCURACY, upright=True),
    ]
    for tick in TICKS:
        elements.append(svg.text(left + tick * PLOT_PX, bottom + 18, f"{tick:g}"))
        elements.append(svg.text(left - 8, bottom - tick * PLOT_PX + 4, f"{tick:g}", anchor="end"))
    return svg.document(right + 20, bottom + 46, f"{name}: {calibration_text(bins)}", elements)


def confusion_to_svg(confusion: I64, labels: Sequence[str], name: str) -> str:
    """The confusion matrix (C, C) or (C, C + 1) as an SVG text: counts, shaded by row."""
    left, top = 96.0, 68.0
    counts, shares = _shown(confusion), _row_shares(confusion)
    rows, columns = counts.shape
    elements = [
        svg.text(left + columns * CELL_PX / 2, 18, name, bold=True),
        svg.text(left + columns * CELL_PX / 2, 40, ANSWER),
        svg.text(16, top + rows * CELL_PX / 2, LABEL, upright=True),
    ]
    for column, answer in enumerate(_answers(confusion, labels)):
        elements.append(svg.text(left + (column + 0.5) * CELL_PX, top - 8, answer))
    for row, label in enumerate(labels):
        y = top + (row + 0.5) * CELL_PX
        elements.append(svg.text(left - 8, y + 4, label, anchor="end"))
        for column in range(columns):
            share = float(shares[row, column])
            x = left + (column + 0.5) * CELL_PX
            corner = (x - CELL_PX / 2, y - CELL_PX / 2)
            elements.append(svg.rect(*corner, CELL_PX, CELL_PX, _shade(share)))
            ink = svg.PAPER if share > DARK_SHARE else svg.INK
            elements.append(svg.text(x, y + 4, str(counts[row, column]), fill=ink))
    width, height = left + columns * CELL_PX + 20, top + rows * CELL_PX + 20
    return svg.document(width, height, f"{name}: {LABEL} and {ANSWER}", elements)


def _shown(confusion: I64) -> I64:
    """Without the column of missing answers where there are none."""
    square = confusion[:, : len(confusion)]
    return confusion if confusion[:, len(confusion) :].any() else square


def _answers(confusion: I64, labels: Sequence[str]) -> list[str]:
    has_missing = _shown(confusion).shape[1] > len(labels)
    return [*labels, "no face"] if has_missing else list(labels)


def _row_shares(confusion: I64) -> F64:
    """Share of each cell in its row, 0 in a row without counts."""
    counts = _shown(confusion)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _shade(share: float) -> str:
    """White at 0, BLUE at 1."""
    red, green, blue = (round(255 + share * (channel - 255)) for channel in BLUE)
    return f"#{red:02x}{green:02x}{blue:02x}"
