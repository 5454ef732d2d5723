"""What stands in the files of the page; what it does is tested in tests/page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from evolvisense.report.html import plotly_path
from evolvisense.report.parts import VoiceAbsentReason
from evolvisense.service.http.pages import INCLUDE, PLOTLY, WEB
from evolvisense.types.behaviour import UNCERTAINTIES, AbsentReason
from evolvisense.types.indicators import FEATURES, INDICATORS, Language, MissingReason
from tests.service.http.conftest import Running

SCRIPTS = sorted((WEB / "js").rglob("*.js"))
MEDIA = (".webm", ".webp")
TEXTS = [
    path
    for path in sorted(WEB.rglob("*"))
    if path.is_file() and path.suffix not in MEDIA and path.parent.name != "vendor"
]
PLOTLY_VERSION = re.compile(r"plotly\.js (?:\(cartesian - minified\) )?v([\d.]+)")
IMPORT = re.compile(r'^import \{([^}]+)\} from "(\.[^"]+)";', re.MULTILINE)
WORDS = "js/shared/words.js"
SCORES = "js/result/scores.js"


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) > 10


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_files_name_no_other_server(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    text = re.sub(r"^//.*$", "", text, flags=re.MULTILINE)  # a comment loads nothing
    assert not re.search(r"(?:https?:)?//\w+\.\w", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_what_is_there_and_what_they_use(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for names, file in IMPORT.findall(text):
        exported = (path.parent / file).read_text(encoding="utf-8")
        for name in filter(None, (one.strip() for one in names.split(","))):
            original, _, local = name.partition(" as ")
            pattern = (
                rf"^export (?:async )?(?:function\*?|class|const|let) {re.escape(original)}(?!\w)"
            )
            assert re.search(pattern, exported, re.MULTILINE), f"{file} has no {original}"
            used = re.findall(rf"(?<!\w)(?<![^.]\.){re.escape(local or original)}(?!\w)", text)
            assert len(used) > 1, f"{name} is not used"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_look_for_elements_that_are_there(path: Path) -> None:
    page = INCLUDE.sub(
        lambda found: (WEB / found[1]).read_text("utf-8"), (WEB / "index.html").read_text("utf-8")
    )
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "an id stands twice"
    if path.name != "reference.js":
        assert set(re.findall(r'\$\("([^"]+)"\)', path.read_text("utf-8"))) <= set(ids)


def test_the_page_looks_at_every_picture_unless_told_otherwise(server: Running) -> None:
    (choice,) = re.findall(
        r'<select id="frame-skip".*?</select>', server.client.get("/").text, re.S
    )
    assert re.findall(r'<option value="(\d+)" selected>', choice) == ["1"]


def test_the_page_offers_every_language_of_the_reference_sets(server: Running) -> None:
    (choice,) = re.findall(r'<select id="language".*?</select>', server.client.get("/").text, re.S)
    assert set(re.findall(r'value="(\w+)"', choice)) == set(get_args(Language))


def test_limits_stand_once_above_the_scores_and_v1_after_them(server: Running) -> None:
    text = server.client.get("/").text
    assert text.count('id="limits"') == 1
    assert text.index('id="limits"') < text.index('id="answer-tiles"') < text.index('id="scores"')
    assert "not a measurement of a person" in re.sub(r"\s+", " ", text)
    (methods,) = re.findall(r'<div id="panel-about".*', text, re.DOTALL)
    assert 'id="legacy"' in methods


def test_every_indicator_has_words_on_the_page() -> None:
    words = (WEB / SCORES).read_text(encoding="utf-8")
    for name in INDICATORS:
        assert re.search(rf'^  {name}: \["', words, re.MULTILINE), name


def test_every_code_of_the_report_has_words_on_the_page() -> None:
    words = (WEB / WORDS).read_text(encoding="utf-8")
    codes = {
        *UNCERTAINTIES,
        *get_args(AbsentReason),
        *get_args(VoiceAbsentReason),
        *FEATURES,
        *get_args(MissingReason),
    } - {""}
    for code in codes:
        assert re.search(rf'^  {code}: "', words, re.MULTILINE), code


def test_the_plots_of_the_page_are_drawn_by_the_plotly_of_the_reports() -> None:
    # After an update of the package: src/evolvisense/web/vendor/README.md.
    heads = [path.read_text("utf-8")[:200] for path in (PLOTLY, plotly_path())]
    ours, theirs = (PLOTLY_VERSION.findall(head) for head in heads)
    assert ours == theirs != []
