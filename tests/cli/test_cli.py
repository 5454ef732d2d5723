"""The command."""

from __future__ import annotations

import csv
import errno
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import evolvisense
from evolvisense.cli import app
from evolvisense.report import Report

runner = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_summary_is_readable_and_carries_the_limits(face_video: Path) -> None:
    code, out, _ = run("analyze", face_video, "--frame-skip", 10)
    assert code == 0
    words = " ".join(out.split())
    assert "7 frames analysed, 7 with a face" in words
    assert "Mostly happy (100 % of readable time)" in words
    assert "cannot tell, too few frames a second to see them" in words
    assert "Indicators cannot be computed: they need" in words
    assert "not a measurement" in " ".join(out.split())
    assert "do not diagnose" in " ".join(out.replace("│", " ").split())


def test_json_on_standard_output_is_one_report(face_video: Path) -> None:
    code, out, _ = run("analyze", face_video, "--json", "--frame-skip", 25)
    assert code == 0
    assert Report.model_validate_json(out).options.frame_skip == 25


def test_smoothing_is_passed_on(silent_video: Path) -> None:
    code, out, _ = run("analyze", silent_video, "--json", "--frame-skip", 25, "--smoothing", "off")
    assert code == 0
    assert Report.model_validate_json(out).options.smoothing == "off"


def test_json_of_several_files_is_one_line_each(face_video: Path, silent_video: Path) -> None:
    code, out, _ = run("analyze", face_video, silent_video, "--json", "--frame-skip", 25)
    assert code == 0
    assert [json.loads(line)["voice"] is None for line in out.splitlines()] == [False, True]


def test_csv_on_standard_output(silent_video: Path) -> None:
    code, out, _ = run("analyze", silent_video, "--csv", "--frame-skip", 25)
    assert code == 0
    assert [row["frame_number"] for row in csv.DictReader(out.splitlines())] == ["25", "50"]


def test_folder_in_and_folder_out(
    face_video: Path, silent_video: Path, text_file: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "sub").mkdir(parents=True)
    (source / "a.webm").write_bytes(face_video.read_bytes())
    (source / "sub" / "a.webm").write_bytes(silent_video.read_bytes())
    (source / "bad.mp4").write_bytes(text_file.read_bytes())
    (source / "notes.txt").write_text("not taken")
    code, _, err = run("analyze", source, "--out", out, "--frame-skip", 25)
    assert code == 1, "one file failed, and the status says so"
    assert "not_a_video" in err.replace("\n", "")
    assert "1 of 3 files" in err
    assert sorted(p.name for p in out.iterdir()) == ["a-2.csv", "a-2.json", "a.csv", "a.json"]


def test_html_goes_to_a_file_that_is_named_after_the_video(
    silent_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run("analyze", silent_video, "--html", "--frame-skip", 25)
    assert (code, out) == (0, "")
    assert "wrote silent.html" in err
    page = (tmp_path / "silent.html").read_text()
    assert page.startswith("<!doctype html>")
    assert f"<h1>{silent_video.name}</h1>" in page


def test_several_formats_go_to_files_of_this_folder(
    silent_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--json", "--csv", "--parquet", "--frame-skip", 25)
    code, out, _ = run("analyze", silent_video, *options)
    assert (code, out) == (0, "")
    names = ["silent.csv", "silent.json", "silent.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_terminal_gets_no_report(silent_video: Path, tmp_path: Path) -> None:
    master, terminal = os.openpty()
    command = [sys.executable, "-m", "evolvisense.cli", "analyze", str(silent_video), "--json"]
    subprocess.run(command, cwd=tmp_path, stdout=terminal, stderr=subprocess.DEVNULL, check=True)
    os.close(terminal)
    os.close(master)
    assert json.loads((tmp_path / "silent.json").read_text())["schema_version"]


def test_the_version_is_that_of_the_package() -> None:
    code, out, _ = run("--version")
    assert (code, out.strip()) == (0, f"evolvisense {version('evolvisense')}")
    assert evolvisense.__version__ == version("evolvisense")


def test_html_and_parquet_go_to_a_folder(silent_video: Path, tmp_path: Path) -> None:
    options = ("--html", "--parquet", "--frame-skip", 25, "--out", tmp_path)
    code, _, err = run("analyze", silent_video, *options)
    assert code == 0
    assert "silent.parquet" in err.replace("\n", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["silent.html", "silent.parquet"]
    table = pq.read_table(tmp_path / "silent.parquet")
    assert table.column("frame_number").to_pylist() == [25, 50]
    digest = hashlib.sha256(silent_video.read_bytes()).hexdigest()
    assert table.schema.metadata[b"evolvisense.media_sha256"].decode() == digest


def test_annotations_are_named_as_their_programs_expect(silent_video: Path, tmp_path: Path) -> None:
    options = ("--eaf", "--textgrid", "--frame-skip", 25, "--out", tmp_path)
    code, _, _ = run("analyze", silent_video, *options)
    assert code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["silent.TextGrid", "silent.eaf"]
    assert f'"./{silent_video.name}"' in (tmp_path / "silent.eaf").read_text()


def test_a_textgrid_goes_to_standard_output(silent_video: Path) -> None:
    code, out, _ = run("analyze", silent_video, "--textgrid", "--frame-skip", 25)
    assert code == 0
    assert out.startswith('File type = "ooTextFile"')


def test_parquet_without_pyarrow_is_told_before_the_analysis(
    silent_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n: None if n == "pyarrow" else real(n))
    code, _, err = run("analyze", silent_video, "--parquet", "--out", tmp_path)
    assert code == 2
    assert "evolvisense[parquet]" in err.replace("\n", "")
    assert not list(tmp_path.iterdir())


def test_observations_only_holds_for_every_format(silent_video: Path, tmp_path: Path) -> None:
    options = ("--observations-only", "--frame-skip", 25)
    code, _, _ = run("analyze", silent_video, *options, "--json", "--html", "--out", tmp_path)
    assert code == 0
    report = Report.model_validate_json((tmp_path / "silent.json").read_text())
    assert report.v1 is None
    assert report.withheld is not None
    assert "Observations only" in (tmp_path / "silent.html").read_text()


def test_observations_only_leaves_a_summary_without_emotions(face_video: Path) -> None:
    code, out, _ = run("analyze", face_video, "--frame-skip", 10, "--observations-only")
    assert code == 0
    assert "withheld on request" in out
    assert "happy" not in out
    assert "Expression: cannot tell, withheld on request." in " ".join(out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--frame-skip", "0"),
        ("--max-frames", "0"),
        ("--smoothing", "no"),
        ("--detector", "nothing"),
    ],
)
def test_wrong_usage_is_status_2(face_video: Path, arguments: tuple[str, ...]) -> None:
    code, _, err = run("analyze", face_video, *arguments)
    assert code == 2
    assert err.strip()


def test_empty_folder_is_said(tmp_path: Path) -> None:
    code, _, err = run("analyze", tmp_path)
    assert code == 2
    assert "no video file" in err


def test_models_lists_engines_and_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVOLVISENSE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = run("models")
    assert code == 0
    for name in ("libfacedetection", "swift-f0", "silero-vad", "nearest", "expression"):
        assert name in out
    assert "evolvisense models download yunet" in " ".join(out.split())


def test_names_with_brackets_are_shown_as_they_are(
    text_file: Path, silent_video: Path, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad [red].mp4", tmp_path / "good [b].webm"
    bad.write_bytes(text_file.read_bytes())
    good.write_bytes(silent_video.read_bytes())
    code, out, err = run("analyze", bad, good, "--frame-skip", 25)
    assert code == 1
    assert "bad [red].mp4" in err.replace("\n", "")
    assert "good [b].webm" in " ".join(out.split()), "a long folder breaks the line"


def test_what_to_install_is_said_in_full() -> None:
    try:
        version("deepface")
    except PackageNotFoundError:
        _, out, _ = run("models")
        assert "evolvisense[deepface]" in out.replace("\n", "")
    else:
        pytest.skip("DeepFace is installed")


def test_download_of_an_unknown_model_fails() -> None:
    code, _, err = run("models", "download", "nothing")
    assert code == 1
    assert "yunet" in err


def test_a_file_that_cannot_be_written_stops_no_other(
    face_video: Path, silent_video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def full(path: Path, target: Path) -> Path:
        if target.name.startswith(face_video.stem):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", full)
    files = (face_video, silent_video)
    code, _, err = run("analyze", *files, "--csv", "--frame-skip", 25, "--out", tmp_path / "out")
    assert code == 1
    assert "not written" in err
    assert "No space left" in " ".join(err.split())
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{silent_video.stem}.csv"]
