"""Names of files that are not UTF-8 or that the terminal cannot show, folders, places to write."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evolvisense.cli import app
from evolvisense.cli.analyze import media_files
from evolvisense.report import Report

EMOJI = "talk \U0001f3a5.webm"
PATIENCE_S = 240


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stderr


def command(*arguments: object, encoding: str) -> subprocess.CompletedProcess[bytes]:
    """In a process of its own, whose terminal has that encoding."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "evolvisense.cli",
            "analyze",
            *map(os.fsencode, map(str, arguments)),
        ],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("format_", ["html", "eaf"])
def test_a_name_that_is_not_utf_8(silent_video: Path, tmp_path: Path, format_: str):
    odd = tmp_path / os.fsdecode(b"M\xfcller.webm")
    shutil.copy(silent_video, odd)
    shutil.copy(silent_video, tmp_path / "next.webm")
    out = tmp_path / "out"
    done = command(
        odd,
        tmp_path / "next.webm",
        f"--{format_}",
        "--out",
        out,
        "--frame-skip",
        25,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    names = {os.fsencode(p.name) for p in out.iterdir()}
    assert names == {b"M\xfcller.%s" % format_.encode(), f"next.{format_}".encode()}
    assert "M\\xfcller.webm" in (out / f"{odd.stem}.{format_}").read_text("utf-8")


def test_a_terminal_that_cannot_show_a_name(silent_video: Path, tmp_path: Path):
    shutil.copy(silent_video, tmp_path / EMOJI)
    shutil.copy(silent_video, tmp_path / "next.webm")
    done = command(tmp_path / EMOJI, tmp_path / "next.webm", "--frame-skip", 25, encoding="cp1252")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"frames analysed") == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(silent_video: Path, tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        code, err = run("analyze", silent_video, "--out", out, "--frame-skip", 25)
        assert code == 2
        assert "cannot write to the folder" in err.replace("\n", " ")


def test_a_report_says_which_file_it_is_of(silent_video: Path, tmp_path: Path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(silent_video, tmp_path / folder / "a.webm")
    out = tmp_path / "out"
    files = [tmp_path / folder / "a.webm" for folder in ("one", "two")]
    code, _ = run("analyze", *files, "--out", out, "--json", "--csv", "--frame-skip", 25)
    assert code == 0
    for name, file in zip(("a", "a-2"), files, strict=True):
        report = Report.model_validate_json((out / f"{name}.json").read_text("utf-8"))
        assert report.media.source_name == str(file)
        rows = list(csv.DictReader(io.StringIO((out / f"{name}.csv").read_text("utf-8"))))
        assert {row["source"] for row in rows} == {str(file)}


def test_folders_are_searched_for_every_kind_that_is_read(tmp_path: Path):
    endings = ["m2ts", "vob", "3g2", "dv", "gif", "h264", "asf", "mxf", "mp4", "webm", "MOV"]
    for ending in endings:
        (tmp_path / f"a.{ending}").touch()
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a.heic").touch()
    assert {p.suffix[1:] for p in media_files([tmp_path])} == set(endings)
