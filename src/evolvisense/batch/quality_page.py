"""The quality-control page of a batch: one HTML file without scripts that loads nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

from evolvisense.atomic_file import atomic_write
from evolvisense.batch.inputs import InputFile
from evolvisense.batch.quality import CHECKS, Check, FileQuality, Row, duplicates, file_qualities
from evolvisense.batch.staging import storing
from evolvisense.batch.thumbnails import thumbnails
from evolvisense.errors import InvalidOptionError
from evolvisense.report import LIMITS_NOTICE
from evolvisense.report.html.markup import NONE, Markup, element, section, table

PAGE = "qc.html"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
table { border-collapse: collapse; font-size: 14px; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left; }
thead th { vertical-align: bottom; }
.scroll { overflow-x: auto; }
.bad { background: #b7791f33; font-weight: 600; }
.muted { opacity: .75; }
img { display: block; width: 120px; }
svg { max-width: 100%; }
"""
PLOT_WIDTH, PLOT_HEIGHT = 600, 28


def write_quality_page(out: Path, files: Sequence[InputFile], *, blur: bool = False) -> Path:
    """Write `qc.html` beside the data set: what to look at before the numbers are trusted.

    Args:
        out: folder of a finished batch.
        files: that were analysed, for their images.
        blur: make people in the images unrecognisable.

    Returns:
        Path of the page.

    Raises:
        InvalidOptionError: there is no data set.
        StorageError: the page cannot be written.
    """
    if not (out / "failures").is_dir():
        raise InvalidOptionError(f"{out} holds no finished batch")
    rows, failures = _rows(out / "summary"), _rows(out / "failures")
    analysed = {str(row["file"]) for row in rows}
    images = thumbnails([file for file in files if file.name in analysed], blur=blur)
    page = quality_page(rows, failures, images)
    with storing(), atomic_write(out / PAGE) as file:
        file.write(page.encode())
    return out / PAGE


def quality_page(rows: Sequence[Row], failures: Sequence[Row], images: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        rows: of the table `summary`.
        failures: of the table `failures`.
        images: name of a file -> JPEG.
    """
    found = file_qualities(rows)
    flagged = [file for file in found if file.flags]
    page = element(
        "html",
        element(
            "head",
            Markup('<meta charset="utf-8">'),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'),
            Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Markup('<meta name="color-scheme" content="light dark">'),
            element("title", "Quality of the recordings"),
            element("style", Markup(STYLE)),
        ),
        element(
            "body",
            element("h1", "Quality of the recordings"),
            element("p", _headline(found, flagged, failures)),
            _flagged(flagged, images),
            _spread(found),
            _failures(failures),
            _duplicates(rows),
            _all(found, images),
            _limits(),
            element("p", LIMITS_NOTICE, class_="muted"),
        ),
        lang="en",
    )
    return f"<!doctype html>{page}"


def _headline(
    found: Sequence[FileQuality], flagged: Sequence[FileQuality], failures: Sequence[Row]
) -> str:
    return (
        f"{len(found)} files analysed, {len(flagged)} of them to look at; {len(failures)} could "
        "not be analysed."
    )


def _flagged(flagged: Sequence[FileQuality], images: Mapping[str, bytes]) -> Markup:
    if not flagged:
        return section("To look at", element("p", "No file stands out."))
    rows = ((file.name, _image(file, images), "; ".join(file.flags)) for file in flagged)
    return section("To look at", table(("file", "image", "why"), rows))


def _all(found: Sequence[FileQuality], images: Mapping[str, bytes]) -> Markup:
    head = ("file", "image", "duration", "people", *(check.title for check in CHECKS))
    rows = (
        (
            file.name,
            _image(file, images),
            f"{file.row['duration_s']:.0f} s",
            str(file.row["people"]),
            *(_value(check, file.row) for check in CHECKS),
        )
        for file in found
    )
    return section("All files", table(head, rows))


def _value(check: Check, row: Row) -> Markup:
    value = row.get(check.column)
    if value is None:
        return element("span", NONE)
    return element("span", _shown(check, value), class_="bad" if check.fails(row) else None)


def _shown(check: Check, value: float) -> str:
    if check.unit == "%":
        return f"{100 * value:.0f} %"
    return f"{value:.1f} {check.unit}".rstrip()


def _spread(found: Sequence[FileQuality]) -> Markup:
    rows = [(check.title, *_plot(check, [file.row for file in found])) for check in CHECKS]
    head = ("measure", "lowest", "each file is a line; the limit is dashed", "highest")
    return section("Spread", table(head, rows))


def _plot(check: Check, rows: Sequence[Row]) -> tuple[str, str, str]:
    values = [float(row[check.column]) for row in rows if row.get(check.column) is not None]
    if not values:
        return NONE, "no file has a value", NONE
    low, high = min(*values, check.limit), max(*values, check.limit)
    scale = (PLOT_WIDTH - 4) / ((high - low) or 1.0)

    def line(value: float, more: str) -> str:
        x = 2 + (value - low) * scale
        return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="4" y2="{PLOT_HEIGHT - 4}" {more}/>'

    lines = [line(value, 'stroke="currentColor" stroke-opacity=".35"') for value in values]
    lines.append(line(check.limit, 'stroke="#b7791f" stroke-width="2" stroke-dasharray="4 3"'))
    plot = (
        f'<svg width="{PLOT_WIDTH}" height="{PLOT_HEIGHT}" role="img" '
        f'aria-label="{escape(check.title)}">{"".join(lines)}</svg>'
    )
    return _shown(check, min(values)), Markup(plot), _shown(check, max(values))


def _failures(failures: Sequence[Row]) -> Markup:
    if not failures:
        return section("Failures", element("p", "Every file could be analysed."))
    rows = ((str(row["file"]), str(row["code"]), str(row["detail"])) for row in failures)
    return section("Failures", table(("file", "code", "why"), rows))


def _duplicates(rows: Sequence[Row]) -> Markup:
    groups = duplicates(rows)
    if not groups:
        return section("Same content", element("p", "No two files have the same content."))
    items = (element("li", ", ".join(names)) for names in groups)
    return section("Same content", element("ul", *items))


def _limits() -> Markup:
    items = (
        element(
            "li",
            f"{check.flag}: {check.title.lower()} {'under' if check.is_least else 'over'} "
            f"{_shown(check, check.limit)}",
        )
        for check in CHECKS
    )
    return section(
        "Limits",
        element("ul", *items),
        element(
            "p",
            "Unusual: modified z-score over 3.5 among the files of this batch (Iglewicz & Hoaglin "
            "1993), from eight files on. Unusual is not wrong.",
        ),
    )


def _image(file: FileQuality, images: Mapping[str, bytes]) -> Markup:
    data = images.get(file.name)
    if data is None:
        return element("span", NONE)
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return Markup(f'<img alt="{escape(file.name)}" src="{source}">')


def _rows(folder: Path) -> list[Row]:
    parquet: Any = import_module("pyarrow.parquet")
    parts: Iterable[Path] = sorted(folder.glob("*.parquet"))
    return [row for path in parts for row in parquet.read_table(path).to_pylist()]
