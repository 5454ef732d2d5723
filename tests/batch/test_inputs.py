"""Which files the arguments name, and what they are called."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evolvisense.batch import find_inputs
from evolvisense.batch.inputs import InputFile
from evolvisense.errors import InvalidOptionError


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
    [
        ("x/*.webm", ["a.webm"]),
        ("x/*", ["a.webm", "b.mp4", "notes.txt"]),
        ("**/a.webm", ["x/a.webm", "x/deep/a.webm", "y/a.webm"]),
        ("*/deep/*", ["x/deep/a.webm"]),
        ("[xy]/?.webm", ["x/a.webm", "y/a.webm"]),
        ("x/**", ["a.webm", "b.mp4", "deep/a.webm"]),
    ],
)
def test_patterns(folder: Path, pattern: str, expected: list[str]) -> None:
    assert names(find_inputs([f"{folder}/{pattern}"])) == expected


def test_a_list_names_files_one_on_each_line(folder: Path) -> None:
    listed = folder / "list.txt"
    listed.write_text(f"# interviews\n\n{folder}/x/b.mp4\n{folder}/y\n{folder}/gone.mp4\n")
    assert names(find_inputs([f"@{listed}"])) == ["a.webm", "b.mp4", "gone.mp4"]


@pytest.mark.parametrize("start", ["\ufeff", '"', ""])
def test_a_list_may_begin_with_a_mark_and_have_quoted_paths(folder: Path, start: str) -> None:
    listed, end = folder / "list.txt", '"' if start == '"' else ""
    listed.write_text(f"{start}{folder}/x/b.mp4{end}\n{folder}/x/a.webm\n", "utf-8")
    found = find_inputs([f"@{listed}"])
    assert names(found) == ["a.webm", "b.mp4"]
    assert all(file.size_bytes for file in found)


def test_a_name_with_commas_or_quotes_is_a_name(folder: Path) -> None:
    for name in ("a.webm, b.mp4", '"c"'):
        (folder / "x" / name).write_text("1")
    listed = folder / "list.csv"
    listed.write_text(f'{folder}/x/a.webm, b.mp4\n{folder}/x/"c"\n')
    assert names(find_inputs([f"@{listed}"])) == ['"c"', "a.webm, b.mp4"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("list.txt", "{0}/x/b.mp4,calm"),
        ("list.txt", '"{0}/x/b.mp4";"calm"'),
        ("list.csv", "{0}/x/b.mp4"),
        ("list.csv", "file,label"),
    ],
)
def test_a_table_is_no_list(folder: Path, name: str, line: str) -> None:
    listed = folder / name
    listed.write_text(f"{line.format(folder)}\n{folder}/gone,calm\n")
    with pytest.raises(InvalidOptionError, match="one path on each line") as raised:
        find_inputs([f"@{listed}"])
    assert f"line {2 if line == '{0}/x/b.mp4' else 1} of" in str(raised.value)


def test_paths_in_a_list_are_of_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "y" / "list.txt").write_text("x/b.mp4\n")
    monkeypatch.chdir(folder)
    (file,) = find_inputs(["@y/list.txt"])
    assert file.uri == str(folder / "x" / "b.mp4")
    assert file.size_bytes


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


@pytest.mark.parametrize("argument", ["", "/**", "/**/*.webm", "/x/*/*.webm"])
def test_a_folder_that_cannot_be_read_is_named(
    folder: Path, argument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.scandir

    def refuse(path: Path) -> Iterator[os.DirEntry[str]]:
        if path.name == "deep":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InvalidOptionError, match=r"cannot be read: \S+/x/deep \(Perm"):
        find_inputs([f"{folder}{argument}"])
    assert names(find_inputs([f"{folder}/y"])) == ["a.webm"]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that anybody may see, with one in it that nobody may."""
    folder = Path(tempfile.mkdtemp())
    (folder / "closed" / "in").mkdir(parents=True)
    (folder / "closed" / "a.mp4").write_text("1")
    (folder / "open").mkdir()
    folder.chmod(0o755)
    (folder / "closed").chmod(0)
    yield folder
    (folder / "closed").chmod(0o755)
    shutil.rmtree(folder)


def test_what_the_system_closes_is_named_or_fails_on_its_own(closed: Path) -> None:
    (closed / "open" / "link").symlink_to(closed / "closed" / "in")
    with as_nobody():
        with pytest.raises(InvalidOptionError, match=r"read: \S+/closed \(\D+\), \S+/link \("):
            find_inputs([str(closed)])
        with pytest.raises(InvalidOptionError, match=r"read: \S+/open/link \("):
            find_inputs([str(closed / "open")])
        (file,) = find_inputs([str(closed / "closed" / "a.mp4")])
    assert (file.name, file.state) == ("a.mp4", "")
    (closed / "open" / "link").unlink()
    (closed / "open" / "link.mp4").symlink_to(closed / "closed" / "a.mp4")
    with as_nobody():
        (file,) = find_inputs([str(closed / "open")])
    assert (file.name, file.state) == ("link.mp4", "")


@pytest.mark.parametrize("pattern", ["", "/**", "/**/*.webm"])
def test_linked_folders_are_searched_once_and_loops_end(folder: Path, pattern: str) -> None:
    elsewhere = folder / "y"
    (folder / "x" / "archive").symlink_to(elsewhere)
    (folder / "x" / "again").symlink_to(folder / "x" / "deep")
    (elsewhere / "up").symlink_to(folder / "x")
    (folder / "x" / "deep" / "self").symlink_to(folder / "x" / "deep")
    found = names(find_inputs([f"{folder}/x{pattern}"]))
    assert [name for name in found if name != "b.mp4"] == [
        "a.webm",
        "archive/a.webm",
        "deep/a.webm",
    ]


@pytest.mark.parametrize("pattern", ["", "/**", "/*.mp4"])
def test_a_link_that_leads_nowhere_fails_on_its_own(folder: Path, pattern: str) -> None:
    for name in ("gone.mp4", "gone.txt", "gone"):
        (folder / "x" / name).symlink_to(folder / "nowhere")
    for name in ("loop.mp4", "loop"):
        (folder / "x" / name).symlink_to(folder / "x" / name)
    os.mkfifo(folder / "x" / "pipe.mp4")
    (folder / "x" / "linked.mp4").symlink_to(folder / "x" / "pipe.mp4")
    found = {file.name: file.state for file in find_inputs([f"{folder}/x{pattern}"])}
    assert {"b.mp4", "gone.mp4", "loop.mp4"} == {name for name in found if name.endswith("mp4")}
    assert "gone.txt" not in found
    assert (found["gone.mp4"], found["loop.mp4"]) == ("", "")


@pytest.mark.parametrize("pattern", ["", "/**", "/*", "/**/*"])
def test_hidden_names_are_left_out_unless_they_are_given(folder: Path, pattern: str) -> None:
    for name in ("y/._a.webm", "y/.Trash/b.webm"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("1")
    assert names(find_inputs([f"{folder}/y{pattern}"])) == ["a.webm"]
    for given in ("y/._a.webm", "y/.*.webm", "y/.T*/*", "y/.Trash"):
        assert len(find_inputs([f"{folder}/{given}"])) == 1


def test_programs_in_typescript_are_left_out_of_a_search(folder: Path) -> None:
    (folder / "y" / "index.ts").write_text("const a = 1;")
    (folder / "y" / "take.TS").write_bytes(b"\x47\x40\x00")
    (folder / "y" / "gone.ts").symlink_to(folder / "nowhere")
    assert names(find_inputs([f"{folder}/y"])) == ["a.webm", "gone.ts", "take.TS"]
    assert names(find_inputs([f"{folder}/y/index.ts"])) == ["index.ts"]
