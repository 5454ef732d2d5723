"""The few SVG elements that a static figure needs; every function returns text."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

INK, PAPER = "#1a1a1a", "#ffffff"


def document(width_px: float, height_px: float, title: str, elements: Iterable[str]) -> str:
    """A picture on white, so that it can be read on dark pages too; `title` for screen readers."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px:g} {height_px:g}" '
        f'width="{width_px:g}" height="{height_px:g}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="{INK}">'
    )
    background = rect(0, 0, width_px, height_px, PAPER)
    lines = [head, f"<title>{escape(title)}</title>", background, *elements, "</svg>"]
    return "\n".join(lines) + "\n"


def rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle; x, y: top left corner in px."""
    return (
        f'<rect x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}" '
        f'fill="{fill}"/>'
    )


def line(start: tuple[float, float], end: tuple[float, float], *, dashed: bool = False) -> str:
    """A straight line between two points in px."""
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    return (
        f'<line x1="{_px(start[0])}" y1="{_px(start[1])}" '
        f'x2="{_px(end[0])}" y2="{_px(end[1])}" stroke="{INK}"{dashes}/>'
    )


def text(
    x: float,
    y: float,
    content: str,
    *,
    anchor: str = "middle",
    fill: str = INK,
    bold: bool = False,
    upright: bool = False,
) -> str:
    """Text on a base line at y; `upright` turns it to read from bottom to top."""
    extra = ' font-weight="bold"' if bold else ""
    if upright:
        extra += f' transform="rotate(-90 {_px(x)} {_px(y)})"'
    return (
        f'<text x="{_px(x)}" y="{_px(y)}" text-anchor="{anchor}" fill="{fill}"{extra}>'
        f"{escape(content)}</text>"
    )


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
