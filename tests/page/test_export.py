"""Files that the result view saves."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.page.results import open_result, wait_for_plot

if TYPE_CHECKING:
    from playwright.sync_api import Page

PNG = b"\x89PNG\r\n\x1a\n"
WIDTH_PX = 2400


def saved(page: Page, press: Callable[[], None]) -> tuple[str, bytes]:
    """Name and content of the file that a press saves."""
    with page.expect_download() as download:
        press()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_report_is_saved_in_every_format(page: Page, analysed: str) -> None:
    open_result(page, analysed)
    files: dict[str, bytes] = {}
    for name in ("json", "csv", "parquet", "html", "eaf", "textgrid"):
        page.click("#export-menu summary")
        file_name, data = saved(page, lambda name=name: page.click(f"[data-format={name}]"))
        assert file_name.lower().endswith(f".{name}")
        files[name] = data
        page.keyboard.press("Escape")
    report = json.loads(files["json"])
    rows = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    assert len(rows) >= len(report["frames"]["number"])
    assert files["parquet"][:4] == b"PAR1"
    assert files["html"].lower().startswith(b"<!doctype html>")
    assert ElementTree.fromstring(files["eaf"]).tag == "ANNOTATION_DOCUMENT"
    assert files["textgrid"].startswith(b'File type = "ooTextFile"')


@pytest.mark.parametrize("name", ["expression", "indicators"])
def test_a_plot_is_saved_as_png(page: Page, analysed: str, name: str) -> None:
    open_result(page, analysed)
    wait_for_plot(page, name)
    file_name, data = saved(page, lambda: page.click(f"[data-figure={name}] .plot-head button"))
    assert file_name.endswith(f"-{name}.png")
    assert data.startswith(PNG)
    assert int.from_bytes(data[16:20], "big") == WIDTH_PX
