"""Where clips are looked for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from evaluation.voices.files import sound_files
from evaluation.voices.table import VoiceTable, read_table
from tests.evaluation.voices.conftest import write_table


def table_of(folder: Path, *paths: str) -> VoiceTable:
    rows = [{"path": path, "label": "sad", "speaker": 1} for path in paths]
    return read_table(write_table(folder / "voices.csv", rows))


def test_relative_and_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere" / "b.wav"
    for path in (tmp_path / "data" / "sub" / "a.wav", elsewhere):
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    with sound_files(table_of(Path("data"), "sub/a.wav", str(elsewhere), "absent.wav")) as files:
        assert files.found == {"sub/a.wav": Path("data/sub/a.wav"), str(elsewhere): elsewhere}
        assert files.missing.keys() == {"absent.wav"}
        assert "relative to data" in files.missing["absent.wav"]


def test_a_zip_file_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "here.wav").write_bytes(b"here")
    with zipfile.ZipFile(tmp_path / "voices.zip", "w") as archive:
        archive.writestr("sub/packed.ogg", b"packed")
        archive.writestr("../out.wav", b"out")
    table = table_of(tmp_path, "here.wav", "sub/packed.ogg", "../out.wav", "absent.wav")
    with sound_files(table) as files:
        content = {path: file.read_bytes() for path, file in files.found.items()}
        packed = files.found["sub/packed.ogg"]
        assert packed.suffix == ".ogg"
    assert content == {"here.wav": b"here", "sub/packed.ogg": b"packed", "../out.wav": b"out"}
    assert not (tmp_path.parent / "out.wav").exists(), "nothing is written outside"
    assert not packed.exists()
    assert "nor in voices.zip" in files.missing["absent.wav"]


def test_a_broken_zip_file(tmp_path: Path) -> None:
    (tmp_path / "voices.zip").write_bytes(b"no zip")
    with sound_files(table_of(tmp_path, "a.wav")) as files:
        assert files.missing == {"a.wav": "voices.zip: File is not a zip file"}
