"""Write the generated parts of docs/: `python -m docs.reference`.

`report.schema.json` is the JSON Schema of the report, `report.md` the same for people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evolvisense.report import Report

DOCS = Path(__file__).parent
INTRODUCTION = """# The report

What `evolvisense.analyze()` returns, `evolvisense analyze --json` writes and `POST /analyze-video/`
carries under `report`. Written by `make docs` from the code; the JSON Schema is
[report.schema.json](report.schema.json).

Times are seconds on the file's own clock, pixels are those of the upright picture. A list under a
table (`frames`, `timeline`) is a column; the columns of a table have one length. `null` is absence,
never zero and never neutral. The `v1` block alone follows the old service: there a frame without a
face is neutral with confidence 0.0.

The table that `--csv` writes has one row for each face and frame, with the columns of `frames` and
`timeline` and one column for each expression and, where the engine reads them, each facial action.
Columns that an engine for expressions alone cannot fill are empty. A frame in which nobody was
found has one row in which everything but its number and time is empty.

`--parquet` (`to_parquet`, needs `evolvisense[parquet]`) writes the same rows with types: whole
numbers are int64, `time_s` is float64, all other numbers are float32, and what is empty in the CSV
is null, except `uncertain` of a frame that may be read, which is the empty text. The metadata of
the file says where it comes from under keys that begin with `evolvisense.`: `schema_version`,
`producer_version`, `limits`, `media_sha256` where it is known, and as JSON `media`, `options`,
`models`, `warnings` and `withheld`.

`--html` (`to_html`) writes one page to read and print. Nothing is loaded from elsewhere: plotly's
JavaScript (5 MB) stands in the page, and its Content-Security-Policy lets only that and the script
that draws with it run. A curve has at most 1,200 points, each the mean of a stretch of time, so the
page is for people; programs read the JSON.

`--eaf` (`to_eaf`) and `--textgrid` (`to_textgrid`) write tiers of labelled stretches of time for
ELAN and Praat, in seconds from the first picture or sound on, as players show them: `speech` and
`pauses` (`long pause` above 1 s); of each person `seen`, `expression` (the likeliest one where it
may be read), `uncertain` (where it may not, and why), `smiles` (0.4 or more), `blinks` and
`speaking`. A label that begins with `cannot tell` says that something is not known there; where
there is no label, it was looked for and not found.

`--observations-only` (`observations_only`) withholds what infers an emotion: the probabilities of
expressions, the emotion heard in the voice, the features and indicators that stand on it, and the
whole `v1` block. These fields are null and `withheld` names them. What stays describes behaviour:
smile, blinks, speaking, head, facial actions, pitch, loudness, pauses, and the indicators made of
these alone.
"""


def schema_text() -> str:
    """The JSON Schema as it is stored."""
    return json.dumps(_schema(), indent=1) + "\n"


def page_text() -> str:
    """The page as it is stored."""
    schema = _schema()
    parts = [INTRODUCTION, _section("Report", schema)]
    parts += [_section(name, part) for name, part in schema["$defs"].items()]
    return "\n".join(parts)


def _schema() -> dict[str, Any]:
    return _without_titles(Report.model_json_schema(mode="serialization"))


def _without_titles(part: Any) -> Any:
    """The schema without the titles that pydantic makes of names, differently by Python version."""
    if isinstance(part, dict):
        return {
            key: _without_titles(value)
            for key, value in part.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(value) for value in part] if isinstance(part, list) else part


def _section(name: str, part: dict[str, Any]) -> str:
    rows = [
        f"## {name}",
        "",
        part.get("description", ""),
        "",
        "| field | type | meaning |",
        "|---|---|---|",
    ]
    for field, about in part["properties"].items():
        rows.append(f"| `{field}` | {_type(about)} | {about.get('description', '')} |")
    return "\n".join([*rows, ""])


def _type(about: dict[str, Any]) -> str:
    if "$ref" in about:
        name = about["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(_type(one) for one in about["anyOf"])
    if "const" in about:
        return f"`{about['const']}`"
    if "enum" in about:
        return " or ".join(f"`{value}`" for value in about["enum"])
    if about.get("type") == "array":
        return f"list of {_type(about['items'])}"
    if about.get("type") == "object":
        return f"emotion, action or stage to {_type(about['additionalProperties'])}"
    kind = about["type"]
    return " or ".join(kind) if isinstance(kind, list) else kind


def main() -> None:
    """Write both files."""
    (DOCS / "report.schema.json").write_text(schema_text(), encoding="utf-8")
    (DOCS / "report.md").write_text(page_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
