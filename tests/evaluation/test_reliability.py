"""Figures as plotly and as SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from evaluation.metrics import ReliabilityBins, confusion_matrix, reliability_bins
from evaluation.reliability import (
    confusion_figure,
    confusion_to_svg,
    reliability_figure,
    to_svg,
)
from evolvisense.types.scores import EMOTIONS

SVG = "{http://www.w3.org/2000/svg}"
LARGEST_BYTES = 20_000
BLUE = "rgb(31,97,165)"


@pytest.fixture
def bins(rng: np.random.Generator) -> ReliabilityBins:
    confidence = rng.uniform(0.2, 1, 500)
    return reliability_bins(confidence, rng.uniform(size=500) < confidence)


@pytest.fixture
def confusion(rng: np.random.Generator) -> np.ndarray:
    return confusion_matrix(rng.integers(0, 7, 500), rng.integers(0, 7, 500), 7)


def elements(text: str) -> ElementTree.Element:
    assert len(text.encode()) < LARGEST_BYTES
    root = ElementTree.fromstring(text)
    background = root.find(f"{SVG}rect")
    assert background is not None
    assert background.get("fill") == "#ffffff"
    assert background.get("width") == root.get("width")
    return root


def texts(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


def test_diagram_has_a_bar_for_each_filled_bin(bins: ReliabilityBins) -> None:
    root = elements(to_svg(bins, "an <engine> & co"))
    bars = [each for each in root.iter(f"{SVG}rect") if each.get("fill") == BLUE]
    filled = np.flatnonzero(bins.count)
    assert len(bars) == len(filled)
    tallest = max(float(bar.get("height", 0)) for bar in bars)
    assert tallest == pytest.approx(300 * np.nanmax(bins.accuracy), abs=0.1)
    assert "an <engine> & co" in texts(root)
    assert any(text.startswith("ECE 0.") and text.endswith("n = 500") for text in texts(root))
    assert sum(each.get("stroke-dasharray") is not None for each in root) == 1, "the diagonal"


def test_heatmap_has_every_count(confusion: np.ndarray) -> None:
    root = elements(confusion_to_svg(confusion, EMOTIONS, "an engine"))
    shown = [text for text in texts(root) if text.isdigit()]
    assert shown == [str(count) for count in confusion[:, :7].ravel()]
    assert "no face" not in texts(root)


def test_missing_answers_have_a_column(confusion: np.ndarray) -> None:
    confusion[2, 7] = 5
    root = elements(confusion_to_svg(confusion, EMOTIONS, "an engine"))
    assert "no face" in texts(root)
    assert len([text for text in texts(root) if text.isdigit()]) == 56
    assert confusion_figure(confusion, EMOTIONS, "an engine").data[0].x[-1] == "no face"


def test_full_cells_are_dark_with_white_figures() -> None:
    text = confusion_to_svg(np.diag([9, 9]), ["a", "b"], "perfect")
    assert text.count('fill="#1f61a5"') == 2
    assert text.count('fill="#ffffff">9<') == 2


def test_plotly_figures_show_the_same(bins: ReliabilityBins, confusion: np.ndarray) -> None:
    diagram = reliability_figure(bins, "an engine")
    np.testing.assert_allclose(diagram.data[0].y, bins.accuracy)
    assert diagram.layout.title.text.startswith("an engine: ECE 0.")
    heatmap = confusion_figure(confusion, EMOTIONS, "an engine")
    np.testing.assert_array_equal(heatmap.data[0].text, confusion[:, :7])
    for figure in (diagram, heatmap):
        assert figure.to_json()
