"""The paragraph of a paper and its references."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.report import Report, observations_only, to_json
from evolvisense.report.methods import bibtex, methods_text


def test_the_paragraph_says_versions_settings_and_coverage(full: Report) -> None:
    text = methods_text(full)
    assert full.producer.version in text
    assert f"{len(full.frames.number)} frames" in text
    assert all(model.id in text for model in full.models)
    assert "could be read" in text
    assert "withheld" not in text
    assert "withheld" in methods_text(observations_only(full))


def test_every_reference_has_its_entry_and_no_other(full: Report) -> None:
    cited = set(re.findall(r"\[(\w+)\]", methods_text(full)))
    assert set(re.findall(r"@\w+\{(\w+),", bibtex(full))) == cited


def test_smoothing_that_is_off_is_not_cited(full: Report) -> None:
    options = full.options.model_copy(update={"smoothing": "off"})
    raw = full.model_copy(update={"options": options})
    assert "1-euro" not in methods_text(raw)
    assert "casiez2012" not in bibtex(raw)


def test_the_command_prints_both(full: Report, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(to_json(full))
    run = CliRunner().invoke
    assert run(app, ["methods", str(path)]).stdout.strip() == methods_text(full)
    assert run(app, ["methods", str(path), "--bibtex"]).stdout.strip() == bibtex(full)


@pytest.mark.parametrize("content", ["", "{}", "no report"])
def test_what_is_not_a_report_is_one_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    result = CliRunner().invoke(app, ["methods", str(path)])
    assert result.exit_code == 2
    assert "is not a report of this version" in result.stderr
    missing = CliRunner().invoke(app, ["methods", str(tmp_path / "none.json")])
    assert missing.exit_code == 2
    assert "cannot read" in missing.stderr
