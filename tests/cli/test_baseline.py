"""The command `evolvisense baseline`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from evolvisense.baselines import BaselineStore
from evolvisense.cli import app
from evolvisense.cli import baseline as command
from evolvisense.report import to_json
from evolvisense.types.indicators import Feature
from tests.factory.faces import Painted
from tests.factory.flow import analyze_painted

runner = CliRunner()

NOON = datetime(2026, 3, 2, 12).timestamp()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, ["baseline", *(str(a) for a in arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVOLVISENSE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Three files whose analysis is a made-up report that differs by file."""

    class Instant:
        def analyze(self, path: Path) -> SimpleNamespace:
            return made_up(float(path.stem[-1]))

    monkeypatch.setattr(command, "Analyzer", Instant)
    paths = [tmp_path / f"take{i}.webm" for i in (1, 2, 3)]
    for path in paths:
        path.touch()
        os.utime(path, (NOON, NOON))
    return paths


def made_up(value: float) -> SimpleNamespace:
    features: Mapping[Feature, float | None] = {"f0_sd_st": value, "voice_fear": None}
    return SimpleNamespace(
        indicators=SimpleNamespace(
            features=[SimpleNamespace(name=f, value=v) for f, v in features.items()]
        ),
        models=[SimpleNamespace(id="swift-f0", version="0.3.1")],
    )


def test_add_show_clear(videos: list[Path], home: Path) -> None:
    code, out, _ = run("add", "ada", videos[0], videos[1], "--task", "diary")
    assert code == 0
    assert "1 features of 2026-03-02 kept" in out
    assert "2 recordings on 1 day; 1 more recording and 1 more day needed" in out
    code, out, _ = run("add", "ada", videos[2], "--task", "diary", "--recorded", "2026-03-09")
    assert code == 0
    assert "baseline 'ada', task 'diary': 3 recordings on 2 days; ready" in out
    stored = BaselineStore().load("ada")
    assert [r.recorded for r in stored] == [date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 9)]
    assert [dict(r.values) for r in stored] == [{"f0_sd_st": v} for v in (1.0, 2.0, 3.0)]
    assert dict(stored[0].extractors) == {"swift-f0": "0.3.1"}

    code, out, _ = run("show", "ada")
    assert code == 0
    assert "3 recordings on 2 days; ready" in out
    assert "2026-03-02, 2026-03-02, 2026-03-09" in out
    assert " ".join(out.split()).endswith("f0_sd_st 3 2.000 1.000 3.000")

    code, out, _ = run("clear", "ada")
    assert (code, out) == (0, "baseline 'ada' deleted\n")
    assert list((home / "baselines").iterdir()) == []
    code, _, err = run("show", "ada")
    assert code == 1
    assert "there is no baseline 'ada'" in err


def test_no_file_name_and_no_score_is_kept(videos: list[Path], home: Path) -> None:
    run("add", "ada", *videos)
    text = (home / "baselines" / "ada.json").read_text()
    assert "take" not in text
    assert set(json.loads(text)["recordings"][0]) == {"recorded", "task", "values", "extractors"}


def test_a_report_is_taken_as_it_is(tmp_path: Path) -> None:
    # A face that moves: one that stands still says nothing about its head.
    frames = [(i / 25, [Painted(160, 120, 160, motion=(i % 4) / 8)]) for i in range(160)]
    path = tmp_path / "report.json"
    path.write_text(to_json(analyze_painted(frames)))
    code, out, _ = run("add", "ada", path, "--recorded", "2026-03-01")
    assert code == 0, out
    (stored,) = BaselineStore().load("ada")
    assert set(stored.values) == {"head_speed_log_deg_s"}, "one of 13 passes its gates"
    assert stored.recorded == date(2026, 3, 1)
    assert stored.extractors


def test_tasks_are_shown_apart(videos: list[Path]) -> None:
    run("add", "ada", videos[0])
    run("add", "ada", videos[1], "--task", "song")
    _, out, _ = run("show", "ada")
    assert "baseline 'ada': 1 recording on 1 day; 2 more recordings and 1 more day needed" in out
    assert "baseline 'ada', task 'song': 1 recording on 1 day" in out


def test_one_bad_file_does_not_stop_the_others(videos: list[Path], tmp_path: Path) -> None:
    text, missing = tmp_path / "notes.json", tmp_path / "missing.json"
    text.write_text("{}")
    code, out, err = run("add", "ada", text, videos[0], missing, videos[0])
    assert code == 1
    assert "notes.json: not a report of this version" in err
    assert "missing.json" in err
    assert "(file_unreadable)" in err
    assert "is in baseline 'ada' already (baseline_recording_unusable)" in err
    assert "1 recording on 1 day" in out


@pytest.mark.parametrize("action", ["show", "clear"])
def test_nothing_there_is_status_1(action: str) -> None:
    code, _, err = run(action, "nobody")
    assert code == 1
    assert "there is no baseline 'nobody'" in err


@pytest.mark.parametrize("name", ["../x", "a b", ".hidden"])
def test_a_bad_name_is_told_before_anything_is_analysed(name: str, videos: list[Path]) -> None:
    code, _, err = run("add", name, videos[0])
    assert code == 2
    assert "no name for a baseline" in err
    assert run("show", name)[0] == 1
    assert run("clear", name)[0] == 1


def test_a_bad_date_is_wrong_usage(videos: list[Path]) -> None:
    code, _, err = run("add", "ada", videos[0], "--recorded", "tomorrow")
    assert code == 2
    assert "recorded" in err


def test_a_corrupt_file_is_told_and_clear_deletes_it(videos: list[Path], home: Path) -> None:
    (home / "baselines").mkdir(parents=True)
    (home / "baselines" / "ada.json").write_text("{")
    for arguments in (("add", "ada", videos[0]), ("show", "ada")):
        code, _, err = run(*arguments)
        assert code in (1, 2)
        assert "cannot be read as a baseline" in err
        assert "evolvisense baseline clear ada" in err
    assert run("clear", "ada")[0] == 0


def test_names_with_brackets_are_shown_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a [red].json"
    path.write_text("{}")
    _, _, err = run("add", "ada", path)
    assert "a [red].json" in err
