"""`python -m evaluation`: what programs and people get."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation.__main__ import main
from evolvisense.types.scores import EMOTIONS
from tests.evaluation.conftest import plain, write, zipped

ROOT = Path(__file__).parents[2]
FEW = ("--bootstrap", "50")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evaluation", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def record(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """The JSON object of a run in this process, where the engine `brightness` is known."""
    assert main([*map(str, arguments), "--json", *FEW]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_default_engine_in_a_process_of_its_own(face_folder: Path) -> None:
    done = run("faces", face_folder, "--json", *FEW)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    found = json.loads(done.stdout)
    assert found["engine"] == "evolvisense"
    assert set(found["model"]) == {"id", "version", "sha256"}
    assert found["n"] == 3
    assert found["classes"] == list(EMOTIONS)
    assert found["classes_present"] == ["happy", "sad"]
    assert found["skipped"]["unknown_classes"] == {"4": 1, "contempt": 1}
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "ece"):
        assert set(found[name]) == {"value", "low", "high"}
        assert 0 <= found[name]["low"] <= found[name]["high"] <= 1
    assert "contempt" in done.stderr


@pytest.mark.parametrize("packed", [False, True])
def test_record_of_a_folder_and_of_its_zip_file(
    plain_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], packed: bool
) -> None:
    folder = zipped(plain_folder, tmp_path / "plain.zip") if packed else plain_folder
    found = record(capsys, "faces", folder, "--engine", "brightness")
    assert found["folder"] == str(folder)
    assert found["model"] == {"id": "brightness", "version": "1", "sha256": "0" * 64}
    assert found["n"] == found["pictures"] == 14
    assert found["accuracy"]["value"] == pytest.approx(13 / 14, abs=1e-6)
    assert found["balanced_accuracy"]["value"] == pytest.approx(6.5 / 7, abs=1e-6)
    assert found["ece"]["value"] == pytest.approx(1 / 14, abs=1e-6)
    happy = list(EMOTIONS).index("happy")
    assert found["confusion"][happy] == [0, 0, 0, 1, 0, 0, 1]
    assert found["per_class"]["happy"] == {
        "recall": 0.5,
        "precision": 1,
        "f1": pytest.approx(2 / 3, abs=1e-6),
        "support": 2,
    }
    assert sum(map(sum, found["confusion"])) == found["n"]
    assert sum(found["reliability"]["count"]) == found["n"]
    assert found["no_face"] == 0
    assert found["group_by"] is None


def test_figures_that_do_not_exist_are_null(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "happy" / "a.png", plain("happy"))
    found = record(capsys, "faces", tmp_path, "--engine", "brightness")
    nothing = {"recall": None, "precision": None, "f1": None, "support": 0}
    assert found["per_class"]["neutral"] == nothing
    assert found["balanced_accuracy"] == {"value": 1, "low": 1, "high": 1}


def test_groups(plain_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--engine", "brightness", "--group-by", "^[a-z]+/")
    found = record(capsys, "faces", plain_folder, *arguments)
    assert (found["n"], found["pictures"]) == (7, 14)
    assert found["group_by"] == "^[a-z]+/"


def test_tables_for_people(plain_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(plain_folder / "contempt" / "a.png", plain("happy"))
    (plain_folder / "sad" / "bad[1].png").touch()
    assert main(["faces", str(plain_folder), "--engine", "brightness", *FEW]) == 0
    shown = capsys.readouterr()
    for part in ("accuracy", "balanced", "macro F1", "ECE", "0.929", "precision", "surprise"):
        assert part in shown.out
    assert "14 pictures read, 1 unreadable, class contempt skipped (1)" in shown.out
    assert "sad/bad[1].png: the file is empty" in shown.err


def test_compare(plain_folder: Path, face_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engines = ("--engines", "brightness, evolvisense,brightness")
    found = record(capsys, "compare", plain_folder, face_folder, *engines)
    pairs = [(Path(each["folder"]).name, each["engine"]) for each in found["results"]]
    assert pairs == [
        ("plain", "brightness"),
        ("plain", "evolvisense"),
        ("faces", "brightness"),
        ("faces", "evolvisense"),
    ]
    assert found["results"][0]["accuracy_gain"] is None
    assert found["results"][1]["accuracy_gain"]["value"] < 0
    assert main(["compare", str(plain_folder), "--engines", "brightness", *FEW]) == 0
    assert "brightness" in capsys.readouterr().out


def test_figures_are_written(
    plain_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "new" / "figures"
    record(capsys, "faces", plain_folder, "--engine", "brightness", "--svg", target)
    assert "brightness on plain" in (target / "reliability.svg").read_text()
    assert "brightness on plain" in (target / "confusion.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent"], "there is no folder or zip file"),
        (["."], "no picture in a class folder"),
        (["unreadable"], "none of the 1 pictures"),
        (["plain", "--engine", "nobody"], "no expression engine 'nobody'"),
        (["plain", "--group-by", "S01"], "group 'S01'"),
    ],
)
def test_errors_have_a_text_and_status_2(
    plain_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    (plain_folder.parent / "unreadable" / "happy").mkdir(parents=True)
    (plain_folder.parent / "unreadable" / "happy" / "a.png").write_text("no picture")
    monkeypatch.chdir(plain_folder.parent)
    assert main(["faces", "--json", "--engine", "brightness", *arguments]) == 2
    shown = capsys.readouterr()
    assert f"error: {message}" in " ".join(shown.err.split())
    assert not shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["faces"],
        ["faces", "x", "--bootstrap", "0"],
        ["faces", "x", "--batch", "many"],
        ["faces", "x", "--group-by", "("],
        ["compare", "x", "--engines", ","],
    ],
)
def test_wrong_options_have_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_an_error_in_a_process_of_its_own(tmp_path: Path) -> None:
    done = run("faces", tmp_path, "--json")
    assert done.returncode == 2
    assert "error: no picture in a class folder" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_real_faces(fer2013_slice: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = record(capsys, "faces", fer2013_slice)
    assert found["n"] == 280
    assert found["balanced_accuracy"]["value"] > 0.4
