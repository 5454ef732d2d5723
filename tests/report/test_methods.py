"""The paragraph of a paper and its references."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.models.registry import spec
from evolvisense.report import Report, observations_only, to_json
from evolvisense.report.methods import bibtex, methods_text
from evolvisense.report.validation import FIGURES, figure_of
from evolvisense.types.scores import EMOTIONS

ROOT = Path(__file__).resolve().parents[2]


def test_the_paragraph_says_versions_settings_and_coverage(full: Report) -> None:
    text = methods_text(full)
    assert full.producer.version in text
    assert f"{len(full.frames.number)} frames" in text
    assert all(model.id in text for model in full.models)
    assert "could be read" in text
    assert "withheld" not in text
    assert "withheld" in methods_text(observations_only(full))


def test_the_paragraph_has_the_figures_of_the_models_in_their_versions(sample: Report) -> None:
    text = methods_text(sample)
    assert "Expressions: balanced accuracy" in text
    assert "Action units (AU01, AU02," in text
    assert "Median F0: within" in text
    older = [
        model.model_copy(update={"version": "1.0"}) if model.id == "face" else model
        for model in sample.models
    ]
    text = methods_text(sample.model_copy(update={"models": older}))
    assert "balanced accuracy" not in text
    assert "Median F0" in text
    silent = methods_text(sample.model_copy(update={"voice": None}))
    assert "Median F0" not in silent
    assert "balanced accuracy" not in methods_text(observations_only(sample))


def test_every_figure_stands_on_its_page_for_the_shipped_version() -> None:
    for figure in FIGURES:
        page = " ".join((ROOT / figure.source).read_text(encoding="utf-8").split())
        for quote in figure.quotes:
            assert quote in page, f"{figure.source} does not say {quote!r}: adjust validation.py"
        if figure.model is not None:
            model_id, version = figure.model
            assert spec(model_id).version == version, "adjust the figures to the new version"


def test_action_units_blendshapes_and_expressions_have_figures() -> None:
    parameters = spec("face").parameters
    for name in (*parameters["actions"], *parameters["action_units"], *EMOTIONS):
        found = figure_of(f"{name}_mean_silent")
        assert found is not None, name
        assert found == figure_of(name)
    assert figure_of("AU12") != figure_of("AU01")
    assert "not validated" in str(figure_of("cheekPuff"))
    assert figure_of("time_s") is None
    assert figure_of("voice_duration_s") is None
    assert figure_of("eye_distance_px") != figure_of("eyeBlinkLeft")


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
