"""Several figures below each other as one, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from evolvisense.report.figures.layout import MARGIN, axis_id, base_layout, row_title
from evolvisense.report.figures.style import PALETTES, Figure, Layout, Palette, Theme, Trace

HEADING_PX = 28
HEADING_FONT_PX = 16
FOOTER_CHARS, FOOTER_LINE_PX = 110, 15


def combine(
    figures: Sequence[Figure], theme: Theme = "light", footer: str = ""
) -> tuple[list[Trace], Layout]:
    """Traces and layout of the figures with their titles, and a text below them; those over time
    move together.
    """
    palette = PALETTES[theme]
    above_px = MARGIN["t"] + HEADING_PX
    heights_px = [_inner_px(figure) for figure in figures]
    whole_px = sum(heights_px) + (above_px + MARGIN["b"]) * (len(figures) - 1)
    layout: Layout = base_layout(palette) | {
        "paper_bgcolor": palette.card,
        "margin": {**MARGIN, "t": above_px, "autoexpand": False},
        "height": whole_px + above_px + MARGIN["b"],
        "hovermode": "x unified" if any(_is_over_time(f) for f in figures) else "closest",
        "showlegend": any("legend" in figure.layout for figure in figures),
        "annotations": list[Layout](),
    }
    traces: list[Trace] = []
    top_px = 0
    for figure, height_px in zip(figures, heights_px, strict=True):
        top, bottom = (1 - px / whole_px for px in (top_px, top_px + height_px))
        block = _Block(figure, layout, (bottom, top))
        layout |= block.layout(palette)
        traces += block.traces()
        top_px += height_px + above_px + MARGIN["b"]
    if footer:
        lines = wrap(footer, FOOTER_CHARS)
        layout["annotations"].append(_footer(lines, palette))
        for key, place in (("height", layout), ("b", layout["margin"])):
            place[key] += FOOTER_LINE_PX * (len(lines) + 1)
    return traces, layout


class _Block:
    """One figure between two heights of the paper, its axes numbered after those that are there."""

    def __init__(self, figure: Figure, there: Layout, place: tuple[float, float]) -> None:
        self.figure, self.there = figure, there
        self.bottom, self.top = place
        self.names: dict[str, str] = {}
        for letter in ("x", "y"):
            used = _count(there, f"{letter}axis")
            own = [key for key in figure.layout if key.startswith(f"{letter}axis")]
            for number, key in enumerate(own, start=used):
                self.names[key.replace("axis", "")] = axis_id(letter, number)
        self.legend = axis_id("legend", _count(there, "legend"))

    def layout(self, palette: Palette) -> Layout:
        """What the figure adds to the layout."""
        own = self.figure.layout
        found: Layout = {
            self.names[key.replace("axis", "")].replace(key[0], f"{key[0]}axis"): self._axis(
                key, value
            )
            for key, value in own.items()
            if key.startswith(("xaxis", "yaxis"))
        }
        if "legend" in own:
            found[self.legend] = own["legend"] | {"y": self._share(own["legend"]["y"])}
        heading = row_title(f"<b>{self.figure.title}</b>", self.top, palette) | {
            "yshift": MARGIN["t"],
            "font": {"size": HEADING_FONT_PX, "color": palette.text},
        }
        notes = [heading, *(self._note(note) for note in own.get("annotations", ()))]
        found["annotations"] = [*self.there["annotations"], *notes]
        return found

    def traces(self) -> list[Trace]:
        """The figure's traces on its new axes."""
        has_legend = "legend" in self.figure.layout
        found: list[Trace] = []
        for trace in self.figure.data:
            moved = trace | {key: self.names[trace.get(key, key[0])] for key in ("xaxis", "yaxis")}
            if has_legend:
                moved["legend"] = self.legend
            elif trace["type"] == "scatter":
                moved["showlegend"] = False
            if "colorbar" in trace:
                moved["colorbar"] = trace["colorbar"] | {"y": self._share(trace["colorbar"]["y"])}
            found.append(moved)
        return found

    def _axis(self, key: str, axis: Layout) -> Layout:
        moved = axis | {"anchor": self.names[axis.get("anchor", "y" if key[0] == "x" else "x")]}
        if key[0] == "y":
            moved["domain"] = [self._share(edge) for edge in axis.get("domain", (0, 1))]
        elif key == "xaxis" and self.names["x"] != "x" and _is_over_time(self.figure):
            first = next((k for k in _axes(self.there) if _is_time(self.there[k])), None)
            if first is not None:
                moved["matches"] = first.replace("axis", "")
        return moved

    def _note(self, note: Layout) -> Layout:
        moved = dict(note)
        for ref in ("xref", "yref"):
            if note[ref] != "paper":
                moved[ref] = self.names[note[ref]]
        if note["yref"] == "paper":
            moved["y"] = self._share(note["y"])
        return moved

    def _share(self, inside: float) -> float:
        return self.bottom + inside * (self.top - self.bottom)


def _footer(lines: Sequence[str], palette: Palette) -> Layout:
    return {
        "text": "<br>".join(lines),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": 0,
        "yref": "paper",
        "yanchor": "top",
        "yshift": -MARGIN["b"],
        "align": "left",
        "showarrow": False,
        "font": {"size": 11, "color": palette.muted},
    }


def _inner_px(figure: Figure) -> int:
    margin = figure.layout["margin"]
    return figure.height_px - margin["t"] - margin["b"]


def _axes(layout: Mapping[str, Any]) -> list[str]:
    return [key for key in layout if key.startswith("xaxis")]


def _count(layout: Mapping[str, Any], letters: str) -> int:
    return sum(key.startswith(letters) for key in layout)


def _is_time(axis: Layout) -> bool:
    return axis.get("ticksuffix") == " s"


def _is_over_time(figure: Figure) -> bool:
    return any(_is_time(figure.layout[key]) for key in _axes(figure.layout))
