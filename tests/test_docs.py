"""The documentation says what the code does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import evolvisense
from docs import codebook, example
from docs.indicators import generated, with_parts
from docs.reference import page_text, schema_text
from docs.settings import page_text as settings_text
from evolvisense import AnalysisOptions, Analyzer
from evolvisense.models.registry import all_specs
from evolvisense.report import LIMITS_NOTICE
from evolvisense.report.recording import recording_row
from evolvisense.report.statistics import person_columns, quantity_names
from evolvisense.report.tables import column_names, voice_columns
from evolvisense.service.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_report_schema_is_up_to_date() -> None:
    assert read("docs/report.schema.json") == schema_text(), "run `make docs`"


def test_indicators_page_is_up_to_date() -> None:
    page = read("docs/indicators.md")
    assert page == with_parts(page, generated()), "run `make docs`"


def test_the_worked_example_is_what_the_code_says() -> None:
    if not example.is_possible():
        pytest.skip(f"{example.PACK} is not here (set EVOLVISENSE_DATA to the data folder)")
    page = read("docs/indicators.md")
    now = with_parts(page, {"example": example.text()})
    # Another processor adds up in another order: the last digit may differ.
    assert NUMBER.sub("#", page) == NUMBER.sub("#", now), "run `make docs`"
    assert [float(n) for n in NUMBER.findall(page)] == pytest.approx(
        [float(n) for n in NUMBER.findall(now)], abs=0.5
    ), "run `make docs`"


def test_report_page_is_up_to_date() -> None:
    assert read("docs/report.md") == page_text(), "run `make docs`"


def test_the_codebook_is_up_to_date() -> None:
    assert read("docs/codebook.csv") == codebook.csv_text(), "run `make docs`"
    assert read("docs/codebook.md") == codebook.page_text(), "run `make docs`"


def test_the_codebook_has_every_column_of_a_report(analyzer: Analyzer, face_video: Path) -> None:
    report = analyzer.analyze(face_video, AnalysisOptions(frame_skip=25))
    found = list(codebook.rows())
    assert [row.column for row in found if row.level == "frame"] == list(column_names(report))
    assert [row.column for row in found if row.level == "step"] == list(voice_columns(report))
    people = [cell.name for cell in person_columns(quantity_names(report.people))]
    assert [row.column for row in found if row.level == "person"] == people
    cells = [cell.name for cell in recording_row(report)]
    assert [row.column for row in found if row.level == "recording"] == cells
    assert all(row.meaning.strip() for row in found)


def test_every_field_of_the_report_has_a_meaning() -> None:
    for line in page_text().splitlines():
        if line.startswith("| `"):
            field, kind, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            assert meaning or "](#" in kind, f"{field} is not described"


@pytest.mark.parametrize("name", evolvisense.__all__)
def test_public_names_are_in_the_docs(name: str) -> None:
    pages = [read("README.md"), *(p.read_text("utf-8") for p in (ROOT / "docs").glob("*.md"))]
    assert any(name in page for page in pages)
    assert getattr(evolvisense, name).__doc__


def test_the_page_of_settings_is_up_to_date() -> None:
    page = read("docs/settings.md")
    assert page == settings_text(), "run `make docs`"
    for name, field in Settings.model_fields.items():
        assert f"`EVOLVISENSE_{name.upper()}`" in page
        assert field.description


def test_every_error_code_is_documented() -> None:
    from evolvisense import errors
    from evolvisense.service.http import errors as refusals
    from evolvisense.service.http.errors import STATUS_OF_CODE
    from evolvisense.service.queue.worker import LIMIT_TEXTS

    page = read("docs/errors.md")
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, errors.EvolviSenseError):
            assert f"`{value.code}`" in page, f"{value.code} is not in docs/errors.md"
    for value in vars(refusals).values():
        if isinstance(value, type) and issubclass(value, refusals.RequestRefusedError):
            assert f"`{value.code}`" in page, f"{value.code} is not in docs/errors.md"
    for code in (*STATUS_OF_CODE, *(code for code, _ in LIMIT_TEXTS.values())):
        assert f"`{code}`" in page, f"{code} is not in docs/errors.md"


def test_every_warning_is_documented() -> None:
    page = read("docs/errors.md")
    codes = re.findall(
        r'^ +"([a-z_]+)",?$|append\(\("([a-z_]+)"',
        read("src/evolvisense/report/build.py"),
        re.MULTILINE,
    )
    found = {one or other for one, other in codes}
    assert len(found) >= 7
    for code in found:
        assert f"`{code}`" in page, f"{code} is not in docs/errors.md"


def test_the_limits_stand_in_the_readme() -> None:
    assert LIMITS_NOTICE in " ".join(read("README.md").replace(">", " ").split())


def test_the_readme_leads_with_the_two_commands() -> None:
    first = re.search(r"```\w*\n(.*?)```", read("README.md").split("---", 2)[2], re.DOTALL)
    assert first is not None
    assert "make run" in first[1]
    assert "make test" in first[1]


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_shipped_model_has_a_card() -> None:
    for model in all_specs().values():
        if model.url is None:
            card = ROOT / "src/evolvisense/models/specs" / f"{model.id}.md"
            assert model.version in card.read_text("utf-8")


def _numbers(text: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(text)]


def _near(found: object, shown: object) -> bool:
    """Equal but for what another processor may round otherwise."""
    return NUMBER.sub("", str(found)) == NUMBER.sub("", str(shown)) and _numbers(
        str(found)
    ) == pytest.approx(_numbers(str(shown)), rel=0.01, abs=0.005)


@pytest.mark.clips
def test_the_readme_shows_what_the_library_prints(clip: Callable[[str], Path]) -> None:
    shown = read("README.md").split("## Python", 1)[1]
    source, printed = re.findall(r"```(?:python)?\n(.*?)```", shown, re.DOTALL)[:2]
    done = subprocess.run(
        [sys.executable, "-c", source],
        cwd=clip("talk_hd_1.mp4").parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert _near(done.stdout, printed), done.stdout


@pytest.mark.clips
def test_the_page_of_first_requests_shows_what_the_old_address_answers(
    clip: Callable[[str], Path],
) -> None:
    report = evolvisense.analyze(clip("talk_1.mp4"), frame_skip=20)
    assert report.v1 is not None
    answer = report.v1.model_dump(mode="json")
    for name in ("emotions", "mental_health", "voice_analysis"):
        line = re.search(rf'^ "{name}":(.*),$', read("docs/http.md"), re.MULTILINE)
        assert line is not None
        assert _near(answer[name], json.loads(line[1])), name
    first_frame = re.search(
        r'^ "frame_data":\[(.*), \.\.\.\],$', read("docs/http.md"), re.MULTILINE
    )
    assert first_frame is not None
    assert _near(answer["frame_data"][0], json.loads(first_frame[1]))
    peak = re.search(r'^ "peak_stress":(.*?),"video_duration":(.*?),$', read("docs/http.md"), re.M)
    assert peak is not None
    assert _near([answer["peak_stress"], answer["video_duration"]], list(map(float, peak.groups())))


@pytest.mark.clips
def test_the_page_of_the_command_shows_what_it_prints(clip: Callable[[str], Path]) -> None:
    """Word for word; numbers may differ by what another processor makes of them."""
    path = clip("talk_hd_1.mp4")
    command = [sys.executable, "-m", "evolvisense.cli", "analyze", path.name]
    printed = subprocess.run(
        command,
        cwd=path.parent,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("╭")[0]  # the frame holds the notice, which README shows at its top
    shown = (
        read("docs/command.md")
        .split("$ evolvisense analyze talk_hd_1.mp4\n", 1)[1]
        .split("```", 1)[0]
    )
    assert NUMBER.sub("#", " ".join(shown.split())) == NUMBER.sub("#", " ".join(printed.split()))
