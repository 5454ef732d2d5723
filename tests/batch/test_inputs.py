"""Which files the arguments name, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from evolvisense.batch import find_inputs
from evolvisense.batch.inputs import InputFile
from evolvisense.errors import EngineUnavailableError, InvalidOptionError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("x/b.mp4", "x/a.webm", "x/deep/a.webm", "x/notes.txt", "y/a.webm"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(files: list[InputFile]) -> list[str]:
    return [file.name for file in files]


def test_a_folder_is_searched_for_media(folder: Path) -> None:
    files = find_inputs([str(folder / "x")])
    assert names(files) == ["a.webm", "b.mp4", "deep/a.webm"]
    assert [file.size_bytes for file in files] == [8, 7, 13]


def test_files_of_one_name_get_as_much_of_their_folders_as_they_need(folder: Path) -> None:
    files = find_inputs([str(folder / "x"), str(folder / "y")])
    assert names(files) == ["b.mp4", "deep/a.webm", "x/a.webm", "y/a.webm"]


def test_a_file_named_twice_is_taken_once(folder: Path) -> None:
    one = str(folder / "x" / "b.mp4")
    assert (
        names(find_inputs([one, str(folder / "x"), f"{folder}/y/../x/b.mp4"])).count("b.mp4") == 1
    )


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("x/*.webm", ["a.webm"]), ("**/a.webm", ["x/a.webm", "x/deep/a.webm", "y/a.webm"])],
)
def test_patterns(folder: Path, pattern: str, expected: list[str]) -> None:
    assert names(find_inputs([f"{folder}/{pattern}"])) == expected


def test_a_list_names_files_one_on_each_line(folder: Path) -> None:
    listed = folder / "list.txt"
    listed.write_text(f"# interviews\n\n{folder}/x/b.mp4\n{folder}/y\n{folder}/gone.mp4\n")
    assert names(find_inputs([f"@{listed}"])) == ["a.webm", "b.mp4", "gone.mp4"]


def test_a_file_on_its_own_is_taken_whatever_it_is(folder: Path) -> None:
    (file,) = find_inputs([str(folder / "x" / "notes.txt")])
    assert file.name == "notes.txt"
    (gone,) = find_inputs([str(folder / "gone")])
    assert (gone.size_bytes, gone.state) == (0, "")


@pytest.mark.parametrize("argument", ["x/*.avi", "empty", "@none.txt"])
def test_nothing_found_is_an_error(folder: Path, argument: str) -> None:
    (folder / "empty").mkdir()
    mark, path = ("@", argument[1:]) if argument.startswith("@") else ("", argument)
    with pytest.raises(InvalidOptionError, match=r"no media file|cannot be read"):
        find_inputs([f"{mark}{folder}/{path}"])


def test_a_changed_file_has_another_state(folder: Path) -> None:
    path = folder / "x" / "b.mp4"
    before = find_inputs([str(path)])[0].state
    path.write_text("y/b.mp4")
    assert find_inputs([str(path)])[0].state != before


def test_stores(folder: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    for name in ("/bucket/one/a.webm", "/bucket/two/a.webm", "/bucket/two/b.txt"):
        with store.open(name, "wb") as file:
            file.write(b"1234")
    try:
        files = find_inputs(["memory://bucket", "memory://bucket/one/*.webm", str(folder / "y")])
        assert names(files) == ["a.webm", "one/a.webm", "two/a.webm"]
        assert files[1].uri == "memory:///bucket/one/a.webm"
        assert files[1].size_bytes == 4
        assert files[1].state
    finally:
        store.rm("/bucket", recursive=True)


def test_a_store_that_is_not_installed_says_what_to_do() -> None:
    with pytest.raises(EngineUnavailableError, match=r"evolvisense\[stores\]"):
        find_inputs(["nostore://bucket/a.mp4"])
