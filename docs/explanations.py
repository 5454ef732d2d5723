"""Write the words with which the page explains its numbers: `python -m docs.explanations`.

They are those of docs/indicators.md and of the report's schema, so that nothing is said twice.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from evolvisense.report import Report

INDICATORS = Path(__file__).parent / "indicators.md"
TARGET = Path(__file__).parent.parent / "src" / "evolvisense" / "web" / "explanations.json"

PASSAGES = {
    "rank": ("What they are", 0),
    "formula": ("From features to a score", 0),
    "symbols": ("From features to a score", 1),
    "contribution": ("From features to a score", 2),
    "coverage": ("Coverage", 0),
    "interval": ("Interval", 0),
    "reference": ("The reference set", 0),
    "baseline": ("A personal baseline", 0),
    "legacy": ("Validation", 2),
}
"""Heading and place of the paragraph under it, tables left out."""


def text() -> str:
    """The file as it is stored."""
    page = INDICATORS.read_text(encoding="utf-8")
    found = {
        "passages": {name: _passage(page, *place) for name, place in PASSAGES.items()},
        "indicators": {
            row[0]: {"describes": row[1], "does_not": row[2]} for row in _table(page, "indicator")
        },
        "features": {
            name: {"unit": row[1], "computed": row[2], "source": row[3]}
            for row in _table(page, "feature")
            for name in row[0].split(", ")
        },
        "fields": _fields(),
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _passage(page: str, heading: str, place: int) -> str:
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.M | re.S)
    if section is None:
        raise ValueError(f"docs/indicators.md has no heading '{heading}'")
    blocks = re.split(r"\n\s*\n", section[1].strip("\n"))
    paragraphs = [b for b in blocks if not b.lstrip().startswith(("|", "<!--"))]
    if len(paragraphs) <= place:
        raise ValueError(f"'{heading}' has {len(paragraphs)} paragraphs, wanted number {place + 1}")
    return _plain(paragraphs[place])


def _table(page: str, first_head: str) -> list[list[str]]:
    """Rows of the first table whose first column has that head."""
    table = re.search(rf"^\| {first_head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.M)
    if table is None:
        raise ValueError(f"docs/indicators.md has no table of '{first_head}'")
    return [[_plain(c) for c in line.strip("|").split("|")] for line in table[1].splitlines()]


def _plain(markdown: str) -> str:
    """Without marks; a formula keeps its lines."""
    if markdown.startswith("    "):
        return "\n".join(line.strip() for line in markdown.splitlines())
    unlinked = re.sub(r"\[([^]]+)\]\(([^)]*)\)", _link_text, markdown)
    unmarked = re.sub(r"[`]|(?<!\w)\*|\*(?!\w)", "", unlinked)
    return re.sub(r"\s+", " ", unmarked).strip()


def _link_text(link: re.Match[str]) -> str:
    """The text, with the file's name where it does not say it."""
    name = link[2].rpartition("/")[2]
    return link[1] if name in link[1] else f"{link[1]} ({name})"


def _fields() -> dict[str, str]:
    """`Part.field` to its description."""
    parts: dict[str, Any] = Report.model_json_schema(mode="serialization")["$defs"]
    return {
        f"{name}.{field}": value["description"]
        for name, part in parts.items()
        for field, value in part.get("properties", {}).items()
        if "description" in value
    }


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
